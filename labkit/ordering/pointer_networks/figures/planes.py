"""Points in the plane: pointing at them, tours, triangles, and the outputs' bars."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from labkit.plotting import COLOURS, ESTIMATE, MEASURE, MUTED, SEQUENTIAL, TRUTH, figure, panels

END_AT = (1.16, 0.5)


def _points(drawn: go.Figure, points: np.ndarray, where: dict, first: int = 1) -> None:
    drawn.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers+text",
        text=[str(i + first) for i in range(len(points))],
        textposition="top center",
        marker={"size": 9, "color": TRUTH},
        hovertemplate="point %{text}<br>(%{x:.2f}, %{y:.2f})<extra></extra>",
        showlegend=False,
        **where,
    )


def _square(drawn: go.Figure, where: dict, wide: float = 1.06) -> None:
    drawn.update_xaxes(range=[-0.06, wide], title_text="x", showgrid=False, **where)
    drawn.update_yaxes(range=[-0.06, 1.1], title_text="y", showgrid=False, **where)


def _path(points: np.ndarray, path: Sequence[int]) -> tuple[list, list]:
    return points[list(path), 0].tolist(), points[list(path), 1].tolist()


def pointing(
    points: np.ndarray,
    answer: Sequence[int],
    truth: Sequence[int],
    probabilities: np.ndarray,
    step: int,
    *,
    title: str,
    truth_name: str,
) -> go.Figure:
    """The plane with one step's probabilities as lines, and the matrix of all steps.

    Args:
        answer, truth: paths through the points (closed where they are polygons).
        probabilities: (steps, n + 1), END first. step: from 0.
    """
    drawn = panels(
        title,
        [f"step {step + 1}: thicker is more probable", "all steps"],
        columns=2,
        height=560,
        column_widths=[0.56, 0.44],
        horizontal_spacing=0.11,
    )
    left = {"row": 1, "col": 1}
    x, y = _path(points, truth)
    drawn.add_scatter(
        x=x, y=y, mode="lines", name=truth_name, line={"color": TRUTH, "dash": "dash", "width": 1.5}, **left
    )
    x, y = _path(points, answer[: step + 1])
    drawn.add_scatter(
        x=x, y=y, mode="lines+markers", name="answer so far", line={"color": COLOURS[0], "width": 3}, **left
    )
    last = points[answer[step - 1]] if 0 < step <= len(answer) else np.array([0.5, -0.05])
    for position, p in enumerate(probabilities[step]):
        if p < 0.01:
            continue
        goal = END_AT if position == 0 else points[position - 1]
        drawn.add_scatter(
            x=[last[0], goal[0]],
            y=[last[1], goal[1]],
            mode="lines",
            line={"color": ESTIMATE, "width": 1 + 9 * float(p)},
            opacity=0.65,
            hoverinfo="skip",
            showlegend=False,
            **left,
        )
    drawn.add_scatter(
        x=[END_AT[0]],
        y=[END_AT[1]],
        mode="markers+text",
        text=[f"END<br>{probabilities[step][0]:.2f}"],
        textposition="bottom center",
        marker={"size": 16, "symbol": "square", "color": MUTED},
        hoverinfo="skip",
        showlegend=False,
        **left,
    )
    _points(drawn, points, left)
    _square(drawn, left, wide=1.3)
    names = ["END", *map(str, range(1, len(points) + 1))]
    steps = list(range(1, len(probabilities) + 1))
    drawn.add_heatmap(
        x=names,
        y=steps,
        z=probabilities.round(4),
        zmin=0,
        zmax=1,
        colorscale=SEQUENTIAL,
        colorbar={"title": "p"},
        hovertemplate="step %{y}, position %{x}<br>p = %{z:.3f}<extra></extra>",
        row=1,
        col=2,
    )
    drawn.add_shape(
        type="rect",
        x0=-0.5,
        x1=len(points) + 0.5,
        y0=step + 0.5,
        y1=step + 1.5,
        line={"color": ESTIMATE, "width": 2},
        row=1,
        col=2,
    )
    drawn.update_xaxes(title_text="position of the input", type="category", row=1, col=2)
    drawn.update_yaxes(title_text="decoder step", autorange="reversed", row=1, col=2)
    return drawn


def vocabulary(pointer: np.ndarray, fixed: np.ndarray | None, n: int, max_n: int, *, step: int) -> go.Figure:
    """The output distribution of Ptr-Net, whose bars follow n, beside the LSTM's fixed dictionary."""
    drawn = panels(
        f"Step {step}: what each model can answer to {n} points",
        [f"Ptr-Net: {n} points and END", f"LSTM: a dictionary of {max_n} and END"],
        columns=2,
        height=400,
    )
    drawn.add_bar(
        x=["END", *map(str, range(1, n + 1))],
        y=pointer,
        marker_color=COLOURS[0],
        showlegend=False,
        row=1,
        col=1,
    )
    names = ["END", *map(str, range(1, max_n + 1))]
    values = np.zeros(max_n + 1) if fixed is None else fixed
    drawn.add_bar(x=names, y=values, marker_color=COLOURS[1], showlegend=False, row=1, col=2)
    if fixed is None:
        drawn.add_annotation(
            text=f"refused: {n} points,<br>the dictionary ends at {max_n}",
            x=0.5,
            y=0.5,
            xref="x2 domain",
            yref="y2 domain",
            showarrow=False,
            font={"size": 16, "color": ESTIMATE},
        )
    drawn.update_xaxes(type="category", title_text="output")
    drawn.update_yaxes(range=[0, 1.02], title_text="probability")
    return drawn


