"""Flow Equivariant Recurrent Neural Networks (Keller; NeurIPS 2025)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="fernn",
    title="Flow Equivariant Recurrent Neural Networks",
    authors=("T. Anderson Keller",),
    year=2025,
    venue="NeurIPS 2025",
    arxiv="2507.14793",
    theme="equivariance",
    level="introductory",
    minutes=90,
    prerequisites=("convolution on a torus or ring", "recurrent networks", "groups: shifts and rotations"),
    idea=(
        "A convolutional RNN commutes with a *shift* of its whole input, but not with a shift that **grows with "
        "time**: its hidden state stays put while the world moves, and smears. A FERNN keeps one copy of the state "
        "for every velocity $\\nu$ of a set $V$, and lets each copy drift with its own velocity. A stimulus that "
        "moves with velocity $\\hat\\nu$ then looks still in the channel $\\nu = \\hat\\nu$; to change its velocity "
        "only re-indexes the channels. The weights are shared by all of $V$, so the number of parameters does "
        "not change."
    ),
    equations=(
        Equation("flow equivariance", r"\Phi[\psi(\hat\nu) f]_t = \psi_t(\hat\nu)\,\Phi[f]_t"),
        Equation(
            "each channel drifts with its velocity",
            r"h_{t+1}(\nu) = \sigma\big(W \star [\psi_1(\nu)\, h_t(\nu)] + U \star f_t\big)",
        ),
        Equation(
            "the theorem", r"h_{t+1}[\psi(\hat\nu) f](\nu) = \psi_t(\hat\nu)\, h_{t+1}[f](\nu - \hat\nu)"
        ),
        Equation(
            "the moving frame",
            r"g_{t+1}(\nu) = \sigma\big(W \star g_t(\nu) + U \star [\psi_t(\nu)^{-1} f_t]\big)",
        ),
    ),
    studio="hidden_states",
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "FlowCell",
            "FlowClassifier",
            "FlowSeq2Seq",
            "GRNNPlusCell",
            "PixelRNN",
            "RotationFlowCell",
            "Video3DCNN",
            "flow_equivariance_error",
            "moving_frame",
            "predict_shifted_states",
            "velocity_grid",
        ],
    },
)
