"""Frame Averaging for Invariant and Equivariant Network Design (Puny et al., ICLR 2022)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="frame_averaging",
    title="Frame Averaging for Invariant and Equivariant Network Design",
    authors=(
        "Omri Puny",
        "Matan Atzmon",
        "Heli Ben-Hamu",
        "Ishan Misra",
        "Aditya Grover",
        "Edward J. Smith",
        "Yaron Lipman",
    ),
    year=2022,
    venue="ICLR 2022",
    arxiv="2110.03336",
    theme="equivariance",
    level="intermediate",
    minutes=90,
    prerequisites=(
        "rotations and reflections as matrices",
        "eigenvectors of a covariance",
        "graphs and message passing",
    ),
    idea=(
        "Average a network over a group, and it is exactly symmetric; but the group of motions is infinite, and that "
        "of permutations has $n!$ elements. It is enough to average over a **frame** $F(X)$, a small set of group "
        "elements that depends on the input, if the frame itself is equivariant: $F(gX) = g\\,F(X)$. The principal "
        "axes of a cloud with all choices of signs are one, with $2^d$ elements; sorting gives one for graphs. Any "
        "backbone becomes symmetric, without losing what it can express. It fails where the frame is not determined: "
        "equal eigenvalues, symmetric graphs."
    ),
    equations=(
        Equation("an equivariant frame", r"F(gX) = g\,F(X) \quad\text{as sets}"),
        Equation(
            "the invariant average",
            r"\langle\phi\rangle_F(X) = \frac{1}{|F(X)|}\sum_{g\in F(X)} \phi\big(\rho_1(g)^{-1}X\big)",
        ),
        Equation(
            "the equivariant average",
            r"\langle\Phi\rangle_F(X) = \frac{1}{|F(X)|}\sum_{g\in F(X)} \rho_2(g)\,\Phi\big(\rho_1(g)^{-1}X\big)",
        ),
        Equation(
            "the frame of E(d)",
            r"F(X) = \big\{([\alpha_1 v_1,\dots,\alpha_d v_d],\,t) : \alpha\in\{\pm1\}^d\big\}",
        ),
        Equation(
            "the rows that a graph's nodes are sorted by",
            r"S_{i\lambda} = \Big(\sum_{k:\lambda_k=\lambda} U_{ik}^2\Big)^{1/2}",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "AdjacencyMLP",
            "DegenerateFrameWarning",
            "DenseGIN",
            "FADGCNN",
            "FAGNN",
            "FALocalPointNet",
            "FAPointNet",
            "Frame",
            "FrameAverage",
            "euclidean_frame",
            "frame_size",
            "group_average",
            "laplacian_node_matrix",
            "permutation_frame",
            "sample_permutation_frame",
            "separates",
            "wl_colours",
        ],
    },
)
