"""Basis functions, the warp that makes them, the eigenvalues of the matrices."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.plotting import COLOURS, ESTIMATE, MEASURE, MUTED, TRUTH, figure, panels, thin
from labkit.state_space.hippo.figures.style import POINTS


def basis(
    lags: Float[Tensor, " lag"],
    curves: Float[Tensor, "order lag"],
    names: Sequence[str],
    measure: Float[Tensor, " lag"],
    *,
    title: str,
    y: str,
) -> go.Figure:
    """Basis functions or kernels against the lag, with the measure as a filled area behind them."""
    drawn = figure(title, "lag: how long ago (steps)", y, height=460)
    x = thin(lags, POINTS)
    drawn.add_scatter(
        x=x,
        y=thin(measure, POINTS),
        name="measure w",
        fill="tozeroy",
        mode="lines",
        line={"color": MEASURE, "width": 1},
        fillcolor="rgba(0,158,115,0.15)",
    )
    for index, (name, curve) in enumerate(zip(names, curves, strict=True)):
        colour = COLOURS[index % len(COLOURS)]
        drawn.add_scatter(
            x=x, y=thin(curve, POINTS), name=name, mode="lines", line={"color": colour, "width": 2}
        )
    drawn.add_hline(y=0, line={"color": MUTED, "width": 1})
    return drawn


def warp(
    lags: Float[Tensor, " lag"],
    positions: Float[Tensor, " lag"],
    curves: Float[Tensor, "order lag"],
    names: Sequence[str],
    *,
    title: str,
    position_name: str,
    y: str = "p<sub>n</sub>",
) -> go.Figure:
    """The same functions twice: against time, and against the warped time, where they are plain polynomials."""
    drawn = panels(title, ("against the lag t", f"against {position_name}"), horizontal_spacing=0.09)
    for index, (name, curve) in enumerate(zip(names, curves, strict=True)):
        line = {"color": COLOURS[index % len(COLOURS)], "width": 2}
        drawn.add_scatter(
            x=thin(lags, POINTS), y=thin(curve, POINTS), name=name, legendgroup=name, line=line, row=1, col=1
        )
        drawn.add_scatter(
            x=thin(positions, POINTS),
            y=thin(curve, POINTS),
            name=name,
            legendgroup=name,
            showlegend=False,
            line=line,
            row=1,
            col=2,
        )
    drawn.update_xaxes(title_text="lag t (units of 1/Δ)", row=1, col=1)
    drawn.update_xaxes(title_text=position_name, row=1, col=2)
    drawn.update_yaxes(title_text=y, row=1, col=1)
    drawn.update_yaxes(title_text=y, row=1, col=2)
    return drawn


def spectrum(
    continuous: Complex[Tensor, " order"],
    discrete: Complex[Tensor, " order"],
    *,
    title: str,
    aliased: Sequence[bool],
) -> go.Figure:
    """Eigenvalues of A in the left half-plane, and of the discretised A against the unit circle."""
    drawn = panels(title, ("A: continuous time", "Ā: one step"), height=480, horizontal_spacing=0.1)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = {"color": TRUTH, "width": 1, "dash": "dot"}
    drawn.add_scatter(
        x=np.cos(angle),
        y=np.sin(angle),
        mode="lines",
        line=circle,
        name="unit circle",
        hoverinfo="skip",
        row=1,
        col=2,
    )
    inside = discrete.abs() <= 1 + 1e-9
    for label, chosen, colour in (
        ("stable", [bool(i) and not a for i, a in zip(inside, aliased, strict=True)], COLOURS[0]),
        ("aliased: Δ|Im λ| > π", [bool(i) and a for i, a in zip(inside, aliased, strict=True)], COLOURS[4]),
        ("outside the circle: explodes", [not bool(i) for i in inside], ESTIMATE),
    ):
        keep = np.array(chosen, dtype=bool)
        for column, values in ((1, continuous), (2, discrete)):
            points = values.detach().cpu().numpy()[keep]
            drawn.add_scatter(
                x=points.real,
                y=points.imag,
                mode="markers",
                name=label,
                legendgroup=label,
                showlegend=column == 1,
                marker={"color": colour, "size": 8, "line": {"color": "white", "width": 1}},
                hovertemplate="%{x:.4g} + %{y:.4g}i<extra></extra>",
                row=1,
                col=column,
            )
    for column, names in ((1, ("Re λ (1/time)", "Im λ (1/time)")), (2, ("Re", "Im"))):
        drawn.update_xaxes(title_text=names[0], row=1, col=column)
        drawn.update_yaxes(title_text=names[1], row=1, col=column)
    drawn.update_xaxes(scaleanchor="y2", scaleratio=1, row=1, col=2)
    return drawn
