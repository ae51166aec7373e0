"""Why a state kernel must be pointwise, and what a tree of compositions looks like."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, ESTIMATE, MUTED, SEQUENTIAL, TRUTH, animate, array, figure, panels


def kernel_growth(
    kernel: Float[Tensor, "k k"], sizes: Mapping[int, Sequence[int]], level: int, canvas: int, *, title: str
) -> go.Figure:
    """Left the composed kernel at a level of the tree, right its size at every level, one line a first size."""
    drawn = panels(title, ("where one step from there looks", "size of the composed kernel"), columns=2)
    size = kernel.shape[-1]
    reach = list(range(-(size // 2), size // 2 + 1))
    drawn.add_heatmap(
        x=reach, y=reach, z=array(kernel), colorscale=SEQUENTIAL, showscale=False, zmin=0, row=1, col=1
    )
    half = canvas / 2
    drawn.add_shape(
        type="rect", x0=-half, x1=half, y0=-half, y1=half, line={"color": ESTIMATE, "width": 3}, row=1, col=1
    )
    edge = max(half, size / 2) * 1.1
    drawn.update_xaxes(title_text="pixels to the right", range=[-edge, edge], row=1, col=1)
    drawn.update_yaxes(
        title_text="pixels down", range=[edge, -edge], scaleanchor="x", constrain="domain", row=1, col=1
    )
    drawn.update_xaxes(constrain="domain", row=1, col=1)
    for index, (first, values) in enumerate(sizes.items()):
        steps = [2**n for n in range(len(values))]
        colour = COLOURS[index % len(COLOURS)]
        drawn.add_scatter(
            x=steps,
            y=list(values),
            name=f"{first} x {first}",
            line={"color": colour, "width": 3},
            row=1,
            col=2,
        )
        drawn.add_scatter(
            x=[steps[level]],
            y=[values[level]],
            mode="markers",
            marker={"size": 12, "color": colour},
            showlegend=False,
            row=1,
            col=2,
        )
    drawn.add_hline(y=canvas, line={"color": ESTIMATE, "dash": "dot"}, row=1, col=2)
    drawn.update_xaxes(title_text="frames composed", type="log", dtick=1, row=1, col=2)
    drawn.update_yaxes(title_text="pixels a side", type="log", dtick=1, row=1, col=2)
    return drawn


class Composition(NamedTuple):
    """One composition: what ends at frame `before` (made in round `height_before`), then what ends at frame `end`."""

    before: int
    height_before: int
    end: int
    height_end: int
    height: int  # the round in which it is made
    covers: str


def scan_tree(rounds: Sequence[Sequence[Composition]], length: int, *, title: str) -> go.Figure:
    """The rounds of a scan, played one after the other.

    Args:
        rounds: for each round its compositions. Frames stand at y = 0; a result at y = the number of its round.
    """
    drawn = figure(title, "frame", "round", height=470)
    drawn.add_scatter(
        x=list(range(1, length + 1)),
        y=[0] * length,
        mode="markers",
        name="frames",
        marker={"size": 11, "color": TRUTH},
        hoverinfo="x",
    )

    def traces(upto: int) -> list[dict]:
        lines_x, lines_y, done_x, done_y, now_x, now_y, text = [], [], [], [], [], [], []
        for r in range(upto):
            for c in rounds[r]:
                lines_x += [c.before, c.end, None, c.end, c.end, None]
                lines_y += [c.height_before, c.height, None, c.height_end, c.height, None]
                (now_x if r == upto - 1 else done_x).append(c.end)
                (now_y if r == upto - 1 else done_y).append(c.height)
                if r == upto - 1:
                    text.append(c.covers)
        return [
            {"type": "scatter", "x": lines_x, "y": lines_y},
            {"type": "scatter", "x": done_x, "y": done_y},
            {"type": "scatter", "x": now_x, "y": now_y, "text": text},
        ]

    last = traces(len(rounds))
    drawn.add_scatter(
        x=last[0]["x"], y=last[0]["y"], mode="lines", line={"color": MUTED, "width": 1}, showlegend=False
    )
    done = {"size": 10, "color": COLOURS[0]}
    drawn.add_scatter(x=last[1]["x"], y=last[1]["y"], mode="markers", name="composed", marker=done)
    drawn.add_scatter(
        x=last[2]["x"],
        y=last[2]["y"],
        text=last[2]["text"],
        mode="markers+text" if length <= 16 else "markers",
        textposition="top center",
        name="in this round, all at once",
        marker={"size": 14, "color": ESTIMATE},
    )
    drawn.update_xaxes(range=[0.4, length + 0.6])
    drawn.update_yaxes(range=[-0.5, len(rounds) + 0.9], dtick=max(1, len(rounds) // 8))
    frames = [{"name": str(r), "data": traces(r), "traces": [1, 2, 3]} for r in range(1, len(rounds) + 1)]
    if len(frames) > 1:
        animate(drawn, frames, label="round", milliseconds=700)
        drawn.layout.sliders[0].active = len(frames) - 1
    return drawn


def rounds_against_length(
    lengths: Sequence[int], tree: Sequence[int], chosen: int, *, title: str
) -> go.Figure:
    """Rounds that wait for each other, against the video's length: the loop's and the tree's."""
    drawn = figure(title, "frames T", "rounds that wait for each other", height=340)
    for name, values, colour in (
        ("frame by frame (ConvLSTM)", list(lengths), COLOURS[1]),
        ("tree (ConvS5)", list(tree), COLOURS[0]),
    ):
        drawn.add_scatter(x=list(lengths), y=values, name=name, line={"color": colour, "width": 3})
    drawn.add_vline(x=chosen, line={"color": TRUTH, "dash": "dot"})
    drawn.update_xaxes(type="log", exponentformat="none", dtick=1)
    drawn.update_yaxes(type="log", exponentformat="none", dtick=1)
    return drawn
