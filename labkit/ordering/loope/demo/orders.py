"""Orders: the explorer, all of them beside each other, their locality, and M_D against N."""

from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.ordering.curves import ORDERS
from labkit.ordering.loope import figures
from labkit.ordering.loope.demo.computed import directed, numbers, stats, walk
from labkit.ordering.loope.demo.controls import Base, Dim, Height, Order, Width
from labkit.ordering.loope.pesi import occupancy_ceiling

SWEEP = (1, 2, 3, 4, 6, 8, 12, 24, 36, 60, 120)


@demo("Order explorer: a walk, and the similarity that it induces")
def explorer(
    order: Order = "raster",
    order_b: Annotated[Order, Label("compare with")] = "gilbert",
    height: Height = 14,
    width: Width = 14,
    dim: Dim = 128,
    base: Base = 10000.0,
    row: Annotated[
        int, Interval(ge=0, le=31), Label("patch: row"), doc("the last row, where there are fewer")
    ] = 6,
    col: Annotated[
        int, Interval(ge=0, le=31), Label("patch: column"), doc("the last column, where there are fewer")
    ] = 6,
    upto: Annotated[
        int, Interval(ge=0, le=1023), Label("steps walked"), doc("the walk grows; all of it at the right")
    ] = 1023,
) -> tuple[go.Figure, go.Figure, pd.DataFrame]:
    """Above, the walk, dark to bright, long jumps in red; below, how similar every patch's embedding is to that of the
    marked one. Raster: a horizontal stripe that wraps at the edge. Gilbert: a blob, cut along the curve's seams.
    Spiral: rings. Random: noise. Move the patch, make the grid a rectangle, take fewer channels or a smaller base.

    The dots show similarity against true distance; the spread at one distance is what A_SU measures.
    """
    row, col = min(row, height - 1), min(col, width - 1)
    orders = list(dict.fromkeys((order, order_b)))
    walks = {name: walk(name, height, width, dim, base) for name in orders}
    here = row * width + col
    maps = {name: w.similarity[here].view(height, width) for name, w in walks.items()}
    cells = torch.arange(height * width, device="cpu")
    distance = torch.hypot((cells // width - row).float(), (cells % width - col).float())
    bins = distance.round().long()
    count = torch.bincount(bins)
    present = count.nonzero().flatten()
    radial = {
        name: (
            present.tolist(),
            (torch.bincount(bins, weights=values.flatten().double())[present] / count[present]).tolist(),
        )
        for name, values in maps.items()
    }
    table = pd.DataFrame(
        [
            {
                "order": name,
                **{key: round(v, 4) for key, v in numbers(name, height, width, dim, base).items()},
            }
            for name in orders
        ]
    )
    where = f"{height} x {width} patches, D = {dim}, base {base:g}"
    return (
        figures.explorer(
            {name: w.path for name, w in walks.items()},
            maps,
            (row, col),
            upto,
            title=f"{' and '.join(orders)}: {where}",
        ),
        figures.distance_scatter(
            distance,
            {name: values.flatten() for name, values in maps.items()},
            radial,
            title=f"{' and '.join(orders)}: similarity to patch ({row}, {col}) against distance",
        ),
        table,
    )


@demo("All orders, and their three metrics")
def gallery(
    side: Annotated[int, Interval(ge=3, le=16), doc("rows and columns of patches")] = 9,
    dim: Annotated[int, Interval(ge=16, le=256), Label("width D")] = 128,
    metric: Annotated[
        Literal["M_U", "M_D", "A_SU", "stretch"],
        doc("what the bars show: M_U and M_D should be high, A_SU and stretch low"),
    ] = "M_U",
) -> tuple[go.Figure, go.Figure]:
    """Twelve walks with M_U, M_D(60) and A_SU below their names. Does the order that looks best score best? Switch the
    bars to `stretch`: a space-filling curve does not bring neighbours closer along the walk than plain raster does.
    """
    dim = dim - dim % 2
    found = {name: numbers(name, side, side, dim, 10000.0) for name in ORDERS}
    paths = {name: walk(name, side, side, dim, 10000.0).path for name in ORDERS}
    return (
        figures.gallery(
            paths,
            {name: [v["M_U"], v["M_D"], v["A_SU"]] for name, v in found.items()},
            title=f"Twelve orders of {side} x {side} patches: M_U · M_D(60) · A_SU",
        ),
        figures.bars(
            {name: v[metric] for name, v in found.items()}, metric=metric, title=f"{metric} of every order"
        ),
    )


@demo("Locality: near on the grid, near on the walk?")
def locality(
    side: Annotated[int, Interval(ge=4, le=20), doc("rows and columns of patches")] = 14,
    shown: Annotated[Literal["classical", "space-filling", "all"], doc("which orders")] = "classical",
) -> go.Figure:
    """Left: how far apart along the walk are patches at some distance? Right: how far has the walk come on the grid
    after so many steps? A space-filling curve wins on the right (it stays local), not on the left: some neighbours lie
    on opposite sides of a seam, and their ranks are far apart.
    """
    chosen = {
        "classical": ("raster", "snake", "diagonal", "spiral", "gilbert", "random"),
        "space-filling": ("morton", "hilbert", "moore", "peano", "gilbert"),
        "all": ORDERS,
    }[shown]
    found = {name: stats(name, side, side) for name in chosen}
    return figures.locality(
        {name: v["stretch_by_distance"] for name, v in found.items()},
        {name: v["distance_by_stretch"] for name, v in found.items()},
        title=f"Locality of {side} x {side} patches",
    )


@demo("M_D against the number of directions")
def metric_sweep(
    order: Order = "raster",
    order_b: Annotated[Order, Label("compare with")] = "gilbert",
    side: Annotated[int, Interval(ge=4, le=14), doc("rows and columns of patches")] = 14,
    empty: Annotated[
        Literal["zero", "skip"],
        Label("empty directions"),
        doc("count as 0, as in the paper, or are left out of the mean"),
    ] = "zero",
) -> go.Figure:
    """The dashed line is the best that any embedding can reach: directions in which a patch has fewer than two cells
    count as 0. Leave them out (`skip`), and the curves no longer sink with N. At N = 1 the dotted M_U is not met, which
    the paper's text says it should be.
    """
    orders = list(dict.fromkeys((order, order_b)))
    ceiling = [2.0 if empty == "skip" else occupancy_ceiling((side, side), N) for N in SWEEP]
    curves = {name: [directed(name, side, N, empty) for N in SWEEP] for name in orders}
    undirected = {name: numbers(name, side, side, 768, 10000.0)["M_U"] for name in orders}
    return figures.sweep(
        SWEEP, curves, ceiling, undirected, title=f"M_D of {' and '.join(orders)}, {side} x {side} patches"
    )
