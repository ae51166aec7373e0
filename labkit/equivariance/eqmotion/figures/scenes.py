"""Pictures of scenes: graphs drawn over agents, fans of predictions, trajectories turned."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, MUTED, TRUTH, array, figure, panels

COLOUR = {"EqMotion": COLOURS[1], "PlainGNN": COLOURS[0], "LSTM": COLOURS[2], "constant velocity": MUTED}


def _path(drawn: go.Figure, path: np.ndarray, *, colour: str, name: str, group: bool, **more) -> None:
    drawn.add_scatter(
        x=path[:, 0],
        y=path[:, 1],
        mode=more.pop("mode", "lines"),
        line={"color": colour, "width": more.pop("width", 2.5), "dash": more.pop("dash", "solid")},
        marker={"color": colour, "size": 6},
        name=name,
        legendgroup=name,
        showlegend=group,
        hoverinfo="skip",
        **more,
    )


def graph_over_scene(
    past: Float[Tensor, "agents time 2"],
    c: Float[Tensor, "agents agents"],
    edges: Float[Tensor, "agents agents"],
    *,
    title: str,
    names: tuple[str, str],
) -> go.Figure:
    """The graph as a matrix, the true edges as a matrix, and both over the scene: thick where c is large."""
    drawn = panels(
        title, [names[0], names[1], "over the scene"], columns=3, height=420, horizontal_spacing=0.06
    )
    for column, values in enumerate((array(c), array(edges)), start=1):
        apart = ~np.eye(len(values), dtype=bool)
        shown = np.where(apart, values.round(2), None)  # None, for there is no NaN in JSON
        drawn.add_heatmap(
            z=shown.tolist(),
            zmin=0,
            zmax=1,
            colorscale="Blues",
            showscale=False,
            text=np.where(apart, values.round(2).astype(str), "").tolist(),
            texttemplate="%{text}",
            hoverinfo="skip",
            row=1,
            col=column,
        )
        drawn.update_xaxes(title_text="agent j", dtick=1, constrain="domain", row=1, col=column)
        drawn.update_yaxes(
            title_text="agent i" if column == 1 else "",
            dtick=1,
            autorange="reversed",
            scaleanchor=("x", "x2")[column - 1],
            constrain="domain",
            row=1,
            col=column,
        )
    at = array(past)
    now = at[:, -1]
    mean = (array(c) + array(c).T) / 2
    for i in range(len(now)):
        for j in range(i + 1, len(now)):
            ends = now[[i, j]]
            if float(edges[i, j]) > 0:
                _path(
                    drawn,
                    ends,
                    colour=TRUTH,
                    name="true spring",
                    group=False,
                    width=1.5,
                    dash="dot",
                    xaxis="x3",
                    yaxis="y3",
                )
            drawn.add_scatter(
                x=ends[:, 0],
                y=ends[:, 1],
                mode="lines",
                line={"color": COLOURS[0], "width": 0.5 + 9 * float(mean[i, j])},
                opacity=0.45,
                showlegend=False,
                hoverinfo="skip",
                row=1,
                col=3,
            )
    for path in at:
        _path(drawn, path, colour=MUTED, name="past", group=False, xaxis="x3", yaxis="y3")
    drawn.add_scatter(
        x=now[:, 0],
        y=now[:, 1],
        mode="markers+text",
        text=[str(i) for i in range(len(now))],
        textfont={"color": "white"},
        marker={"size": 22, "color": TRUTH},
        showlegend=False,
        row=1,
        col=3,
    )
    drawn.update_xaxes(title_text="x", row=1, col=3)
    drawn.update_yaxes(title_text="y", scaleanchor="x3", row=1, col=3)
    return drawn


def fan(
    past: Float[Tensor, "agents past 2"],
    future: Float[Tensor, "agents future 2"],
    heads: Float[Tensor, "heads future 2"],
    best: int,
    *,
    title: str,
) -> go.Figure:
    """Pedestrians: the focal agent's past, its possible futures, the best of them, and the others' paths."""
    drawn = figure(title, "x (m)", "y (m)", height=560)
    before, after, many = array(past), array(future), array(heads)
    for agent in range(1, len(before)):
        _path(drawn, before[agent], colour=MUTED, name="the others", group=agent == 1)
        _path(drawn, after[agent], colour=MUTED, name="the others' future", group=agent == 1, dash="dot")
    for index, one in enumerate(many):
        path = np.concatenate([before[0, -1:], one])
        _path(drawn, path, colour=COLOURS[5], name="20 predictions", group=index == 0, width=1.2)
    _path(drawn, before[0], colour=TRUTH, name="past", group=True, mode="lines+markers")
    _path(
        drawn,
        np.concatenate([before[0, -1:], after[0]]),
        colour=COLOURS[2],
        name="what happened",
        group=True,
        width=4,
    )
    _path(
        drawn,
        np.concatenate([before[0, -1:], many[best]]),
        colour=COLOURS[1],
        name="the best of them",
        group=True,
        width=3,
    )
    drawn.update_yaxes(scaleanchor="x")
    return drawn


def turned_scene(
    past: Float[Tensor, "past n 3"],
    future: Float[Tensor, "future n 3"],
    predicted: Float[Tensor, "time n 3"],
    moved_along: Float[Tensor, "time n 3"],
    *,
    title: str,
    model: str,
) -> go.Figure:
    """A scene after a motion: what the model predicts for it, and its prediction for the first scene, moved along."""
    from labkit.equivariance.figures import trajectory3d

    names = {f"{model} on the moved scene": predicted, "its first prediction, moved": moved_along}
    colours = dict(zip(names, (COLOURS[1], COLOURS[0]), strict=True))
    return trajectory3d(past, future, names, title=title, colours=colours)


def errors_by_step(errors: Mapping[str, Mapping[int, float]], *, title: str, y_name: str) -> go.Figure:
    """The displacement at every predicted frame, one line a model."""
    drawn = figure(title, "predicted frame", y_name)
    for name, values in errors.items():
        drawn.add_scatter(
            x=list(values),
            y=list(values.values()),
            mode="lines+markers",
            name=name,
            line={"color": COLOUR[name], "width": 2.5},
        )
    drawn.update_yaxes(rangemode="tozero")
    return drawn
