"""How to Train Your HiPPO (Gu, Johnson, Timalsina, Rudra, Ré; ICLR 2023)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="hippo",
    title="How to Train Your HiPPO: State Space Models with Generalized Orthogonal Basis Projections",
    authors=("Albert Gu", "Isys Johnson", "Aman Timalsina", "Atri Rudra", "Christopher Ré"),
    year=2023,
    venue="ICLR 2023",
    arxiv="2206.12037",
    theme="state_space",
    level="introductory",
    minutes=90,
    prerequisites=(
        "linear algebra: eigenvalues, matrix exponential",
        "inner products of functions",
        "PyTorch tensors",
    ),
    idea=(
        "A linear system $x' = Ax + Bu$ reads a signal and keeps $N$ numbers. Choose $(A, B)$ well and those "
        "numbers are the coefficients of the **whole history** of the signal in a basis $p_n$, weighted by a "
        "measure $w$: the pair $(A, B)$ *is* the choice of basis and measure. S4's mysterious matrix turns out "
        "to be the Legendre polynomials, exponentially warped in time, which is why it remembers for ever and "
        "fades gracefully; other pairs (LegT, FouT) see a sliding window. The step $\\Delta$ is a timescale: "
        "the memory is $1/\\Delta$ steps long."
    ),
    equations=(
        Equation(
            "the state is the history's coefficients", r"x_n(t) = \int_0^\infty p_n(s)\, w(s)\, u(t-s)\, ds"
        ),
        Equation("the matrices are the basis and the measure", r"e_n^\top e^{tA} B = p_n(t)\, w(t)"),
        Equation("the history can be read back", r"u(t-s) \approx \sum_{n<N} x_n(t)\, p_n(s)"),
        Equation(
            "S4's matrix is the exponentially warped Legendre basis",
            r"p_n(t) = \sqrt{2n+1}\, P_n(2e^{-t}-1), \qquad w(t) = e^{-t}",
        ),
        Equation(
            "a step is a timescale",
            r"(A, B) \to (\Delta A, \Delta B) \text{ stretches the memory by } 1/\Delta",
        ),
    ),
    studio="hippo_bases",
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "OrthogonalSSM",
            "ScaledLegS",
            "delay_readout",
            "fit_kernel",
            "memory_function",
            "warped_basis",
            "white_signal",
        ],
    },
)
