"""Convolutional State Space Models for Long-Range Spatiotemporal Modeling (Smith et al.; NeurIPS 2023)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="convs5",
    title="Convolutional State Space Models for Long-Range Spatiotemporal Modeling",
    authors=("Jimmy T.H. Smith", "Shalini De Mello", "Jan Kautz", "Scott W. Linderman", "Wonmin Byeon"),
    year=2023,
    venue="NeurIPS 2023",
    arxiv="2310.19694",
    theme="state_space",
    level="advanced",
    minutes=90,
    prerequisites=(
        "S5 or another diagonal state-space model",
        "convolution over images",
        "PyTorch tensors",
    ),
    idea=(
        "ConvLSTM reads a video frame by frame, because its recurrence is nonlinear. Make the recurrence **linear**, "
        "$X_k = A * X_{k-1} + B * U_k$ with tensor states and spatial convolutions, and steps compose: a parallel "
        "scan reads $T$ frames in $\\log T$ rounds. One thing stands in the way, composed kernels grow; so let the "
        "state kernel be **pointwise**. Then every pixel is an ordinary state-space model that looks at its "
        "neighbours through $B$ and $C$, and S5's diagonal HiPPO initialisation gives it a long memory."
    ),
    equations=(
        Equation("a linear recurrence over images", r"X_k = A * X_{k-1} + B * U_k, \qquad Y_k = C * X_k"),
        Equation("steps compose", r"(A_i, b_i) \bullet (A_j, b_j) = (A_j * A_i,\; A_j * b_i + b_j)"),
        Equation("composed kernels grow", r"k \to 2k - 1 \text{ at each level, unless } k = 1"),
        Equation(
            "one pixel is one S5",
            r"x_k(p) = \bar\Lambda\, x_{k-1}(p) + \bar B\, \mathrm{patch}_p(u_k), "
            r"\qquad y_k = 2\,\mathrm{Re}(\tilde C * x_k)",
        ),
        Equation(
            "zero-order hold",
            r"\bar\Lambda = e^{\Delta\Lambda}, \qquad \bar B = \Lambda^{-1}(\bar\Lambda - I)\,V^{-1}B",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "ConvLSTMLayer",
            "ConvS5Layer",
            "ConvS5SSM",
            "ConvSSM",
            "VideoModel",
            "compose_kernels",
            "conv_scan",
            "psnr",
            "ssim",
            "video_model",
        ],
    },
)
