"""Top eigenvectors of random-order streams (Kacham and Woodruff; NeurIPS 2024)."""

import lazy_loader

from labkit.catalogue import Equation, Paper

PAPER = Paper(
    slug="top_eigenvector",
    title="Approximating the Top Eigenvector in Random Order Streams",
    authors=("Praneeth Kacham", "David P. Woodruff"),
    year=2024,
    venue="NeurIPS 2024",
    arxiv="2412.11963",
    theme="ordering",
    level="intermediate",
    minutes=75,
    prerequisites=(
        "linear algebra: singular values, the power method",
        "probability: a random permutation, a mean and its error",
    ),
    idea=(
        "The rows of a large matrix pass **once**; you may keep a few vectors, not a covariance. Can you say in which "
        "direction they point? It depends on their **order**. In random order every stretch of the stream is a fair "
        "sample of all of it, so each step of the power method may read fresh rows. The exception are the few *heavy* "
        "rows, so large that no stretch can stand for them: they are stored. Sorted, the same rows are hopeless for "
        "this method; and a single step size that suits every instance does not exist, for there are streams that "
        "defeat them all."
    ),
    equations=(
        Equation(
            "what is wanted, and the gap",
            r"v_1 = \arg\max_{\|v\|=1} \|A v\|^2, \qquad R = \sigma_1^2 / \sigma_2^2",
        ),
        Equation(
            "Oja's rule at a fixed rate",
            r"v \leftarrow v + \eta\, a\, \langle a, v\rangle \quad\text{for each row } a",
        ),
        Equation(
            "a power step on fresh rows", r"z_{t+1} \propto B_t^\top B_t\, z_t, \qquad B_t = \text{block } t"
        ),
        Equation("heavy rows are stored", r"\|a\|^2 \ge \|A\|_F^2 / (\kappa\, d)"),
        Equation(
            "the answer",
            r"v = \text{top right singular vector of } "
            r"\begin{pmatrix} \text{heavy rows} \\ \sqrt{\lambda}\, z^\top \end{pmatrix}, "
            r"\qquad \langle v, v_1\rangle^2 = 1 - O(1/\sqrt R)",
        ),
        Equation(
            "where no rate works",
            r"(1+\eta)^R e^{-\eta} \le R^R e^{-(R-1)} \ll \sqrt d \quad (\eta = R-1\text{ is best})",
        ),
    ),
)

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": [
            "block_power",
            "correlation",
            "frequent_directions",
            "gap",
            "hard_instance_correlation",
            "heavy_rows",
            "oja",
            "oja_grid",
            "price_xun",
            "random_order_top_eigenvector",
            "reservoir",
            "row_norm_sample",
            "top_eigenvector",
        ],
        "streams": [
            "GeneratedStream",
            "RowStream",
            "heavy_and_light",
            "lower_bound",
            "oja_hard",
            "spiked",
            "spiked_stream",
        ],
    },
)
