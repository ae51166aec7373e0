"""Pictures of maps: movies of tiles, the commuting square; and error curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, SEQUENTIAL, TRUTH, animate, array, figure

GAP = 1  # pixels between two tiles
BLANK = 255  # the grey level of what is not drawn; the data use 0 to 254


def _levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Grey levels from 0 to 254: a byte a pixel is what a screen shows, and what a slider can carry."""
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    return (254 * np.clip((values - low) / (high - low), 0, 1)).round().astype(np.uint8)


def _montage(tiles: np.ndarray) -> np.ndarray:
    """Tiles (rows, columns, H, W) as one picture, with a blank line between."""
    rows, columns, h, w = tiles.shape
    whole = np.full((rows * (h + GAP) - GAP, columns * (w + GAP) - GAP), BLANK, np.uint8)
    for r in range(rows):
        for c in range(columns):
            whole[r * (h + GAP) : r * (h + GAP) + h, c * (w + GAP) : c * (w + GAP) + w] = tiles[r, c]
    return whole


# Viridis for the data, white for the lines between the tiles.
_SCALE = [
    [0.0, "#440154"],
    [0.25, "#3B528B"],
    [0.5, "#21918C"],
    [0.75, "#5EC962"],
    [254 / 255, "#FDE725"],
    [254.5 / 255, "#FFFFFF"],
    [1.0, "#FFFFFF"],
]


