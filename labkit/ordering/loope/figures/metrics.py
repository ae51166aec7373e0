"""Structural metrics and locality as curves and bars."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, MUTED, TRUTH, array, figure, panels


def distance_scatter(
    distance: Float[Tensor, " cells"],
    similarity: Mapping[str, Float[Tensor, " cells"]],
    radial: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
) -> go.Figure:
    """Similarity against the true distance: a dot for each patch, and the mean at each rounded distance."""
    drawn = figure(title, "distance from the patch (cells)", "cosine similarity", height=400)
    for position, (name, values) in enumerate(similarity.items()):
        drawn.add_scatter(
            x=array(distance).round(3),
            y=array(values).round(4),
            mode="markers",
            name=f"{name}, patches",
            marker={"color": COLOURS[position], "size": 5, "opacity": 0.35},
        )
        drawn.add_scatter(
            x=list(radial[name][0]),
            y=list(radial[name][1]),
            mode="lines+markers",
            name=f"{name}, mean",
            line={"color": COLOURS[position], "width": 3},
        )
    return drawn


def bars(numbers: Mapping[str, float], *, metric: str, title: str) -> go.Figure:
    """One metric of every order, sorted."""
    drawn = figure(title, metric, "", height=430)
    names = sorted(numbers, key=lambda name: numbers[name])
    drawn.add_bar(
        x=[numbers[name] for name in names],
        y=names,
        orientation="h",
        text=[f"{numbers[name]:.4f}" for name in names],
        marker_color=[COLOURS[1] if name == "gilbert" else COLOURS[0] for name in names],
    )
    return drawn


def locality(
    by_distance: Mapping[str, Float[Tensor, " n"]],
    by_stretch: Mapping[str, Float[Tensor, " m"]],
    *,
    title: str,
) -> go.Figure:
    """Mean |rank difference| by distance, and mean distance by |rank difference|, logarithmic."""
    drawn = panels(
        title,
        ["how far apart are neighbours along the walk?", "how far does the walk get on the grid?"],
        height=480,
    )
    names = [("distance (cells)", "mean |rank difference|"), ("|rank difference|", "mean distance (cells)")]
    for column, (curves, (x, y)) in enumerate(zip((by_distance, by_stretch), names, strict=True), start=1):
        for position, (name, values) in enumerate(curves.items()):
            drawn.add_scatter(
                x=list(range(1, len(values) + 1)),
                y=array(values).round(3),
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                mode="lines",
                line={
                    "color": COLOURS[position % len(COLOURS)],
                    "dash": "solid" if position < len(COLOURS) else "dash",
                },
                row=1,
                col=column,
            )
        drawn.update_xaxes(title_text=x, type="log", row=1, col=column)
        drawn.update_yaxes(title_text=y, type="log", row=1, col=column)
    return drawn


def sweep(
    buckets: Sequence[int],
    curves: Mapping[str, Sequence[float]],
    ceiling: Sequence[float],
    undirected: Mapping[str, float],
    *,
    title: str,
) -> go.Figure:
    """M_D against the number of directions, with the ceiling (dashed) and each M_U (dotted)."""
    drawn = figure(title, "number of directions N", "M<sub>D</sub>(N)", height=460)
    drawn.add_scatter(
        x=list(buckets), y=list(ceiling), name="ceiling", mode="lines", line={"color": TRUTH, "dash": "dash"}
    )
    for position, (name, values) in enumerate(curves.items()):
        colour = COLOURS[position] if position < len(COLOURS) else MUTED
        drawn.add_scatter(
            x=list(buckets), y=list(values), name=name, mode="lines+markers", line={"color": colour}
        )
        drawn.add_scatter(
            x=[buckets[0], buckets[-1]],
            y=[undirected[name]] * 2,
            name=f"M<sub>U</sub> of {name}",
            mode="lines",
            line={"color": colour, "dash": "dot", "width": 1},
        )
    drawn.update_xaxes(type="log", tickvals=list(buckets))
    drawn.update_yaxes(range=[0.9, 2.05])
    return drawn
