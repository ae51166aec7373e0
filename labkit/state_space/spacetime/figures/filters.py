"""Fitted impulse responses, and what a kernel costs."""

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import TRUTH, array, figure, panels
from labkit.state_space.spacetime.figures.style import colour_of


def fitted(
    wanted: Float[Tensor, " length"],
    found: dict[str, Float[Tensor, " length"]],
    errors: dict[str, float],
    *,
    title: str,
    shown: int = 60,
) -> go.Figure:
    """The wanted response and the fitted ones; below, what is left over (logarithmic)."""
    drawn = panels(
        title,
        ("impulse response", "|fitted - wanted|"),
        rows=2,
        columns=1,
        height=600,
        shared_xaxes=True,
        vertical_spacing=0.12,
    )
    lags = list(range(shown))
    drawn.add_scatter(
        x=lags,
        y=array(wanted)[:shown],
        name="wanted",
        mode="lines+markers",
        line={"color": TRUTH, "width": 3},
        marker_size=6,
        row=1,
        col=1,
    )
    for name, response in found.items():
        values = array(response)
        label = f"{name} (squared error {errors[name]:.1e})"
        line = {"color": colour_of(name), "width": 2}
        drawn.add_scatter(x=lags, y=values[:shown], name=label, line=line, row=1, col=1)
        drawn.add_scatter(
            x=lags, y=abs(values - array(wanted))[:shown] + 1e-9, showlegend=False, line=line, row=2, col=1
        )
    drawn.update_yaxes(title_text="tap", row=1, col=1)
    drawn.update_yaxes(type="log", title_text="|error|", exponentformat="power", row=2, col=1)
    drawn.update_xaxes(title_text="lag (steps)", row=2, col=1)
    return drawn


def cost(seconds: dict[str, dict[int, float]], axis: str, *, title: str) -> go.Figure:
    """Milliseconds of every algorithm against d or L, both logarithmic."""
    drawn = figure(title, axis, "time (ms)")
    for name, points in seconds.items():
        drawn.add_scatter(
            x=list(points),
            y=[1e3 * s for s in points.values()],
            name=name,
            mode="lines+markers",
            line_color=colour_of(name),
        )
    drawn.update_xaxes(type="log", tickvals=sorted({x for points in seconds.values() for x in points}))
    drawn.update_yaxes(type="log")
    return drawn
