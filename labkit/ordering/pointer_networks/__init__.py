"""Pointer Networks (Vinyals, Fortunato, Jaitly; NIPS 2015)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="pointer_networks",
    title="Pointer Networks",
    authors=("Oriol Vinyals", "Meire Fortunato", "Navdeep Jaitly"),
    year=2015,
    venue="NIPS 2015",
    arxiv="1506.03134",
    theme="ordering",
    level="introductory",
    minutes=90,
    prerequisites=(
        "recurrent networks (LSTM), sequence to sequence",
        "softmax, cross-entropy",
        "PyTorch modules",
    ),
    idea=(
        "When the answer is a list of *positions of the input* (the corners of a hull, the order of a tour), the "
        "output "
        "vocabulary grows with the input, and a softmax over a fixed dictionary "
        "cannot follow. Attention already puts a "
        "probability on each input position: **use the attention weights as the output itself**, instead of blending "
        "the inputs with them. One line changes, and one model answers inputs of any length."
    ),
    equations=(
        Equation(
            "a sequence of positions", r"p(C \mid P) = \prod_{i=1}^{m} p(C_i \mid C_1, \dots, C_{i-1}, P)"
        ),
        Equation("attention scores", r"u^i_j = v^\top \tanh(W_1 e_j + W_2 d_i)"),
        Equation(
            "pointing: the scores are the output", r"p(C_i = j \mid C_{<i}, P) = \mathrm{softmax}(u^i)_j"
        ),
        Equation(
            "blending, as before: the scores make a context",
            r"d'_i = \sum_j \mathrm{softmax}(u^i)_j\, e_j, \qquad p(C_i) = \mathrm{softmax}(W\,[d_i; d'_i])",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": ["PointerNetwork"],
        "geometry": [
            "convex_hull",
            "delaunay_target",
            "hull_target",
            "is_delaunay",
            "is_simple",
            "same_cycle",
        ],
        "tours": [
            "canonical_tour",
            "christofides",
            "tsp_exact",
            "tsp_exact_lengths",
            "tsp_greedy",
            "two_opt",
        ],
        "data": ["make_dataset", "read_paper_file"],
    },
)
