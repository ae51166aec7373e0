"""Composed kernels, and the tree that composes them."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc
from torch import Tensor

from labkit.demo import Label, demo
from labkit.state_space.convs5 import figures
from labkit.state_space.convs5.method import compose_kernels, scan_rounds

LEVELS = 5


def _support(k: int, level: int) -> Tensor:
    """Ones composed with themselves, level by level: how often each offset is reached."""
    kernel = torch.ones(1, 1, k, k, dtype=torch.float64, device="cpu")
    for _ in range(level):
        kernel = compose_kernels(kernel, kernel)
        kernel = kernel / kernel.max()
    return kernel[0, 0]


@demo("Kernel growth: why the state kernel must be 1 x 1")
def kernel_growth(
    k: Annotated[Literal["1", "3", "5"], Label("state kernel"), doc("pixels a side of A's kernel")] = "3",
    level: Annotated[
        int,
        Interval(ge=0, le=LEVELS),
        Label("level of the tree"),
        doc("2^level frames composed into one step"),
    ] = 2,
    canvas: Annotated[int, Interval(ge=8, le=64), Label("frame size"), doc("the orange square")] = 16,
) -> go.Figure:
    """Climb the tree level by level. A 3 x 3 kernel nearly doubles at each: after a few levels it is larger than the
    frame (orange), and every composition multiplies kernels of that size. Take 1 x 1: it stays one pixel, at every
    level. That is why ConvS5 lets only B and C look around.
    """
    first = int(k)
    kernel = _support(first, level)
    sizes = {n: [2**j * (n - 1) + 1 for j in range(LEVELS + 1)] for n in (1, 3, 5)}
    return figures.kernel_growth(
        kernel.sqrt(),
        sizes,
        level,
        canvas,
        title=f"{2**level} steps of a {k} x {k} kernel are one of {kernel.shape[-1]} x {kernel.shape[-1]}",
    )


def tree_rounds(length: int) -> list[list[figures.Composition]]:
    """The compositions of each round, as `figures.scan_tree` draws them."""
    up: list[list[figures.Composition]] = []
    down: list[list[figures.Composition]] = []
    frames = list(range(1, length + 1))
    height = dict.fromkeys(frames, 0)  # the round of the latest result that ends at this frame

    def compose(before: int, end: int, y: int, covers: str) -> figures.Composition:
        made = figures.Composition(before, height[before], end, height[end], y, covers)
        height[end] = y
        return made

    def climb(ends: list[int], starts: list[int]) -> None:
        if len(ends) == 1:
            return
        y = len(up) + 1
        pairs = range(len(ends) // 2)
        up.append(
            [compose(ends[2 * i], ends[2 * i + 1], y, f"{starts[2 * i]}–{ends[2 * i + 1]}") for i in pairs]
        )
        climb([ends[2 * i + 1] for i in pairs], [starts[2 * i] for i in pairs])
        filled = [(ends[2 * i - 1], ends[2 * i]) for i in range(1, (len(ends) + 1) // 2)]
        if filled:
            y = len(up) + len(down) + 1
            down.append([compose(before, end, y, f"1–{end}") for before, end in filled])

    climb(frames, frames)
    return up + down


def loop_rounds(length: int) -> list[list[figures.Composition]]:
    """One composition a round."""
    return [[figures.Composition(k, k - 1, k + 1, 0, k, f"1–{k + 1}")] for k in range(1, length)]


@demo("Scan tree: T frames in log T rounds")
def scan_tree(
    way: Annotated[Literal["tree", "frame by frame"], doc("ConvS5's scan, or a ConvLSTM's loop")] = "tree",
    T: Annotated[int, Interval(ge=2, le=32), Label("frames T")] = 8,
) -> tuple[go.Figure, go.Figure]:
    """Press Play: each round does all its orange compositions at once, and waits for the round below. The tree first
    composes neighbours, then neighbours of neighbours; then it fills in what lies between. Double T: the tree gets two
    more rounds, the loop twice as many. Below, the count for longer videos.
    """
    rounds = tree_rounds(T) if way == "tree" else loop_rounds(T)
    lengths = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    return (
        figures.scan_tree(rounds, T, title=f"{way}: {T} frames in {len(rounds)} rounds"),
        figures.rounds_against_length(
            lengths, [scan_rounds(n) for n in lengths], T, title="Rounds against the length of the video"
        ),
    )
