"""Orders: how probable each is, what a head variable is worth, and one tree in two strings."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from labkit.plotting import COLOURS, ESTIMATE, MEASURE, MUTED, TRUTH, animate, figure, panels


def landscape(
    names: Sequence[str],
    distance: Sequence[float],
    shares: np.ndarray,
    moments: Sequence[int],
    shown: int,
    *,
    title: str,
) -> go.Figure:
    """All orders by their share of the model's preference, over the training (frames).

    Args:
        distance: inversions of each order. shares: (moments, orders). shown: the frame to start with.
    """
    drawn = figure(
        title, "order (left: natural, right: reversed; by pairs out of order)", "share", height=480
    )
    place = np.argsort(np.argsort(np.asarray(distance) + np.arange(len(names)) * 1e-4))
    x = place.tolist()

    def bars(values: np.ndarray) -> tuple[go.Bar, go.Scatter]:
        top = values.argsort()[::-1][:4]
        return (
            go.Bar(
                x=x,
                y=values,
                marker={"color": [MEASURE if k in top[:2] else COLOURS[0] for k in range(len(values))]},
                hovertext=[f"{name}: {v:.3f}" for name, v in zip(names, values, strict=True)],
                hoverinfo="text",
                showlegend=False,
            ),
            go.Scatter(
                x=[x[k] for k in top],
                y=[values[k] for k in top],
                text=[names[k] for k in top],
                mode="text",
                textposition="top center",
                showlegend=False,
                hoverinfo="skip",
            ),
        )

    drawn.add_traces(bars(shares[shown]))
    drawn.add_hline(
        y=1 / len(names),
        line={"color": TRUTH, "dash": "dot"},
        annotation_text="all alike",
        annotation_position="top right",
    )
    drawn.update_xaxes(showticklabels=False, range=[-1, len(names)])
    drawn.update_yaxes(range=[0, max(0.05, float(shares.max()) * 1.15)])
    frames = [
        go.Frame(data=list(bars(values)), name=str(moment))
        for moment, values in zip(moments, shares, strict=True)
    ]
    animate(drawn, frames, label="step", milliseconds=350)
    drawn.layout.sliders[0].active = shown
    return drawn


def star_bars(rows: Mapping[str, float], variables: int, *, title: str) -> go.Figure:
    """The star itself, and the test loss: exact, head first, head last."""
    drawn = panels(title, ["the model", "test loss"], columns=2, height=420, horizontal_spacing=0.14)
    angle = np.linspace(0, 2 * np.pi, variables, endpoint=False)[: variables - 1]
    xs, ys = np.cos(angle), np.sin(angle)
    edges_x = [v for x in xs for v in (0, x, None)]
    edges_y = [v for y in ys for v in (0, y, None)]
    where = {"row": 1, "col": 1}
    drawn.add_scatter(
        x=edges_x, y=edges_y, mode="lines", line={"color": MUTED}, showlegend=False, hoverinfo="skip", **where
    )
    drawn.add_scatter(
        x=xs, y=ys, mode="markers", marker={"size": 14, "color": COLOURS[0]}, name="variables", **where
    )
    drawn.add_scatter(
        x=[0], y=[0], mode="markers", marker={"size": 24, "color": ESTIMATE}, name="head", **where
    )
    drawn.update_xaxes(title_text="", showticklabels=False, range=[-1.2, 1.2], **where)
    drawn.update_yaxes(title_text="", showticklabels=False, range=[-1.2, 1.2], **where)
    colours = {"exact": TRUTH, "head first": MEASURE, "head last": ESTIMATE}
    drawn.add_bar(
        x=list(rows),
        y=list(rows.values()),
        text=[f"{v:.2f}" for v in rows.values()],
        marker_color=[colours[k] for k in rows],
        showlegend=False,
        row=1,
        col=2,
    )
    least = min(rows.values())
    drawn.update_yaxes(
        title_text="nats a set", range=[max(0.0, least * 0.9), max(rows.values()) * 1.04], row=1, col=2
    )
    drawn.update_xaxes(title_text="order of writing", row=1, col=2)
    return drawn


def tree_strings(
    nodes: Sequence[tuple[str, float, float]],
    edges: Sequence[tuple[int, int]],
    strings: Mapping[str, Sequence[tuple[str, int]]],
    *,
    title: str,
) -> go.Figure:
    """A tree, and its linear forms below; a token has its node's colour and tells it on hover.

    Args:
        nodes: label, x, depth. strings: by form: (token, node), node -1 for a mark.
    """
    drawn = figure(title, "", "depth", height=520)
    deep = max(depth for _, _, depth in nodes)
    x = [v for a, b in edges for v in (nodes[a][1], nodes[b][1], None)]
    y = [v for a, b in edges for v in (nodes[a][2], nodes[b][2], None)]
    drawn.add_scatter(x=x, y=y, mode="lines", line={"color": MUTED}, showlegend=False, hoverinfo="skip")
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(nodes))]
    drawn.add_scatter(
        x=[n[1] for n in nodes],
        y=[n[2] for n in nodes],
        mode="markers+text",
        text=[n[0] for n in nodes],
        textposition="top center",
        marker={"size": 16, "color": colours},
        showlegend=False,
        hovertext=[f"node {i + 1}: {n[0]}" for i, n in enumerate(nodes)],
        hoverinfo="text",
    )
    for row, (name, tokens) in enumerate(strings.items()):
        level = deep + 1.4 + 1.2 * row
        at = np.linspace(0.0, 1.0, max(2, len(tokens)))[: len(tokens)]
        drawn.add_scatter(
            x=at,
            y=[level] * len(tokens),
            mode="markers+text",
            text=[t for t, _ in tokens],
            textposition="bottom center",
            marker={
                "size": 10,
                "symbol": "square",
                "color": [colours[k] if k >= 0 else MUTED for _, k in tokens],
            },
            hovertext=[f"{t}: " + (f"node {k + 1}" if k >= 0 else "a mark") for t, k in tokens],
            hoverinfo="text",
            showlegend=False,
        )
        drawn.add_annotation(
            x=0, y=level - 0.35, text=f"<b>{name}</b> ({len(tokens)} tokens)", showarrow=False, xanchor="left"
        )
    drawn.update_xaxes(range=[-0.04, 1.06], showticklabels=False, showgrid=False)
    drawn.update_yaxes(
        range=[deep + 1.4 + 1.2 * len(strings), -0.6], showgrid=False, tickvals=list(range(int(deep) + 1))
    )
    return drawn


def surprise(rows: Mapping[str, Sequence[float]], *, title: str) -> go.Figure:
    """Surprise at each step of writing, one line an order."""
    drawn = figure(title, "step of writing", "surprise (bits)", height=420)
    for position, (name, values) in enumerate(rows.items()):
        total = sum(values)
        drawn.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=list(values),
            name=f"{name}: {total:.1f} bits",
            mode="lines+markers",
            line={"color": COLOURS[position], "width": 3},
        )
    drawn.update_xaxes(dtick=1)
    drawn.update_yaxes(rangemode="tozero")
    return drawn
