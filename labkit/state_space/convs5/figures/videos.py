"""Videos side by side, with a play button, and how good they are frame by frame."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, TRUTH, animate, array, figure, panels

GAP = 2  # white pixels between two videos
MODEL_COLOURS = {
    "ConvS5": COLOURS[0],
    "ConvLSTM": COLOURS[1],
    "S5 on flat latents": COLOURS[4],
    "Transformer": COLOURS[2],
    "Transformer, cached": COLOURS[3],
    "last frame": COLOURS[6],
}
_GREYS = [[0.0, "#111111"], [254 / 255, "#F7F7F7"], [254.5 / 255, "#FFFFFF"], [1.0, "#FFFFFF"]]


def colour_of(model: str) -> str:
    """The colour that a model has in all of the paper's pictures."""
    return MODEL_COLOURS.get(model, COLOURS[7])


def _tiles(videos: Sequence[np.ndarray], t: int) -> np.ndarray:
    h, w = videos[0].shape[-2:]
    row = np.full((h, len(videos) * (w + GAP) - GAP), 255, np.uint8)
    for i, video in enumerate(videos):
        row[:, i * (w + GAP) : i * (w + GAP) + w] = (254 * np.clip(video[t], 0, 1)).round()
    return row


def player(
    videos: Mapping[str, Float[Tensor, "time H W"]], names: Sequence[str], *, title: str, opens: int = -1
) -> go.Figure:
    """Videos in [0, 1] side by side, with a slider over `names`, one a frame; it opens at the frame `opens`."""
    arrays = [array(video) for video in videos.values()]
    w = arrays[0].shape[-1]
    pictures = [_tiles(arrays, t) for t in range(len(arrays[0]))]
    drawn = figure(title, " ", "", height=440)
    drawn.add_heatmap(
        z=pictures[opens], colorscale=_GREYS, zmin=0, zmax=255, showscale=False, hoverinfo="skip"
    )
    drawn.update_xaxes(
        tickvals=[i * (w + GAP) + (w - 1) / 2 for i in range(len(arrays))],
        ticktext=list(videos),
        side="top",
        showgrid=False,
        showline=False,
        ticks="",
        constrain="domain",
        title_standoff=4,
    )
    drawn.update_yaxes(
        autorange="reversed", scaleanchor="x", constrain="domain", showticklabels=False, showgrid=False
    )
    drawn.update_yaxes(showline=False, ticks="")
    frames = [
        {"name": name, "data": [{"type": "heatmap", "z": picture}], "traces": [0]}
        for name, picture in zip(names, pictures, strict=True)
    ]
    if len(frames) > 1:
        animate(drawn, frames, label="", milliseconds=180)
        drawn.layout.sliders[0].active = opens % len(frames)
    drawn.update_layout(margin_t=112)
    return drawn


def scores(
    values: Mapping[str, Sequence[float]], *, title: str, y: str, reads: str = "frames ahead"
) -> go.Figure:
    """A score against the horizon, one line a model."""
    drawn = figure(title, reads, y, height=360)
    for name, line in values.items():
        drawn.add_scatter(
            x=list(range(1, len(line) + 1)),
            y=list(line),
            name=name,
            line={"color": colour_of(name), "width": 2.5},
        )
    return drawn


def strips(videos: Mapping[str, Float[Tensor, "time H W"]], every: int, *, title: str) -> go.Figure:
    """Every so-manieth frame of each video, one row a video."""
    kept = {name: array(video)[::every] for name, video in videos.items()}
    rows = [_tiles([frame[None] for frame in video], 0) for video in kept.values()]
    gap = np.full((GAP, rows[0].shape[1]), 255, np.uint8)
    h, w = rows[0].shape[0], next(iter(kept.values())).shape[-1]
    whole = np.concatenate([part for row in rows for part in (row, gap)][:-1])
    drawn = figure(title, "frames ahead", "", height=170 + 84 * len(rows))
    drawn.add_heatmap(z=whole, colorscale=_GREYS, zmin=0, zmax=255, showscale=False, hoverinfo="skip")
    count = len(next(iter(kept.values())))
    drawn.update_xaxes(
        tickvals=[i * (w + GAP) + (w - 1) / 2 for i in range(count)],
        ticktext=[str(1 + i * every) for i in range(count)],
        showgrid=False,
        constrain="domain",
    )
    drawn.update_yaxes(
        tickvals=[i * (h + GAP) + (h - 1) / 2 for i in range(len(rows))],
        ticktext=list(kept),
        autorange="reversed",
        scaleanchor="x",
        constrain="domain",
        showgrid=False,
        automargin=True,
    )
    drawn.update_layout(margin_b=64)
    return drawn


