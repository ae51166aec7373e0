"""A signal streaming past a memory: its reconstruction, and the coefficients over time."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, DIVERGING, ESTIMATE, MEASURE, TRUTH, animate, array, panels, thin
from labkit.state_space.hippo.figures.style import POINTS


def streaming(
    times: Float[Tensor, " length"],
    signal: Float[Tensor, " length"],
    moments: Sequence[int],
    pasts: Sequence[Float[Tensor, " _"]],
    reconstructions: Sequence[Float[Tensor, " _"]],
    measures: Sequence[Float[Tensor, " _"]],
    states: Float[Tensor, "frame order"],
    *,
    title: str,
    time_name: str,
    signal_name: str,
    errors: Sequence[float],
) -> go.Figure:
    """A signal streaming past: at each moment the reconstruction of its history, the measure, the state.

    Args:
        moments: the indices into `times` that are "now", one a frame.
        pasts, reconstructions, measures: for each frame, times before now, the history read back from
            the state there, and the measure there.
        errors: for each frame, the error weighted by the measure.
    """
    drawn = panels(
        title,
        ("history, and what the state says it was", "state x<sub>n</sub>", ""),
        rows=2,
        columns=2,
        height=580,
        column_widths=[0.76, 0.24],
        row_heights=[0.74, 0.26],
        shared_xaxes=True,
        vertical_spacing=0.06,
        horizontal_spacing=0.08,
        specs=[[{}, {"rowspan": 2}], [{}, None]],
    )
    x, u = thin(times, POINTS), thin(signal, POINTS)
    low, high = float(u.min()), float(u.max())
    pad = 0.25 * (high - low) or 1.0
    bound = max(float(states.abs().max()), 1e-6) * 1.05
    top = max(max(float(m.max()) for m in measures), 1e-6) * 1.1
    orders = list(range(states.shape[1]))

    def traces(index: int) -> list[dict]:
        upto = x <= float(times[moments[index]]) + 1e-9
        return [
            {"type": "scatter", "x": x[upto], "y": u[upto], "xaxis": "x", "yaxis": "y"},
            {
                "type": "scatter",
                "x": array(pasts[index]),
                "y": array(reconstructions[index]),
                "xaxis": "x",
                "yaxis": "y",
            },
            {
                "type": "scatter",
                "x": array(pasts[index]),
                "y": array(measures[index]),
                "xaxis": "x3",
                "yaxis": "y3",
            },
            {"type": "bar", "x": orders, "y": array(states[index]), "xaxis": "x2", "yaxis": "y2"},
        ]

    last = len(moments) - 1
    first = traces(last)
    drawn.add_scatter(x=x, y=u, name="still to come", line={"color": "#D9DEE4", "width": 1.5}, row=1, col=1)
    drawn.add_scatter(
        x=first[0]["x"], y=first[0]["y"], name="signal u", line={"color": TRUTH, "width": 2}, row=1, col=1
    )
    drawn.add_scatter(
        x=first[1]["x"],
        y=first[1]["y"],
        name="read back from the state",
        line={"color": ESTIMATE, "width": 2.5},
        row=1,
        col=1,
    )
    drawn.add_scatter(
        x=first[2]["x"],
        y=first[2]["y"],
        name="measure w",
        fill="tozeroy",
        line={"color": MEASURE, "width": 1},
        fillcolor="rgba(0,158,115,0.25)",
        row=2,
        col=1,
    )
    drawn.add_bar(
        x=orders, y=first[3]["y"], marker_color=COLOURS[0], showlegend=False, name="state", row=1, col=2
    )
    drawn.update_xaxes(range=[float(x[0]), float(x[-1])], row=1, col=1)
    drawn.update_xaxes(title_text=time_name, range=[float(x[0]), float(x[-1])], row=2, col=1)
    drawn.update_yaxes(title_text=signal_name, range=[low - pad, high + pad], row=1, col=1)
    drawn.update_yaxes(title_text="weight", range=[0, top], row=2, col=1)
    drawn.update_xaxes(title_text="n", row=1, col=2)
    drawn.update_yaxes(title_text="x<sub>n</sub>", range=[-bound, bound], row=1, col=2)
    digits = 0 if float(times[-1]) > 100 else 1
    frames = [
        {
            "name": f"{float(times[moment]):.{digits}f} (error {errors[index]:.2f})",
            "data": traces(index),
            "traces": [1, 2, 3, 4],
        }
        for index, moment in enumerate(moments)
    ]
    animate(drawn, frames, label="now:", milliseconds=80)
    drawn.layout.sliders[0].active = last
    return drawn


def trajectories(
    times: Float[Tensor, " length"],
    states: Float[Tensor, "length order"],
    *,
    title: str,
    time_name: str,
    lines: int = 8,
) -> go.Figure:
    """The first coefficients as lines over time, and all of them as a heat map."""
    drawn = panels(
        title,
        (f"x<sub>0</sub> to x<sub>{min(lines, states.shape[1]) - 1}</sub>", "all coefficients"),
        rows=2,
        height=600,
        shared_xaxes=True,
        vertical_spacing=0.1,
    )
    x = thin(times, POINTS)
    values = thin(states.T, POINTS)
    for n in range(min(lines, values.shape[0])):
        drawn.add_scatter(
            x=x,
            y=values[n],
            name=f"x<sub>{n}</sub>",
            line={"width": 1.8, "color": COLOURS[n % len(COLOURS)]},
            row=1,
            col=1,
        )
    bound = float(np.abs(values).max()) or 1.0
    drawn.add_heatmap(
        x=thin(times, 300),
        y=list(range(values.shape[0])),
        z=values,
        colorscale=DIVERGING,
        reversescale=True,
        zmin=-bound,
        zmax=bound,
        colorbar={"title": "x<sub>n</sub>", "len": 0.46, "y": 0.22},
        row=2,
        col=1,
    )
    drawn.update_xaxes(title_text=time_name, row=2, col=1)
    drawn.update_yaxes(title_text="coefficient", row=1, col=1)
    drawn.update_yaxes(title_text="n", row=2, col=1)
    return drawn
