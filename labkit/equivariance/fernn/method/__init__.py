"""Flow Equivariant Recurrent Neural Networks (Keller, NeurIPS 2025): a symmetry that lives in time.

The state has one copy (a velocity channel) for each flow nu of a set V, and each copy drifts with its own velocity.
A stimulus that moves with nu^ then looks still in the channel nu^; to change its velocity only re-indexes channels:

    h_{t+1}[psi(nu^).f](nu) = psi_t(nu^) . h_{t+1}[f](nu - nu^)
"""

from labkit.equivariance.fernn.method.cells import FlowCell, GRNNPlusCell, grnn_cell, parameter_count
from labkit.equivariance.fernn.method.classify import FlowClassifier, Video3DCNN
from labkit.equivariance.fernn.method.models import (
    POOLS,
    READOUTS,
    FlowSeq2Seq,
    PixelRNN,
    pool_velocities,
    prediction_loss,
)
from labkit.equivariance.fernn.method.rotation import RotationFlowCell, predict_rotated_states
from labkit.equivariance.fernn.method.theorem import (
    flow_equivariance_error,
    moving_frame,
    predict_shifted_states,
)
from labkit.equivariance.fernn.method.velocities import inner_channels, ring_velocities, velocity_grid

__all__ = [
    "POOLS",
    "READOUTS",
    "FlowCell",
    "FlowClassifier",
    "FlowSeq2Seq",
    "GRNNPlusCell",
    "PixelRNN",
    "RotationFlowCell",
    "Video3DCNN",
    "flow_equivariance_error",
    "grnn_cell",
    "inner_channels",
    "moving_frame",
    "parameter_count",
    "pool_velocities",
    "predict_rotated_states",
    "predict_shifted_states",
    "prediction_loss",
    "ring_velocities",
    "velocity_grid",
]
