"""Pictures of framed clouds, and of the places where frames break."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, MUTED, TRUTH, array, figure, panels


def _points(drawn: go.Figure, cloud: np.ndarray, row: int, col: int, highlight: bool = False) -> None:
    depth = cloud[:, 2] if cloud.shape[1] > 2 else np.zeros(len(cloud))
    drawn.add_scatter(
        x=cloud[:, 0],
        y=cloud[:, 1],
        mode="markers",
        marker={
            "size": 5 + 4 * (depth - depth.min()) / (np.ptp(depth) or 1),
            "color": np.arange(len(cloud)),
            "colorscale": "Viridis",
            "line": {"width": 1.5 if highlight else 0, "color": COLOURS[1]},
        },
        showlegend=False,
        hoverinfo="skip",
        row=row,
        col=col,
    )


def framed_copies(
    cloud: Float[Tensor, "n d"],
    centre: Float[Tensor, " d"],
    axes: Float[Tensor, "d d"],
    lengths: Float[Tensor, " d"],
    copies: Float[Tensor, "f n d"],
    names: Sequence[str],
    *,
    title: str,
    highlight: int,
) -> go.Figure:
    """The cloud with its principal axes at the left, and its framed copies beside it.

    Args:
        axes: the columns are the axes; lengths: of the arrows drawn along them.
        copies: in the frame's coordinates; the first two are drawn, the third is the size of the dots.
        highlight: a copy to mark.
    """
    columns = 1 + -(-len(copies) // 2)
    where = [(1, 1)] + [(1 + i % 2, 2 + i // 2) for i in range(len(copies))]
    titles = [""] * (2 * columns)
    for (row, col), name in zip(where, ["input", *names], strict=True):
        titles[(row - 1) * columns + col - 1] = name
    specs = [[{"rowspan": 2}, *[{}] * (columns - 1)], [None, *[{}] * (columns - 1)]]
    titles = [t for i, t in enumerate(titles) if i != columns]  # the input's panel spans both rows
    drawn = panels(
        title,
        titles,
        rows=2,
        columns=columns,
        height=560,
        specs=specs,
        column_widths=[1.7] + [1.0] * (columns - 1),
        horizontal_spacing=0.02,
        vertical_spacing=0.1,
    )
    _points(drawn, array(cloud), 1, 1)
    middle = array(centre)
    for k in range(axes.shape[1]):
        tip = middle + array(lengths)[k] * array(axes)[:, k]
        drawn.add_scatter(
            x=[middle[0], tip[0]],
            y=[middle[1], tip[1]],
            mode="lines",
            line={"color": COLOURS[1 + k], "width": 4},
            name=f"axis {k + 1} (λ = {array(lengths)[k] ** 2:.3g})",
            row=1,
            col=1,
        )
    drawn.add_scatter(
        x=middle[:1],
        y=middle[1:2],
        mode="markers",
        marker={"size": 9, "color": TRUTH},
        name="centre",
        row=1,
        col=1,
    )
    for index, copy in enumerate(array(copies)):
        row, col = where[1 + index]
        _points(drawn, copy, row, col, highlight == index)
    reach = 1.15 * float(np.abs(array(copies)).max())
    for number in range(2, 2 + len(copies)):
        x, y = drawn.layout[f"xaxis{number}"], drawn.layout[f"yaxis{number}"]
        x.update(range=[-reach, reach], showticklabels=False, ticks="", constrain="domain", zeroline=True)
        y.update(
            range=[-reach, reach],
            scaleanchor=f"x{number}",
            showticklabels=False,
            ticks="",
            constrain="domain",
            zeroline=True,
        )
        x.zerolinecolor = y.zerolinecolor = MUTED
    drawn.layout.xaxis.update(range=[-4, 4], constrain="domain", title_text="x")
    drawn.layout.yaxis.update(range=[-4, 4], scaleanchor="x", constrain="domain", title_text="y")
    return drawn


def breaking(
    angles: Sequence[float],
    outputs: Mapping[str, Sequence[float]],
    gap: float,
    *,
    title: str,
    warning: float,
) -> go.Figure:
    """An average against the direction of a tiny stretch, and the eigenvalue gap beside it, red where it is small."""
    drawn = panels(title, ["output against direction", "relative gap"], columns=2, column_widths=[0.8, 0.2])
    for index, (name, values) in enumerate(outputs.items()):
        drawn.add_scatter(
            x=list(angles),
            y=list(values),
            mode="lines",
            name=name,
            line={"color": COLOURS[index], "width": 2.5},
            row=1,
            col=1,
        )
    drawn.add_bar(
        x=[""],
        y=[max(gap, 1e-12)],
        marker_color=COLOURS[1] if gap < warning else COLOURS[2],
        showlegend=False,
        row=1,
        col=2,
    )
    drawn.add_hline(y=warning, line={"dash": "dot", "color": TRUTH}, row=1, col=2)
    drawn.update_xaxes(title_text="direction of the stretch (degrees)", row=1, col=1)
    drawn.update_xaxes(title_text="this cloud", row=1, col=2)
    drawn.update_yaxes(title_text="output of the average", row=1, col=1)
    drawn.update_yaxes(type="log", range=[-12, 0.3], title_text="(λ₂ − λ₁) / λ₂ ", row=1, col=2)
    return drawn


def monte_carlo(
    samples: Sequence[int],
    errors: Sequence[float],
    frame: tuple[int, float],
    *,
    title: str,
) -> go.Figure:
    """Invariance error against evaluations of the network: the group's average by sampling, and the frame's."""
    drawn = figure(title, "evaluations of the network", "invariance error |f(gX) − f(X)|")
    drawn.add_scatter(
        x=list(samples),
        y=list(errors),
        mode="lines+markers",
        name="random elements of the group",
        line={"color": COLOURS[0], "width": 2.5},
    )
    line = errors[0] * (np.asarray(samples) / samples[0]) ** -0.5
    drawn.add_scatter(
        x=list(samples), y=line, mode="lines", name="k<sup>−1/2</sup>", line={"color": MUTED, "dash": "dot"}
    )
    drawn.add_scatter(
        x=[frame[0]],
        y=[max(frame[1], 1e-17)],
        mode="markers+text",
        text=[f"  the frame: {frame[0]} evaluations"],
        textposition="middle right",
        marker={"size": 14, "color": COLOURS[1]},
        name="frame",
    )
    drawn.update_xaxes(type="log", dtick=1)
    drawn.update_yaxes(type="log", dtick=3, range=[-17.5, 1])
    return drawn