def movie_grid(
    frames: Float[Tensor, "rows columns time H W"],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    title: str,
    row_name: str,
    column_name: str = " ",
    times: Sequence[str] = (),
    highlight: int | None = None,
    height: int = 0,
    milliseconds: int = 250,
) -> go.Figure:
    """Maps as tiles, with a frame slider and a play button.

    It opens at the last frame. Every column is scaled to its own range over the movie.

    Args:
        highlight: a row to frame.
        times: the frames' names on the slider; by default their numbers.

    Raises:
        ValueError: labels that do not match the tiles.
    """
    rows, columns, length, h, w = frames.shape
    if len(row_labels) != rows or len(column_labels) != columns:
        raise ValueError(
            f"{rows} rows and {columns} columns need as many labels; got {len(row_labels)}, {len(column_labels)}"
        )
    values = array(frames)
    levels = np.stack(
        [
            _levels(values[:, c], min(0.0, float(values[:, c].min())), float(values[:, c].max()))
            for c in range(columns)
        ],
        axis=1,
    )
    pictures = [_montage(levels[:, :, t]) for t in range(length)]
    drawn = figure(title, column_name, row_name, height=height or 232 + rows * min(128, 640 // rows))
    drawn.add_heatmap(z=pictures[-1], colorscale=_SCALE, zmin=0, zmax=255, showscale=False, hoverinfo="skip")
    drawn.update_xaxes(
        tickvals=[c * (w + GAP) + (w - 1) / 2 for c in range(columns)],
        ticktext=list(column_labels),
        showgrid=False,
        showline=False,
        side="top",
        ticks="",
        tickangle=0,
        constrain="domain",
    )
    drawn.update_yaxes(
        tickvals=[r * (h + GAP) + (h - 1) / 2 for r in range(rows)],
        ticktext=list(row_labels),
        showgrid=False,
        showline=False,
        autorange="reversed",
        scaleanchor="x" if h > 2 else None,
        constrain="domain",
        ticks="",
        automargin=True,
        title_standoff=10,
    )
    if highlight is not None:
        drawn.add_shape(
            type="rect",
            x0=-0.8,
            x1=pictures[0].shape[1] - 0.2,
            y0=highlight * (h + GAP) - 0.8,
            y1=highlight * (h + GAP) + h - 0.2,
            line={"color": COLOURS[1], "width": 3},
        )
    names = list(times) or [str(t) for t in range(length)]
    moving = [
        {"name": names[t], "data": [{"type": "heatmap", "z": pictures[t]}], "traces": [0]}
        for t in range(length)
    ]
    if length > 1:
        animate(drawn, moving, label="frame", milliseconds=milliseconds)
        drawn.layout.sliders[0].active = length - 1
    drawn.update_layout(margin_t=112)
    return drawn


def error_curve(
    x: Sequence[float],
    errors: Mapping[str, Sequence[float]],
    *,
    title: str,
    x_name: str,
    y_name: str,
    floor: float = 1e-16,
    log: bool = True,
) -> go.Figure:
    """One line for each named sequence of errors; a log axis with a floor that exact zeros stand on."""
    drawn = figure(title, x_name, y_name)
    for index, (name, values) in enumerate(errors.items()):
        y = np.maximum(np.asarray(values, np.float64), floor) if log else np.asarray(values, np.float64)
        drawn.add_scatter(
            x=list(x)[: len(y)],
            y=y,
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[index % len(COLOURS)], "width": 2.5},
        )
    drawn.update_layout(margin_l=96)
    if log:
        drawn.update_yaxes(type="log", exponentformat="power")
        drawn.add_hline(y=floor, line={"color": TRUTH, "dash": "dot", "width": 1})
    return drawn


def commuting_square(
    top_left: Float[Tensor, "H W"],
    top_right: Float[Tensor, "H W"],
    bottom_left: Float[Tensor, "H2 W2"],
    bottom_right: Float[Tensor, "H2 W2"],
    error: float,
    *,
    title: str,
    names: Sequence[str],
    across: Sequence[str],
    down: str,
    prediction: Float[Tensor, "H2 W2"] | None = None,
) -> go.Figure:
    """The diagram of equivariance: down the model, across the group; both ways round should agree.

    Args:
        names: of the four corners, and of the prediction where one is given.
        across: what the arrows above and below say; down: what those at the sides say.
        prediction: what the group makes of the bottom left corner; drawn between the two lower ones.
    """
    from plotly.subplots import make_subplots

    corners = [(top_left, 1, 1), (top_right, 1, 3), (bottom_left, 2, 1), (bottom_right, 2, 3)]
    corners += [(prediction, 2, 2)] if prediction is not None else []
    titles = [names[0], "", names[1], names[2], names[4] if prediction is not None else "", names[3]]
    drawn = make_subplots(
        rows=2, cols=3, subplot_titles=titles, horizontal_spacing=0.06, vertical_spacing=0.2
    )
    top = max(float(x.max()) for x, row, _ in corners if row == 2)
    for values, row, column in corners:
        high = float(values.max()) if row == 1 else top
        drawn.add_heatmap(
            z=_levels(array(values), 0.0, high),
            colorscale=SEQUENTIAL,
            zmin=0,
            zmax=254,
            showscale=False,
            hoverinfo="skip",
            row=row,
            col=column,
        )
    drawn.update_xaxes(showticklabels=False, showline=False, ticks="", showgrid=False)
    drawn.update_yaxes(showticklabels=False, showline=False, ticks="", showgrid=False, autorange="reversed")
    for index in range(1, 7):
        anchor = "x" if index == 1 else f"x{index}"
        drawn.layout["yaxis" if index == 1 else f"yaxis{index}"].update(
            scaleanchor=anchor, constrain="domain"
        )
        drawn.layout["xaxis" if index == 1 else f"xaxis{index}"].update(constrain="domain")
    arrow = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 15}}
    drawn.add_annotation(x=0.5, y=0.8, text=f"{across[0]}<br>→", **arrow)
    drawn.add_annotation(x=0.16, y=0.5, text=f"{down} ↓", **arrow)
    drawn.add_annotation(x=0.84, y=0.5, text=f"{down} ↓", **arrow)
    drawn.add_annotation(x=0.5, y=0.5, text=f"<b>relative error {error:.2g}</b>", **arrow)
    drawn.add_annotation(x=0.5, y=-0.06, text=f"{across[1]} →", **arrow)
    drawn.update_layout(template="labkit", title_text=title, height=560, margin_t=100)
    return drawn
