"""Open and closed loop side by side, step by step into the future."""

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, ESTIMATE, MUTED, TRUTH, animate, array, figure, panels


def open_and_closed(
    past: Float[Tensor, " lag"],
    future: Float[Tensor, " horizon"],
    opened: Float[Tensor, " horizon"],
    closed: Float[Tensor, " horizon"],
    trained: int,
    *,
    title: str,
) -> go.Figure:
    """Above, the series and both predictions as far as they have got; below, their errors. Press Play."""
    drawn = panels(
        title,
        ("prediction", "absolute error"),
        rows=2,
        columns=1,
        height=620,
        shared_xaxes=True,
        vertical_spacing=0.12,
        row_heights=[0.6, 0.4],
    )
    horizon = len(future)
    ahead = list(range(1, horizon + 1))
    moments = sorted({max(1, round(horizon * (i + 1) / 16)) for i in range(16)})
    truth, predictions = array(future), {"open": array(opened), "closed": array(closed)}

    def traces(upto: int) -> list[dict]:
        lines = [
            {"type": "scatter", "x": ahead[:upto], "y": values[:upto], "xaxis": "x", "yaxis": "y"}
            for values in predictions.values()
        ]
        errors = [
            {
                "type": "scatter",
                "x": ahead[:upto],
                "y": abs(values - truth)[:upto] + 1e-6,
                "xaxis": "x2",
                "yaxis": "y2",
            }
            for values in predictions.values()
        ]
        return lines + errors

    first = traces(horizon)
    shown = min(len(past), 60)
    drawn.add_scatter(
        x=list(range(1 - shown, 1)), y=array(past)[-shown:], name="past", line_color=TRUTH, row=1, col=1
    )
    drawn.add_scatter(x=ahead, y=truth, name="what came", line={"color": TRUTH, "dash": "dot"}, row=1, col=1)
    styles = {
        "open": ("open loop: is shown each true value", {"color": COLOURS[0], "width": 1.5}),
        "closed": ("closed loop: sees only its own guesses", {"color": ESTIMATE, "width": 2}),
    }
    for row in (1, 2):
        for i, (name, line) in enumerate(styles.values()):
            at = first[i + 2 * (row - 1)]
            drawn.add_scatter(x=at["x"], y=at["y"], name=name, line=line, showlegend=row == 1, row=row, col=1)
        drawn.add_vline(x=trained, line={"color": MUTED, "dash": "dash"}, row=row, col=1)
    drawn.add_annotation(
        x=trained,
        y=1,
        xref="x",
        yref="y domain",
        text="trained up to here",
        showarrow=False,
        xanchor="left",
        yanchor="top",
        font_color=MUTED,
    )
    bound = 1.5 * float(abs(truth).max())
    drawn.update_yaxes(range=[-bound, bound], title_text="u", row=1, col=1)
    drawn.update_yaxes(type="log", range=[-4, 1], title_text="|error|", row=2, col=1)
    drawn.update_xaxes(title_text="steps after the lag", range=[-shown, horizon], row=2, col=1)
    frames = [{"name": str(m), "data": traces(m), "traces": [2, 3, 4, 5]} for m in moments]
    animate(drawn, frames, label="horizon:", milliseconds=180)
    drawn.layout.sliders[0].active = len(moments) - 1
    return drawn


def by_step(curves: dict[str, np.ndarray], trained: int, *, title: str, colours: dict[str, str]) -> go.Figure:
    """Mean squared error of every step of the forecast."""
    drawn = figure(title, "steps after the lag", "mean squared error")
    for name, values in curves.items():
        drawn.add_scatter(x=list(range(1, len(values) + 1)), y=values, name=name, line_color=colours[name])
    if trained:
        drawn.add_vline(
            x=trained,
            line={"color": MUTED, "dash": "dash"},
            annotation_text="trained up to here",
            annotation_position="top left",
        )
    return drawn
