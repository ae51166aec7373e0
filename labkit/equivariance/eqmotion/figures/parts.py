"""Pictures of the parts: vectors inside a layer, the equivariant ReLU, trajectories as frequencies."""

import math

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.equivariance.figures import arrows
from labkit.plotting import COLOURS, DIVERGING, MUTED, TRUTH, array, figure, panels


def inside(
    vectors: Float[Tensor, "agents channels 2"],
    mean: Float[Tensor, " 2"],
    patterns: Float[Tensor, "agents features"],
    past: Float[Tensor, "agents time 2"],
    *,
    title: str,
    reach: float,
) -> go.Figure:
    """Each agent's vectors, about their mean, in one colour an agent; and its pattern features as a map."""
    drawn = panels(
        title,
        ["the scene's past", "vectors, about their mean", "pattern features h"],
        columns=3,
        height=440,
        horizontal_spacing=0.07,
    )
    for agent in range(len(vectors)):
        colour = COLOURS[agent % len(COLOURS)]
        path = array(past[agent])
        drawn.add_scatter(
            x=path[:, 0],
            y=path[:, 1],
            mode="lines",
            line={"color": colour, "width": 3},
            name=f"agent {agent}",
            row=1,
            col=1,
        )
        drawn.add_scatter(
            x=path[-1:, 0],
            y=path[-1:, 1],
            mode="markers",
            marker={"size": 10, "color": colour},
            showlegend=False,
            row=1,
            col=1,
        )
        from_mean = vectors[agent] - mean
        arrows(drawn, 0 * from_mean, from_mean, row=1, col=2, colour=colour, width=3)
        tips = array(from_mean)
        drawn.add_scatter(
            x=tips[:, 0],
            y=tips[:, 1],
            mode="markers",
            marker={"size": 8, "color": colour},
            showlegend=False,
            row=1,
            col=2,
        )
    top = float(patterns.abs().max()) or 1.0
    drawn.add_heatmap(
        z=array(patterns), zmin=-top, zmax=top, colorscale=DIVERGING, colorbar={"thickness": 12}, row=1, col=3
    )
    size = 1.1 * float(np.abs(array(past)).max())
    drawn.update_xaxes(title_text="x", range=[-size, size], constrain="domain", row=1, col=1)
    drawn.update_yaxes(title_text="y", range=[-size, size], scaleanchor="x", constrain="domain", row=1, col=1)
    drawn.update_xaxes(title_text="x", range=[-reach, reach], constrain="domain", row=1, col=2)
    drawn.update_yaxes(
        title_text="y", range=[-reach, reach], scaleanchor="x2", constrain="domain", row=1, col=2
    )
    drawn.update_xaxes(title_text="feature", row=1, col=3)
    drawn.update_yaxes(title_text="agent", dtick=1, row=1, col=3)
    return drawn


def relu(
    q: Float[Tensor, " 2"], k: Float[Tensor, " 2"], out: Float[Tensor, " 2"], *, title: str
) -> go.Figure:
    """q, k and the output as arrows; the half-plane in which q is kept is shaded."""
    drawn = figure(title, "x", "y", height=520)
    angle = math.atan2(float(k[1]), float(k[0]))
    half = np.linspace(angle - math.pi / 2, angle + math.pi / 2, 40)
    drawn.add_scatter(
        x=2.9 * np.cos(half),
        y=2.9 * np.sin(half),
        fill="toself",
        fillcolor="rgba(0,158,115,0.13)",
        line={"width": 0},
        name="here q is kept",
        hoverinfo="skip",
    )
    for name, v, colour, width in (
        ("q", q, COLOURS[0], 5),
        ("k", k, MUTED, 5),
        ("output", out, COLOURS[1], 3),
    ):
        tip = array(v)
        drawn.add_scatter(
            x=[0, tip[0]],
            y=[0, tip[1]],
            mode="lines+markers+text",
            text=["", f" {name}"],
            textposition="middle right",
            textfont={"size": 17, "color": colour},
            line={"color": colour, "width": width},
            marker={"size": [0, 12], "color": colour, "symbol": "arrow", "angleref": "previous"},
            name=name,
        )
    drawn.add_scatter(
        x=[float(q[0]), float(out[0])],
        y=[float(q[1]), float(out[1])],
        mode="lines",
        line={"color": TRUTH, "dash": "dot", "width": 1.5},
        name="what is cut off",
    )
    drawn.update_xaxes(range=[-3, 3], constrain="domain")
    drawn.update_yaxes(range=[-3, 3], scaleanchor="x", constrain="domain")
    return drawn


def frequencies(
    path: Float[Tensor, "time 2"],
    coefficients: Float[Tensor, "time 2"],
    rebuilt: Float[Tensor, "time 2"],
    kept: int,
    *,
    title: str,
) -> go.Figure:
    """A trajectory, its DCT coefficients (those kept in colour), and what the kept ones rebuild."""
    drawn = panels(title, ["in the plane", "coefficients"], columns=2, height=440)
    for values, colour, name, dash in (
        (path, TRUTH, "trajectory", "solid"),
        (rebuilt, COLOURS[1], "rebuilt", "dash"),
    ):
        points = array(values)
        drawn.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="lines+markers",
            marker={"size": 5},
            line={"color": colour, "width": 2.5, "dash": dash},
            name=name,
            row=1,
            col=1,
        )
    sizes = coefficients.norm(dim=-1)
    drawn.add_bar(
        x=list(range(len(sizes))),
        y=array(sizes),
        marker_color=[COLOURS[1] if k < kept else MUTED for k in range(len(sizes))],
        showlegend=False,
        row=1,
        col=2,
    )
    drawn.update_xaxes(title_text="x", constrain="domain", row=1, col=1)
    drawn.update_yaxes(title_text="y", scaleanchor="x", constrain="domain", row=1, col=1)
    drawn.update_xaxes(title_text="frequency k (half periods in the past)", row=1, col=2)
    drawn.update_yaxes(title_text="length of coefficient", row=1, col=2)
    return drawn
