"""States as pictures: space-time diagrams, the energy over velocities, the border of V, errors over velocities."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, SEQUENTIAL, array, figure, panels


def space_time(
    sizes: Float[Tensor, "channels time space"],
    stimulus: Float[Tensor, "time pixels"],
    names: Sequence[str],
    *,
    title: str,
    x_name: str,
    highlight: int | None = None,
    predicted: Float[Tensor, "channels time space"] | None = None,
    known: Sequence[bool] = (),
) -> go.Figure:
    """The stimulus and one panel a channel: space to the right, time downwards, size as colour.

    Args:
        highlight: the channel whose name is set in bold.
        predicted: the states that the theorem predicts, as contour lines, on the channels that are `known`.
    """
    columns = min(4, len(names) + 1)
    rows = -(-(len(names) + 1) // columns)
    titles = ["input", *(f"<b>{n}</b>" if i == highlight else n for i, n in enumerate(names))]
    drawn = panels(
        title,
        titles,
        rows=rows,
        columns=columns,
        height=180 + 210 * rows,
        vertical_spacing=0.2,
        horizontal_spacing=0.05,
    )
    top = float(sizes.max()) or 1.0
    everything = [
        (stimulus, None),
        *zip(sizes, predicted if predicted is not None else [None] * len(names), strict=True),
    ]
    for index, (values, lines) in enumerate(everything):
        row, column = index // columns + 1, index % columns + 1
        drawn.add_heatmap(
            z=array(values).round(3),
            colorscale="Greys" if index == 0 else SEQUENTIAL,
            zmin=0,
            zmax=1.0 if index == 0 else top,
            showscale=False,
            row=row,
            col=column,
        )
        if lines is not None and known[index - 1]:
            drawn.add_contour(
                z=array(lines).round(3),
                contours={"coloring": "none", "start": 0.3 * top, "end": 0.9 * top, "size": 0.3 * top},
                line={"color": COLOURS[1], "width": 1.5},
                showscale=False,
                hoverinfo="skip",
                row=row,
                col=column,
            )
        drawn.update_yaxes(
            title_text="time (frames)" if column == 1 else "", autorange="reversed", row=row, col=column
        )
        last = index + columns > len(names)
        drawn.update_xaxes(
            title_text=x_name if last else "", showticklabels=last, showgrid=False, row=row, col=column
        )
    return drawn


def energy_map(
    energy: Float[Tensor, "vy vx"],
    velocities: Sequence[int],
    marked: Sequence[tuple[int, int]],
    *,
    title: str,
) -> go.Figure:
    """The energy of every velocity channel over (vx, vy), with the stimuli's velocities marked."""
    drawn = figure(title, "vx (pixels a frame)", "vy (pixels a frame)", height=460)
    drawn.add_heatmap(
        x=list(velocities),
        y=list(velocities),
        z=array(energy),
        colorscale=SEQUENTIAL,
        colorbar={"title": "energy"},
    )
    drawn.add_scatter(
        x=[v[0] for v in marked],
        y=[v[1] for v in marked],
        mode="markers",
        name="the stimulus's velocity",
        marker={"symbol": "circle-open", "size": 30, "color": COLOURS[1], "line": {"width": 4}},
    )
    edge = max(abs(v) for v in velocities) + 0.5
    reach = max([edge, *(abs(x) + 0.5 for v in marked for x in v)])
    drawn.update_xaxes(range=[-reach, reach], dtick=1, showgrid=False, constrain="domain")
    drawn.update_yaxes(range=[reach, -reach], dtick=1, showgrid=False, scaleanchor="x", constrain="domain")
    return drawn


def velocity_border(
    states: Sequence[Sequence[int]],
    velocities: Sequence[tuple[int, int]],
    names: Sequence[str],
    *,
    title: str,
) -> go.Figure:
    """Which channels are exact: one panel a time, each cell a channel (vx, vy).

    Args:
        states: for each time, 0 (no partner in V), 1 (spoilt by the border) or 2 (exact) a channel.
    """
    axis = sorted({v[0] for v in velocities})
    drawn = panels(title, list(names), columns=len(names), height=400, horizontal_spacing=0.04)
    for column, marks in enumerate(states, start=1):
        grid = np.zeros((len(axis), len(axis)), np.uint8)
        for (vx, vy), mark in zip(velocities, marks, strict=True):
            grid[axis.index(vy), axis.index(vx)] = mark
        drawn.add_heatmap(
            x=axis,
            y=axis,
            z=grid,
            zmin=-0.5,
            zmax=2.5,
            colorscale=[
                [0, "#D9DEE4"],
                [1 / 3, "#D9DEE4"],
                [1 / 3, "#E69F00"],
                [2 / 3, "#E69F00"],
                [2 / 3, "#009E73"],
                [1, "#009E73"],
            ],
            xgap=2,
            ygap=2,
            showscale=column == len(states),
            colorbar={"tickvals": [0, 1, 2], "ticktext": ["no partner", "spoilt", "exact"]},
            row=1,
            col=column,
        )
        drawn.update_layout(margin_r=110)
        drawn.update_xaxes(title_text="vx", showgrid=False, dtick=1, row=1, col=column)
        drawn.update_yaxes(
            title_text="vy" if column == 1 else "",
            showgrid=False,
            dtick=1,
            autorange="reversed",
            row=1,
            col=column,
        )
    return drawn


def error_heat(
    errors: dict[str, Float[Tensor, "vy vx"]], velocities: Sequence[int], trained: int, *, title: str
) -> go.Figure:
    """Errors over (vx, vy), one panel a model, with the training velocities outlined."""
    drawn = panels(title, list(errors), columns=len(errors), height=420)
    low = min(float(e.min()) for e in errors.values())
    high = max(float(e.max()) for e in errors.values())
    for column, values in enumerate(errors.values(), start=1):
        drawn.add_heatmap(
            x=list(velocities),
            y=list(velocities),
            z=array(values),
            zmin=low,
            zmax=high,
            colorscale=SEQUENTIAL,
            showscale=column == len(errors),
            colorbar={"title": "MSE"},
            row=1,
            col=column,
        )
        edge = trained + 0.5
        drawn.add_shape(
            type="rect",
            x0=-edge,
            x1=edge,
            y0=-edge,
            y1=edge,
            line={"color": COLOURS[1], "width": 3},
            row=1,
            col=column,
        )
        drawn.update_xaxes(title_text="vx (pixels a frame)", dtick=1, row=1, col=column)
        drawn.update_yaxes(
            title_text="vy" if column == 1 else "", dtick=1, autorange="reversed", row=1, col=column
        )
    return drawn