def tours(
    points: np.ndarray, found: Mapping[str, tuple[Sequence[int], float, Sequence]], *, title: str
) -> go.Figure:
    """Tours side by side.

    Args:
        found: by name: the tour, its length, and its crossings as pairs of segments ((x, y), (x, y)).
    """
    names = [f"{name}<br>{length:.3f}" for name, (_, length, _) in found.items()]
    drawn = panels(title, names, columns=len(found), height=400, horizontal_spacing=0.05)
    for column, (tour, _, crossed) in enumerate(found.values(), start=1):
        where = {"row": 1, "col": column}
        x, y = _path(points, [*tour, tour[0]])
        drawn.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": COLOURS[column - 1], "width": 2},
            marker={"size": 7, "color": TRUTH},
            showlegend=False,
            hoverinfo="skip",
            **where,
        )
        if crossed:
            at = np.array(crossed)
            drawn.add_scatter(
                x=at[:, 0],
                y=at[:, 1],
                mode="markers",
                marker={"size": 13, "symbol": "x", "color": ESTIMATE},
                name="crossing",
                showlegend=False,
                hovertemplate="two sides cross here<extra></extra>",
                **where,
            )
        _square(drawn, where)
    drawn.update_yaxes(title_text="", showticklabels=False)
    drawn.update_yaxes(title_text="y", showticklabels=True, row=1, col=1)
    drawn.update_layout(margin_t=130)
    return drawn


def triangulations(
    points: np.ndarray,
    triangles: Mapping[str, Sequence[tuple[int, int, int]]],
    circles: Mapping,
    *,
    title: str,
) -> go.Figure:
    """Triangles by verdict (`right`, `wrong`, `missing`), with each one's circumcircle on hover at its centre.

    Args:
        circles: by triangle: (centre, radius, the points inside).
    """
    drawn = figure(title, "x", "y", height=540)
    colours = {"right": MEASURE, "wrong": ESTIMATE, "missing": MUTED}
    for verdict, colour in colours.items():
        some = list(triangles.get(verdict, ()))
        x, y = [], []
        for t in some:
            xs, ys = _path(points, [*t, t[0]])
            x += [*xs, None]
            y += [*ys, None]
        drawn.add_scatter(
            x=x,
            y=y,
            mode="lines",
            fill="toself" if verdict != "missing" else None,
            opacity=0.45 if verdict != "missing" else 1.0,
            name=f"{verdict} ({len(some)})",
            line={"color": colour, "width": 2, "dash": "dot" if verdict == "missing" else "solid"},
            hoverinfo="skip",
        )
        centres = [points[list(t)].mean(0) for t in some]
        drawn.add_scatter(
            x=[c[0] for c in centres],
            y=[c[1] for c in centres],
            mode="markers",
            marker={"size": 9, "color": colour, "symbol": "diamond"},
            hovertext=[_circle_words(t, circles[t]) for t in some],
            hoverinfo="text",
            showlegend=False,
        )
    angle = np.linspace(0, 2 * np.pi, 60)
    for t in list(triangles.get("wrong", ()))[:1]:
        centre, radius, _ = circles[t]
        drawn.add_scatter(
            x=centre[0] + radius * np.cos(angle),
            y=centre[1] + radius * np.sin(angle),
            mode="lines",
            line={"color": ESTIMATE, "width": 1, "dash": "dash"},
            name="circumcircle of a wrong one",
            hoverinfo="skip",
        )
    _points(drawn, points, {})
    drawn.update_xaxes(range=[-0.15, 1.15])
    drawn.update_yaxes(range=[-0.1, 1.12], scaleanchor="x")
    return drawn


def _circle_words(triangle, circle) -> str:
    _, radius, inside = circle
    names = "-".join(str(i + 1) for i in triangle)
    held = "no other point" if not inside else "point " + ", ".join(str(i + 1) for i in inside)
    return f"triangle {names}: circumcircle of radius {radius:.2f}, {held} inside"


def plateau(
    steps: Sequence[int],
    losses: Sequence[float],
    moment: int,
    points: Sequence[np.ndarray],
    answers: Sequence[Sequence[int]],
    truths: Sequence[Sequence[int]],
) -> go.Figure:
    """The loss, and what the network answers to three inputs at one moment of the training."""
    count = len(points)
    drawn = panels(
        f"Training on hulls: after {moment} steps",
        [
            "loss",
            *(f"input {i + 1}: {' '.join(str(j + 1) for j in a) or 'END'}" for i, a in enumerate(answers)),
        ],
        columns=count + 1,
        height=380,
        horizontal_spacing=0.07,
    )
    drawn.add_scatter(
        x=list(steps), y=list(losses), mode="lines", line={"color": COLOURS[0]}, showlegend=False
    )
    drawn.add_vline(x=moment, line={"color": ESTIMATE, "width": 2}, row=1, col=1)
    drawn.update_xaxes(title_text="step", row=1, col=1)
    drawn.update_yaxes(title_text="nats a sequence", rangemode="tozero", row=1, col=1)
    for column, (p, answer, truth) in enumerate(zip(points, answers, truths, strict=True), start=2):
        where = {"row": 1, "col": column}
        shown = column == 2
        x, y = _path(p, truth)
        drawn.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": TRUTH, "dash": "dash"},
            name="true hull",
            showlegend=shown,
            **where,
        )
        x, y = _path(p, answer)
        drawn.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": COLOURS[1], "width": 3},
            name="answer",
            showlegend=shown,
            **where,
        )
        _points(drawn, p, where)
        _square(drawn, where)
    return drawn