def costs(values: Mapping[str, Mapping[int, float]], *, title: str, y: str) -> go.Figure:
    """What one more frame costs, against how many came before; one line a model."""
    drawn = figure(title, "frames that came before", y, height=380)
    for name, line in values.items():
        drawn.add_scatter(
            x=list(line),
            y=list(line.values()),
            name=name,
            mode="lines+markers",
            line={"color": colour_of(name), "width": 2.5},
        )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def pixel(
    frames: Float[Tensor, "time H W"],
    moment: int,
    row: int,
    column: int,
    k: int,
    drive: Float[Tensor, " time"],
    states: Float[Tensor, "modes time"],
    memories: Sequence[float],
    *,
    title: str,
) -> go.Figure:
    """One pixel as one state-space model: the frame with its patch, what enters there, and the states there."""
    drawn = panels(
        title,
        (
            "the frame, and the patch that enters",
            "light in the patch",
            "states at this pixel, Re x<sub>p</sub>",
        ),
        rows=2,
        columns=2,
        height=600,
        specs=[[{"rowspan": 2}, {}], [None, {}]],
        column_widths=[0.42, 0.58],
        vertical_spacing=0.16,
        horizontal_spacing=0.16,
    )
    drawn.add_heatmap(
        z=array(frames[moment]),
        colorscale=[[0.0, "#111111"], [1.0, "#F7F7F7"]],
        showscale=False,
        zmin=0,
        zmax=1,
        row=1,
        col=1,
    )
    half = k / 2
    drawn.add_shape(
        type="rect",
        x0=column - half,
        x1=column + half,
        y0=row - half,
        y1=row + half,
        line={"color": COLOURS[1], "width": 3},
        row=1,
        col=1,
    )
    size = frames.shape[-1]
    drawn.update_xaxes(title_text="column", range=[-0.5, size - 0.5], constrain="domain", row=1, col=1)
    drawn.update_yaxes(
        title_text="row",
        range=[frames.shape[-2] - 0.5, -0.5],
        scaleanchor="x",
        constrain="domain",
        row=1,
        col=1,
    )
    time = list(range(len(drive)))
    drawn.add_scatter(
        x=time, y=array(drive), line={"color": TRUTH, "width": 2}, showlegend=False, row=1, col=2
    )
    for index, (line, memory) in enumerate(zip(states, memories, strict=True)):
        drawn.add_scatter(
            x=time,
            y=array(line),
            name=f"memory {memory:.0f} frames" if memory >= 10 else f"memory {memory:.1f} frames",
            line={"color": COLOURS[index], "width": 2.2},
            row=2,
            col=2,
        )
    for r in (1, 2):
        drawn.add_vline(x=moment, line={"color": COLOURS[1], "dash": "dot"}, row=r, col=2)
    drawn.update_xaxes(matches="x3", row=1, col=2)
    drawn.update_xaxes(title_text="frame", row=2, col=2)
    drawn.update_yaxes(title_text="sum of pixels", row=1, col=2)
    drawn.update_yaxes(title_text="state, scaled to 1", row=2, col=2)
    return drawn


def memory(
    eigenvalues: tuple[Sequence[float], Sequence[float]],
    steps: Sequence[float],
    memories: Sequence[float],
    periods: Sequence[float],
    length: int,
    *,
    title: str,
) -> go.Figure:
    """Left the eigenvalues, right how long each mode remembers and how fast it turns, against its Delta."""
    drawn = panels(title, ("eigenvalues Λ (upper half)", "in frames, after discretisation"), columns=2)
    drawn.add_scatter(
        x=list(eigenvalues[0]),
        y=list(eigenvalues[1]),
        mode="markers",
        marker={"size": 9, "color": COLOURS[0]},
        showlegend=False,
        row=1,
        col=1,
    )
    for name, values, colour, symbol in (
        ("memory 1/(Δ |Re Λ|)", memories, COLOURS[0], "circle"),
        ("period 2π/(Δ |Im Λ|)", periods, COLOURS[1], "diamond"),
    ):
        drawn.add_scatter(
            x=list(steps),
            y=list(values),
            mode="markers",
            name=name,
            marker={"size": 9, "color": colour, "symbol": symbol},
            row=1,
            col=2,
        )
    drawn.add_hline(y=length, line={"color": TRUTH, "dash": "dot"}, row=1, col=2)
    drawn.add_hline(y=2, line={"color": COLOURS[6], "dash": "dot"}, row=1, col=2)
    drawn.update_xaxes(title_text="Re Λ", row=1, col=1)
    drawn.update_yaxes(title_text="Im Λ", row=1, col=1)
    drawn.update_xaxes(title_text="Δ", type="log", dtick=1, row=1, col=2)
    drawn.update_yaxes(title_text="frames", type="log", dtick=1, row=1, col=2)
    return drawn
