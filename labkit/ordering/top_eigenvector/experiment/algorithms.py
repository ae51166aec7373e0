"""Every algorithm on one stream, by name: what it answers, and what it keeps."""

import math
import time
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.ordering.top_eigenvector.method import (
    block_power,
    correlation,
    largest_row,
    oja_grid,
    price_xun,
    random_order_top_eigenvector,
    rate_grid,
    top_eigenvector,
)
from labkit.ordering.top_eigenvector.streams import RowStream

OURS = "heavy rows + blocks"
ALGORITHMS = (OURS, "block power alone", "Oja, best rate", "Price-Xun", "largest row")


@dataclass(frozen=True)
class Answer:
    """An algorithm's answer to an instance."""

    correlation: float
    words: int
    seconds: float
    heavy: int = 0


class Instance:
    """A matrix with what a judge knows of it: v_1 and ||A||_F^2."""

    def __init__(self, matrix: Float[Tensor, "n d"], seed: int):
        self.matrix, self.seed = matrix, seed
        self.truth = top_eigenvector(matrix)
        self.energy = matrix.square().sum().item()

    def ask(
        self, name: str, order: str = "random", *, kappa: float = 3.0, rates: int = 32, **options
    ) -> Answer:
        """Let an algorithm read the rows in an order, from a start that depends on the seed alone."""
        stream = RowStream(self.matrix, order, seed=self.seed)
        generator = torch.Generator(device="cpu").manual_seed(1_000_003 + self.seed)
        d = stream.width
        heavy = 0
        began = time.perf_counter()
        if name == OURS:
            found = random_order_top_eigenvector(stream, kappa=kappa, generator=generator, **options)
            vector, words, heavy = found.vector, found.words, len(found.heavy_rows)
        elif name == "block power alone":
            vector, words = block_power(stream, blocks_for(d), generator=generator), 3 * d
        elif name == "Oja, best rate":
            # an oracle: the rate is chosen by looking at v_1
            vectors, _, _ = oja_grid(stream, rate_grid(self.energy, d, rates), generator=generator)
            vector, words = vectors[correlation(vectors, self.truth).argmax()], 2 * d
        elif name == "Price-Xun":
            result = price_xun(stream, generator=generator)
            vector, words = result.vector, result.words
        elif name == "largest row":
            vector, words = largest_row(stream), 2 * d
        else:
            raise ValueError(f"name: {name!r} is not allowed; choose from {', '.join(ALGORITHMS)}")
        seconds = time.perf_counter() - began
        return Answer(correlation(vector, self.truth).item(), words, seconds, heavy)


def blocks_for(d: int) -> int:
    """T = ceil(2 log d), as the paper's algorithm takes it."""
    return math.ceil(2 * math.log(d))
