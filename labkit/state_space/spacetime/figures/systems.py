"""One companion system: its matrix, its answer to an impulse, its poles, and what its closed loop forecasts."""

import math

import plotly.graph_objects as go
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.plotting import COLOURS, DIVERGING, ESTIMATE, MUTED, TRUTH, array, panels


def system(
    A: Float[Tensor, "d d"],
    response: Float[Tensor, " length"],
    poles: Complex[Tensor, " d"],
    loop_poles: Complex[Tensor, " d"],
    past: Float[Tensor, " lag"],
    future: Float[Tensor, " horizon"],
    forecast: Float[Tensor, " horizon"],
    *,
    title: str,
) -> go.Figure:
    """Heat map of A, impulse response, poles of A and of A + b k^T in the unit circle, and the forecast."""
    drawn = panels(
        title,
        ("state matrix A", "impulse response c<sup>T</sup>A<sup>l</sup>b", "poles", "closed-loop forecast"),
        rows=2,
        columns=6,
        height=700,
        specs=[
            [{"colspan": 2}, None, {"colspan": 2}, None, {"colspan": 2}, None],
            [{"colspan": 6}, *[None] * 5],
        ],
        row_heights=[0.5, 0.5],
        vertical_spacing=0.24,
        horizontal_spacing=0.1,
    )
    values = array(A)
    d = len(values)
    drawn.add_heatmap(
        z=values,
        x=list(range(1, d + 1)),
        y=list(range(1, d + 1)),
        text=[[f"{v:.2f}" if v else "" for v in row] for row in values],
        texttemplate="%{text}",
        colorscale=DIVERGING,
        reversescale=True,
        zmin=-1.2,
        zmax=1.2,
        showscale=False,
        row=1,
        col=1,
    )
    drawn.update_yaxes(autorange="reversed", title_text="row", dtick=1, row=1, col=1)
    drawn.update_xaxes(title_text="column", dtick=1, row=1, col=1)
    drawn.add_bar(y=array(response), marker_color=COLOURS[0], showlegend=False, row=1, col=3)
    drawn.update_xaxes(title_text="lag l (steps)", row=1, col=3)
    drawn.update_yaxes(title_text="response", row=1, col=3)
    circle = [2 * math.pi * i / 120 for i in range(121)]
    drawn.add_scatter(
        x=[math.cos(t) for t in circle],
        y=[math.sin(t) for t in circle],
        line={"color": MUTED, "width": 1},
        showlegend=False,
        hoverinfo="skip",
        row=1,
        col=5,
    )
    for name, found, colour, symbol in (
        ("A", poles, COLOURS[0], "circle-open"),
        ("A + bk<sup>T</sup>", loop_poles, ESTIMATE, "x"),
    ):
        drawn.add_scatter(
            x=array(found.real),
            y=array(found.imag),
            mode="markers",
            name=f"poles of {name}",
            marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 2}},
            row=1,
            col=5,
        )
    drawn.update_xaxes(range=[-1.5, 1.5], title_text="real part", row=1, col=5)
    drawn.update_yaxes(range=[-1.5, 1.5], title_text="imaginary part", scaleanchor="x3", row=1, col=5)
    before, ahead = list(range(-len(past), 0)), list(range(len(future)))
    drawn.add_scatter(
        x=before + ahead, y=[*array(past), *array(future)], name="series", line_color=TRUTH, row=2, col=1
    )
    drawn.add_scatter(
        x=ahead, y=array(forecast), name="forecast", line={"color": ESTIMATE, "dash": "dash"}, row=2, col=1
    )
    drawn.add_vline(x=-0.5, line={"color": MUTED, "dash": "dot"}, row=2, col=1)
    bound = 1.6 * max(abs(array(past)).max(), abs(array(future)).max())
    drawn.update_yaxes(range=[-bound, bound], title_text="u", row=2, col=1)
    drawn.update_xaxes(title_text="steps from now", row=2, col=1)
    drawn.update_layout(legend={"y": 1.09})
    return drawn


def preprocessing(
    series: Float[Tensor, " length"], outputs: dict[str, Float[Tensor, " length"]], *, title: str
) -> go.Figure:
    """A series, and below it what each fixed filter makes of it."""
    drawn = panels(
        title,
        ("the series u", *outputs),
        rows=1 + len(outputs),
        columns=1,
        height=150 * (1 + len(outputs)) + 160,
        shared_xaxes=True,
        vertical_spacing=0.07,
    )
    drawn.add_scatter(y=array(series), line_color=TRUTH, showlegend=False, row=1, col=1)
    for i, values in enumerate(outputs.values()):
        drawn.add_scatter(
            y=array(values), line_color=COLOURS[i % len(COLOURS)], showlegend=False, row=i + 2, col=1
        )
        drawn.update_yaxes(title_text="filtered", row=i + 2, col=1)
    drawn.update_xaxes(title_text="time (steps)", row=1 + len(outputs), col=1)
    drawn.update_yaxes(title_text="u", row=1, col=1)
    return drawn
