"""EqMotion: Equivariant Multi-agent Motion Prediction with Invariant Interaction Reasoning (Xu et al., CVPR 2023)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="eqmotion",
    title="EqMotion: Equivariant Multi-agent Motion Prediction with Invariant Interaction Reasoning",
    authors=(
        "Chenxin Xu",
        "Robby T. Tan",
        "Yuhong Tan",
        "Siheng Chen",
        "Yu Guang Wang",
        "Xinchao Wang",
        "Yanfeng Wang",
    ),
    year=2023,
    venue="CVPR 2023",
    arxiv="2303.10876",
    theme="equivariance",
    level="intermediate",
    minutes=90,
    prerequisites=("rotations as matrices", "message passing on graphs", "the discrete cosine transform"),
    idea=(
        "Turn a scene of moving agents, and its future turns along; who interacts with whom stays the same. EqMotion "
        "builds both in, with two streams. **Geometric features** are vectors that turn and shift with the scene: they "
        "are only mixed linearly about their mean, scaled by numbers, or bent by an equivariant ReLU. **Pattern "
        "features** are numbers that do not move: speeds, turning angles, distances. The interaction graph is read "
        "from numbers only, so it is invariant."
    ),
    equations=(
        Equation("equivariant prediction", r"\hat X(RX + t) = R\,\hat X(X) + t"),
        Equation("geometric features", r"G = \phi_x(\mathrm{DCT}(X) - \bar X) + \bar X"),
        Equation(
            "the interaction graph", r"c_{ij} = \mathrm{softmax}\big(\mathrm{MLP}[n_i, n_j, d_{ij}]/\tau\big)"
        ),
        Equation("aggregation", r"G_i \leftarrow G_i + \sum_j w_{ij} \cdot (G_i - G_j)"),
        Equation(
            "the equivariant ReLU",
            r"q \text{ if } \langle q, k\rangle \ge 0, \text{ else } q - \frac{\langle q, k\rangle}{|k|^2}\,k",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "ConstantVelocity",
            "CorrelationGraph",
            "EqMotion",
            "FeatureLayer",
            "InteractionReasoning",
            "LSTMPredictor",
            "PlainPredictor",
            "best_of_k",
            "dct_matrix",
            "displacement_errors",
            "equivariant_relu",
            "interaction_accuracy",
            "turning_angles",
        ],
    },
)
