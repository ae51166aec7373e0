"""The learned offset: a patch pushed along the curve, and what the context network does to an image."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.datasets import digits
from labkit.demo import Label, Step, demo
from labkit.ordering.curves import order_path, patch_order
from labkit.ordering.loope import figures
from labkit.ordering.loope.demo.controls import Order
from labkit.ordering.loope.experiment.shipped import trained
from labkit.ordering.loope.method import sinusoid, swaps
from labkit.ordering.loope.three_cell import three_cell_batch


@demo("Drag a patch along the curve")
def drag(
    order: Order = "gilbert",
    side: Annotated[int, Interval(ge=3, le=14), doc("rows and columns of patches")] = 7,
    rank: Annotated[
        int, Interval(ge=1, le=194), Label("patch: rank"), doc("the last but one, where there are fewer")
    ] = 23,
    offset: Annotated[float, Interval(ge=-0.99, le=0.99), Step(0.03), Label("X_C of the patch")] = 0.0,
    next_offset: Annotated[
        float, Interval(ge=-0.99, le=0.99), Step(0.03), Label("X_C of the next one")
    ] = 0.0,
    dim: Annotated[int, Interval(ge=8, le=128), Label("width D")] = 32,
) -> go.Figure:
    """Push the patch forwards and its successor back: when the gap crosses 0 they have swapped places on the curve, and
    that is all that an offset in (-1, 1) can do. Watch its embedding row slide continuously from its neighbour's to its
    other neighbour's: real positions have a gradient, ranks do not.
    """
    dim, rank = dim - dim % 2, min(rank, side * side - 2)
    grid = patch_order(order, side, side)
    X = grid.flatten().double() + 1
    path = order_path(grid)
    flat = path[:, 0] * side + path[:, 1]
    X[flat[rank]] += offset
    X[flat[rank + 1]] += next_offset
    near = range(max(0, rank - 2), min(side * side, rank + 4))
    E = sinusoid(X, dim)
    chosen = flat[list(near)]
    now = swaps(X)[flat[rank]].item()
    said = f"swapped: its rank is now {now}" if now != rank else "its rank is unchanged"
    return figures.drag(
        X[chosen],
        list(near),
        rank,
        E[chosen],
        (E @ E[flat[rank]] / (dim / 2)).view(side, side).float(),
        path[list(near)].double(),
        title=f"Patch of rank {rank} at X = {X[flat[rank]].item():.2f}: {said}",
    )


@demo("What the context network does to an image")
def context(
    data: Annotated[
        Literal["three cells", "digits"], doc("which trained network, and on what")
    ] = "three cells",
    image_index: Annotated[int, Interval(ge=0, le=99), Label("image")] = 0,
    state: Annotated[
        Literal["trained", "fresh"], Label("network"), doc("behind training, or before")
    ] = "trained",
    enabled: Annotated[bool, Label("context"), doc("off: the static order alone")] = True,
) -> go.Figure:
    """Red patches move forwards on the curve, blue ones back; an arrow joins two patches that swapped places. Is the
    map about the image, or the same for all images? Step through them, then compare with the network before training.
    """
    on_digits = data == "digits"
    model = trained("loope", digits=on_digits, fresh=state == "fresh")
    pe = model.positional
    if on_digits:
        images = digits().test[:100][image_index][None, None].expand(1, 3, -1, -1).contiguous()
    else:
        generator = torch.Generator(device="cpu").manual_seed(7)
        images = three_cell_batch(100, pe.grid[0], pe.patch, generator)[0][image_index][None]
    X = pe.positions(images)[0] if enabled else pe.static
    offsets = X - pe.static
    moved = swaps(X)
    pairs = []
    own = pe.static.long() - 1
    for patch in (moved == own + 1).nonzero().flatten().tolist():
        other = int((own == own[patch] + 1).nonzero())
        pairs.append((divmod(patch, pe.grid[1]), divmod(other, pe.grid[1])))
    return figures.context_map(
        images[0],
        offsets.view(pe.grid),
        pairs,
        title=f"{data}, image {image_index}, {state} network: {len(pairs)} pairs of patches swapped, "
        f"largest |X_C| {offsets.abs().max().item():.2f}",
    )
