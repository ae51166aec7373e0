"""Efficiently Modeling Long Sequences with Structured State Spaces (Gu, Goel, Ré; ICLR 2022)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="s4",
    title="Efficiently Modeling Long Sequences with Structured State Spaces",
    authors=("Albert Gu", "Karan Goel", "Christopher Ré"),
    year=2022,
    venue="ICLR 2022",
    arxiv="2111.00396",
    theme="state_space",
    level="intermediate",
    minutes=120,
    prerequisites=(
        "hippo",
        "linear algebra: eigenvalues, inverses, low rank",
        "the discrete Fourier transform",
        "PyTorch modules",
    ),
    idea=(
        "A linear system $x' = Ax + Bu$, $y = Cx$ is one map with **three views**: an equation in continuous time, "
        "a recurrence that generates step by step, and one long convolution that trains in parallel. With HiPPO's "
        "matrix it remembers, but its kernel $C\\bar A^l\\bar B$ costs $O(N^2L)$ and cannot be diagonalised safely. "
        "S4 writes $A$ as *normal plus low rank*, rotates it by a unitary matrix into *diagonal plus low rank*, "
        "and evaluates the kernel's generating function at the roots of unity: four Cauchy sums and an inverse FFT, "
        "about $O(N+L)$."
    ),
    equations=(
        Equation("recurrence", r"x_k = \bar A x_{k-1} + \bar B u_k, \qquad y_k = C x_k"),
        Equation("convolution", r"y = \bar K * u, \qquad \bar K_l = C \bar A^l \bar B"),
        Equation(
            "truncated generating function, at the roots of unity",
            r"\hat K(z) = \sum_{l<L} \bar K_l z^l = C(I - \bar A^L)\,(I - \bar A z)^{-1}\bar B",
        ),
        Equation(
            "the bilinear rule gives A itself",
            r"(I - \bar A z)^{-1}\bar B = \tfrac{2}{1+z}\big(\tfrac{2}{\Delta}\tfrac{1-z}{1+z} - A\big)^{-1} B",
        ),
        Equation(
            "diagonal plus low rank, by Woodbury, with R diagonal",
            r"(R^{-1} + PQ^*)^{-1} = R - RP\,(1 + Q^*RP)^{-1}\,Q^*R",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "VARIANTS",
            "S4Layer",
            "S4Model",
            "dplr_kernel",
            "dplr_step",
            "dplr_step_params",
            "eigenvector_condition",
            "naive_kernel",
        ],
    },
)
