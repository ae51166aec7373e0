"""Frame Averaging for Invariant and Equivariant Network Design (Puny et al., ICLR 2022).

Averaging a network over a group makes it symmetric. It is enough to average over a small set of group elements that
depends on the input, a frame F(X), if the frame itself is equivariant: F(gX) = g F(X), as sets.

    <Phi>_F(X) = 1/|F(X)| sum_{g in F(X)} rho_2(g) Phi(rho_1(g)^{-1} X)
"""

from labkit.equivariance.frame_averaging.method.average import (
    FrameAverage,
    averaged,
    chosen,
    group_average,
)
from labkit.equivariance.frame_averaging.method.degenerate import circle, stretched, whitened
from labkit.equivariance.frame_averaging.method.fagnn import FAGNN, pair_features
from labkit.equivariance.frame_averaging.method.frames import (
    GROUPS,
    DegenerateFrameWarning,
    Frame,
    Group,
    euclidean_frame,
    relative_gap,
)
from labkit.equivariance.frame_averaging.method.permutations import (
    frame_size,
    laplacian_node_matrix,
    permutation_frame,
    sample_permutation_frame,
    sample_within_ties,
    sorted_with_ties,
    tie_groups,
)
from labkit.equivariance.frame_averaging.method.pointnet import (
    DGCNN,
    FADGCNN,
    FALocalPointNet,
    FAPointNet,
    PointNet,
    normal_loss,
    unit,
)
from labkit.equivariance.frame_averaging.method.separation import (
    AdjacencyMLP,
    DenseGIN,
    frame_embedding,
    framed,
    separates,
    wl_colours,
)

__all__ = [
    "DGCNN",
    "FADGCNN",
    "FAGNN",
    "GROUPS",
    "AdjacencyMLP",
    "DegenerateFrameWarning",
    "DenseGIN",
    "FALocalPointNet",
    "FAPointNet",
    "Frame",
    "FrameAverage",
    "Group",
    "PointNet",
    "averaged",
    "chosen",
    "circle",
    "euclidean_frame",
    "frame_embedding",
    "frame_size",
    "framed",
    "group_average",
    "laplacian_node_matrix",
    "normal_loss",
    "pair_features",
    "permutation_frame",
    "relative_gap",
    "sample_permutation_frame",
    "sample_within_ties",
    "separates",
    "sorted_with_ties",
    "stretched",
    "tie_groups",
    "unit",
    "whitened",
    "wl_colours",
]
