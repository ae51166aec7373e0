"""LOOPE: Learnable Optimal Patch Order in Positional Embeddings for Vision Transformers (Chowdhury et al. 2025)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="loope",
    title="LOOPE: Learnable Optimal Patch Order in Positional Embeddings for Vision Transformers",
    authors=("Md Abtahi Majeed Chowdhury", "Md Rifat Ur Rahman", "Akil Ahmad Taki"),
    year=2025,
    venue="arXiv",
    arxiv="2504.14386",
    theme="ordering",
    level="introductory",
    minutes=80,
    prerequisites=(
        "attention and the transformer block",
        "sine and cosine position embeddings",
        "PyTorch modules",
    ),
    idea=(
        "A one-dimensional sinusoid needs one number for every patch, so somebody must choose **in which order** the "
        "grid is walked. LOOPE keeps the frequencies and improves the order: the rank $X_G$ on a generalised Hilbert "
        "curve, plus an offset $X_C \\in (-1, 1)$ that a small CNN reads off the image. The real-valued "
        "$X = X_G + X_C$ goes into the sinusoid. Two diagnostics come along: the Three-Cell Experiment, in which only "
        "*where* three cells are matters, and three structural metrics of an embedding (PESI)."
    ),
    equations=(
        Equation("the position is a static rank plus an offset read off the image", r"X = X_G + X_C(I)"),
        Equation(
            "the embedding is a sinusoid at real positions",
            r"E_{2k} = \sin(X w_k), \quad E_{2k+1} = \cos(X w_k)",
        ),
        Equation(
            "similarity depends on the difference of positions only",
            r"\langle E(p), E(q) \rangle = \sum_k \cos\big((p - q)\, w_k\big)",
        ),
        Equation(
            "undirected monotonicity: does similarity fall with distance?",
            r"M_U = \frac{1}{N} \sum_c \big(1 - \rho(r, \bar S_c(r))\big)",
        ),
        Equation(
            "the offset can swap neighbours on the curve, and nothing else",
            r"|X_C| < 1 \;\Rightarrow\; |\operatorname{rank}(X) - X_G| \le 1",
        ),
    ),
    studio="patch_orderings",
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": ["CONTEXT_VARIANTS", "LOOPE", "ContextBias", "frequencies", "sinusoid", "squash", "swaps"],
        "pesi": [
            "directed_monotonicity",
            "frequency_sensitivity",
            "occupancy_ceiling",
            "pesi",
            "similarity_map",
            "undirected_asymmetry",
            "undirected_monotonicity",
        ],
        "positional": ["POSITIONAL", "make_positional"],
        "three_cell": ["three_cell_accuracy", "three_cell_batch", "three_cell_labels"],
    },
)
