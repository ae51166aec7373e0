"""The same rows in another order; heavy rows; a picture in the plane."""

import math
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, doc

from labkit.demo import Label, Log, Step, demo
from labkit.ordering.top_eigenvector import figures
from labkit.ordering.top_eigenvector.demo.instances import follow, instance, seeded, sphere
from labkit.ordering.top_eigenvector.figures.style import ORDERS
from labkit.ordering.top_eigenvector.method import (
    BlockPower,
    HeavyAndLight,
    correlation,
    gap,
    top_eigenvector,
)
from labkit.ordering.top_eigenvector.streams import order_of

Width = Annotated[int, Interval(ge=16, le=256), MultipleOf(16), Label("width d")]
Gap = Annotated[
    float,
    Interval(ge=1.2, le=32.0),
    Log(per_decade=12),
    Label("gap R"),
    doc("of the population; the sample's is smaller"),
]
Heavy = Annotated[int, Interval(ge=0, le=15), Label("heavy rows"), doc("0: spiked Gaussian rows")]
Seed = Annotated[int, Interval(ge=0, le=99), Label("seed")]
Order = Annotated[
    Literal["random", "aligned_first", "aligned_last", "by_norm", "bursty"],
    Label("order"),
    doc(
        "the same 2000 rows: shuffled, sorted by their projection on v₁ or by their norm, or in 16 bursts of like rows"
    ),
]


@demo("Order as a switch")
def orders(
    order: Order = "random",
    d: Width = 64,
    R: Gap = 4.0,
    heavy: Heavy = 0,
    rate: Annotated[
        float,
        Interval(ge=0.1, le=100.0),
        Log(per_decade=6),
        Label("rate η"),
        doc("in units of d / ‖A‖²_F; an eighth and eight times of it run beside it"),
    ] = 5.0,
    blocks: Annotated[int, Interval(ge=2, le=30), Label("blocks T")] = 9,
    seed: Seed = 0,
) -> go.Figure:
    """Switch the order, and nothing else. In random order both block curves climb step by step at the dotted lines,
    where a block ends. Put the rows along v₁ first: the block method sees the direction in its first blocks and
    unlearns it in the others; Oja's rule at a middling rate still remembers. Now go back to random order and add
    heavy rows: “block power alone” drops, for only the blocks that hold one know of the direction.
    """
    matrix, truth = instance(d, R, heavy, seed)
    energy = matrix.square().sum().item()
    rows = matrix[order_of(matrix, order, seed)]
    etas = [rate * factor * d / energy for factor in (1 / 8, 1.0, 8.0)]
    seen, curves, ours = follow(rows, truth, sphere(d, seed), etas, blocks, energy / (3 * d))
    ends = [len(rows) * (t + 1) // (blocks + 1) for t in range(blocks)]
    final = curves["heavy rows + blocks"][-1]
    return figures.course(
        seen,
        curves,
        ends,
        title=f"{ORDERS[order].capitalize()}: correlation {final:.3f} with {len(ours.stored)} rows stored "
        f"({ours.words:,} of {d * d:,} words), R = {gap(matrix):.2f}",
    )


@demo("Heavy rows")
def threshold(
    kappa: Annotated[
        float,
        Interval(ge=0.05, le=100.0),
        Log(per_decade=8),
        Label("κ"),
        doc("a row is stored from ‖A‖²_F / (κ d) on"),
    ] = 3.0,
    heavy: Annotated[int, Interval(ge=0, le=15), Label("heavy rows")] = 8,
    d: Width = 64,
    R: Gap = 8.0,
    seed: Seed = 0,
) -> go.Figure:
    """Each dot is a row. Make κ small: the line rises, nothing is stored, and the correlation falls to that of the
    blocks alone. Make it large: the line sinks into the light rows and memory grows without any gain. In between
    there is a wide margin: heavy rows are few, and far above the others.
    """
    matrix, truth = instance(d, R, heavy, seed)
    rows = matrix[order_of(matrix, "random", seed)]
    squared = rows.square().sum(1)
    limit = squared.sum().item() / (kappa * d)
    blocks = math.ceil(2 * math.log(d))
    ours = HeavyAndLight(
        limit, BlockPower(len(rows), blocks + 1, sphere(d, seed)[None], weighing=1, quiet=True), None
    )
    ours.update(rows, squared, 0)
    found = correlation(ours.answer(d, 0.0).vector, truth).item()
    return figures.norms(
        squared.numpy(),
        (squared >= limit).numpy(),
        limit,
        title=f"{len(ours.stored)} rows stored, {ours.words:,} words (a covariance has {d * d:,}): correlation "
        f"{found:.3f}",
    )


@demo("A stream in the plane")
def cartoon(
    order: Order = "random",
    ratio: Annotated[
        float, Interval(ge=1.1, le=20.0), Log(per_decade=10), Label("gap of the light rows")
    ] = 3.0,
    heavy: Annotated[int, Interval(ge=0, le=4), Label("heavy rows"), doc("they point elsewhere")] = 2,
    blocks: Annotated[int, Interval(ge=2, le=10), Label("blocks T")] = 6,
    angle: Annotated[
        float, Interval(ge=0.0, le=90.0), Step(5.0), Label("angle of the heavy rows (°)")
    ] = 60.0,
    seed: Seed = 0,
) -> go.Figure:
    """Press Play: each block's rows turn the line z a little towards their longest direction. In the last frame the
    stored rows (stars) join in: the answer is the longest direction of the stars and of √λ z together. With no heavy
    rows, z itself must be right; with some, the light rows alone point the wrong way.
    """
    n = 40 * (blocks + 1)
    light = torch.randn(n, 2, dtype=torch.float64, device="cpu", generator=seeded(seed))
    light = light * torch.tensor([math.sqrt(ratio), 1.0], dtype=torch.float64, device="cpu") / math.sqrt(n)
    turn = math.radians(angle)
    star = torch.tensor([math.cos(turn), math.sin(turn)], dtype=torch.float64, device="cpu")
    sizes = (
        torch.linspace(1.0, 1.3, heavy, dtype=torch.float64, device="cpu")[:, None]
        if heavy
        else light[:0, :1]
    )
    matrix = torch.cat([light, sizes * star * math.sqrt(ratio)])
    truth = top_eigenvector(matrix)
    rows = matrix[order_of(matrix, order, seed)]
    squared = rows.square().sum(1)
    ours = HeavyAndLight(
        0.5, BlockPower(len(rows), blocks + 1, sphere(2, seed)[None], weighing=1, quiet=True), None
    )
    shown, path = [], []
    for t in range(blocks + 1):
        part = slice(len(rows) * t // (blocks + 1), len(rows) * (t + 1) // (blocks + 1))
        ours.update(rows[part], squared[part], part.start)
        shown.append(rows[part][squared[part] < 0.5].numpy())
        path.append(ours.power.best.numpy())
    found = ours.answer(2, 0.0)
    return figures.cartoon(
        shown,
        path,
        found.heavy_rows.numpy(),
        found.vector.numpy(),
        truth.numpy(),
        enlarged=8.0,
        title=f"z alone {correlation(found.light_vector, truth):.3f}, with {heavy} stored rows "
        f"{correlation(found.vector, truth):.3f}",
    )
