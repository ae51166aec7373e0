"""Orders as paths on the grid, and the similarity that they induce."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from torch import Tensor

from labkit.ordering.loope.figures.style import cell_axes
from labkit.plotting import ESTIMATE, MEASURE, MUTED, SEQUENTIAL, TRUTH, array, panels


def explorer(
    paths: Mapping[str, Int[Tensor, "cells 2"]],
    maps: Mapping[str, Float[Tensor, "height width"]],
    chosen: tuple[int, int],
    upto: int,
    *,
    title: str,
) -> go.Figure:
    """Each order's path above, its similarity to the chosen patch below, one column an order."""
    names = list(paths)
    titles = [f"{name}: the walk" for name in names] + [f"{name}: similarity to the patch" for name in names]
    drawn = panels(
        title,
        titles,
        rows=2,
        columns=len(names),
        height=860,
        vertical_spacing=0.17,
        horizontal_spacing=0.12,
    )
    for position, name in enumerate(names, start=1):
        height, width = maps[name].shape
        traces = _path(array(paths[name]), upto, arrows=True)
        drawn.add_traces(traces, rows=[1] * len(traces), cols=[position] * len(traces))
        drawn.add_scatter(
            x=[chosen[1]],
            y=[chosen[0]],
            mode="markers",
            marker={"symbol": "square-open", "size": 16, "color": TRUTH, "line": {"width": 3}},
            hoverinfo="skip",
            showlegend=False,
            row=1,
            col=position,
        )
        _similarity(drawn, maps[name], chosen, 2, position, shown=position == len(names))
        cell_axes(drawn, height, width, [(1, position), (2, position)])
    drawn.update_layout(showlegend=False)
    return drawn


def _similarity(
    drawn: go.Figure, values: Tensor, chosen: tuple[int, int], row: int, column: int, *, shown: bool
) -> None:
    drawn.add_heatmap(
        z=array(values).round(4),
        zmin=0,
        zmax=1,
        colorscale=SEQUENTIAL,
        showscale=shown,
        colorbar={"title": "cosine", "len": 0.4, "y": 0.2},
        hovertemplate="row %{y}, column %{x}: %{z:.3f}<extra></extra>",
        row=row,
        col=column,
    )
    drawn.add_scatter(
        x=[chosen[1]],
        y=[chosen[0]],
        mode="markers",
        marker={"symbol": "square-open", "size": 16, "color": ESTIMATE, "line": {"width": 3}},
        hoverinfo="skip",
        row=row,
        col=column,
    )


def _path(path: np.ndarray, upto: int, *, arrows: bool) -> list[dict]:
    """The walk up to a step, as traces: coloured by rank, long jumps in red, start and end marked."""
    count, path = len(path), path[: upto + 1]
    y, x = path[:, 0], path[:, 1]
    far = np.abs(np.diff(path, axis=0)).max(axis=1, initial=0) > 1
    size = float(np.clip((160 if arrows else 60) / max(count, 1) ** 0.5, 4, 14))
    angle = np.degrees(np.arctan2(np.diff(x, append=x[-1:]), -np.diff(y, append=y[-1:])))
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    dots = {"type": "scatter", "mode": "markers"}
    colours = {"color": np.arange(len(x)), "cmin": 0, "cmax": max(1, count - 1), "colorscale": SEQUENTIAL}
    shape = {"symbol": "arrow", "angle": angle.round()} if arrows else {"symbol": "circle"}
    ends = {"color": [MEASURE, ESTIMATE], "size": size + 4, "symbol": ["circle", "x"]}
    return [
        {**line, "x": _gaps(x, far), "y": _gaps(y, far), "line": {"color": MUTED, "width": 2}},
        {**line, "x": _only(x, far), "y": _only(y, far), "line": {"color": "#D62728", "width": 1.5}},
        {
            **dots,
            "x": x,
            "y": y,
            "marker": {**shape, **colours, "size": size},
            "hovertemplate": "row %{y}, column %{x}: rank %{marker.color}<extra></extra>",
        },
        {**dots, "x": x[[0, -1]], "y": y[[0, -1]], "marker": ends, "hoverinfo": "skip"},
    ]


def _gaps(values: np.ndarray, far: np.ndarray) -> list:
    """The coordinates, with a gap for every long jump."""
    out: list = []
    for value, jump in zip(values, [*far, False], strict=True):
        out += [int(value), None] if jump else [int(value)]
    return out


def _only(values: np.ndarray, far: np.ndarray) -> list:
    out: list = []
    for at in np.flatnonzero(far):
        out += [int(values[at]), int(values[at + 1]), None]
    return out


def gallery(
    paths: Mapping[str, Int[Tensor, "cells 2"]], numbers: Mapping[str, Sequence[float]], *, title: str
) -> go.Figure:
    """All orders as small multiples, each with its M_U, M_D and A_SU."""
    titles = [
        f"<b>{name}</b><br><sub>{' · '.join(f'{value:.2f}' for value in numbers[name])}</sub>"
        for name in paths
    ]
    columns = 4
    rows = -(-len(titles) // columns)
    drawn = panels(title, titles, rows=rows, columns=columns, height=290 * rows + 100, vertical_spacing=0.09)
    traces, at = [], []
    for position, path in enumerate(paths.values()):
        some = _path(array(path), len(path) - 1, arrows=False)
        traces += some
        at += [(position // columns + 1, position % columns + 1)] * len(some)
    drawn.add_traces(traces, rows=[row for row, _ in at], cols=[column for _, column in at])
    height, width = (int(v) + 1 for v in next(iter(paths.values())).amax(0))
    cell_axes(drawn, height, width, list(dict.fromkeys(at)), named=False)
    drawn.update_layout(showlegend=False)
    return drawn
