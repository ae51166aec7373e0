"""EqMotion: Equivariant Multi-agent Motion Prediction with Invariant Interaction Reasoning (Xu et al., CVPR 2023).

Two streams: geometric features, vectors that turn and shift with the scene, and pattern features, numbers that do
not. Vectors are only mixed linearly about their mean, scaled by numbers, or bent by an equivariant ReLU; who interacts
with whom is read from numbers only, so it does not change when the scene is turned.
"""

from labkit.equivariance.eqmotion.method.baselines import (
    ConstantVelocity,
    CorrelationGraph,
    LSTMPredictor,
    PlainPredictor,
)
from labkit.equivariance.eqmotion.method.features import (
    agent_mean,
    dct_matrix,
    frame_differences,
    mix_channels,
    turning_angles,
)
from labkit.equivariance.eqmotion.method.layers import (
    ABLATIONS,
    FeatureLayer,
    InteractionReasoning,
    PairMLP,
    equivariant_relu,
)
from labkit.equivariance.eqmotion.method.measures import (
    best_of_k,
    displacement_errors,
    displacements,
    interaction_accuracy,
)
from labkit.equivariance.eqmotion.method.model import EqMotion, Features

__all__ = [
    "ABLATIONS",
    "ConstantVelocity",
    "CorrelationGraph",
    "EqMotion",
    "FeatureLayer",
    "Features",
    "InteractionReasoning",
    "LSTMPredictor",
    "PairMLP",
    "PlainPredictor",
    "agent_mean",
    "best_of_k",
    "dct_matrix",
    "displacement_errors",
    "displacements",
    "equivariant_relu",
    "frame_differences",
    "interaction_accuracy",
    "mix_channels",
    "turning_angles",
]
