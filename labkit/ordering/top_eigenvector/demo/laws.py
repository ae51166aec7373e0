"""How good, and with how much memory."""

import math
from functools import lru_cache
from typing import Annotated, Literal

import plotly.graph_objects as go
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.ordering.top_eigenvector import figures
from labkit.ordering.top_eigenvector.demo.instances import instance, seeded, sphere
from labkit.ordering.top_eigenvector.demo.streams import Order, Seed
from labkit.ordering.top_eigenvector.figures.style import ORDERS
from labkit.ordering.top_eigenvector.method import (
    block_power,
    correlation,
    frequent_directions,
    gap,
    oja_grid,
    random_order_top_eigenvector,
    rate_grid,
    reservoir,
    top_eigenvector,
)
from labkit.ordering.top_eigenvector.streams import RowStream

GAPS = (1.5, 2.0, 4.0, 8.0, 16.0, 32.0)


@demo("The law of the gap")
def gap_law(
    order: Order = "random",
    d: Annotated[Literal[16, 32, 64], Label("width d")] = 32,
    heavy: Annotated[int, Interval(ge=0, le=8), Label("heavy rows")] = 0,
    seed: Seed = 0,
) -> go.Figure:
    """Down is better. In random order every curve lies below the guide 1/√R that the paper guarantees, and falls as
    fast as 1/R: Gaussian rows are kinder than the worst case. Sort the rows, and the block curves jump to 1. Add heavy
    rows, and those that do not store them part from those that do.
    """
    gaps, losses = [], {"heavy rows + blocks": [], "block power alone": [], "Oja, best rate": []}
    for R in GAPS:
        matrix, truth = instance(d, R, heavy, seed)
        energy, start = matrix.square().sum().item(), sphere(d, seed)
        gaps.append(gap(matrix))
        ours = random_order_top_eigenvector(
            RowStream(matrix, order, seed), frobenius_squared=energy, kappa=3.0, start=start
        )
        alone = block_power(RowStream(matrix, order, seed), math.ceil(2 * math.log(d)), start)
        many, _, _ = oja_grid(RowStream(matrix, order, seed), rate_grid(energy, d, 16), start)
        for name, vector in zip(
            losses, (ours.vector, alone, many[correlation(many, truth).argmax()]), strict=True
        ):
            losses[name].append(max(0.0, 1 - correlation(vector, truth).item()))
    return figures.law(gaps, losses, title=f"{ORDERS[order].capitalize()}, d = {d}, {heavy} heavy rows")


@lru_cache(maxsize=64)
def _points(heavy: int, order: str, seed: int) -> dict[str, list[tuple[float, float]]]:
    d = 64
    matrix, truth = instance(d, 6.0, heavy, seed, 1000)
    energy = matrix.square().sum().item()

    def stream() -> RowStream:
        return RowStream(matrix, order, seed)

    points: dict[str, list[tuple[float, float]]] = {
        "heavy rows + blocks": [],
        "Frequent Directions": [],
        "reservoir": [],
    }
    for limit in sorted({0, heavy // 2, heavy}):
        found = random_order_top_eigenvector(
            stream(), frobenius_squared=energy, kappa=3.0, start=sphere(d, seed), store_limit=limit
        )
        points["heavy rows + blocks"].append((found.words, correlation(found.vector, truth).item()))
    for rows in (2, 4, 8, 16, 32):
        sketch = frequent_directions(stream(), rows)
        points["Frequent Directions"].append(
            (2 * rows * d, correlation(top_eigenvector(sketch), truth).item())
        )
        kept = [top_eigenvector(reservoir(stream(), rows, seeded(seed + i))) for i in range(5)]
        points["reservoir"].append((rows * d, sum(correlation(v, truth).item() for v in kept) / len(kept)))
    points["covariance"] = [(d * d, 1.0)]
    return points


@demo("Memory and accuracy")
def frontier(
    instance: Annotated[
        Literal["spiked rows", "8 heavy rows"], Label("instance"), doc("1000 rows of 64 numbers, R = 6")
    ] = "8 heavy rows",
    order: Order = "random",
    seed: Seed = 0,
) -> go.Figure:
    """Down and left is better. Each curve is an algorithm with more and more memory. In random order the blocks reach
    with three vectors what Frequent Directions needs a sketch of 8 to 16 rows for; but Frequent Directions does not
    care about the order: sort the rows, and only its curve stays. A reservoir of rows hardly ever holds a heavy one.
    """
    points = _points(8 if instance == "8 heavy rows" else 0, order, seed)
    return figures.frontier(points, title=f"{instance.capitalize()}, {ORDERS[order]}")
