"""What a linear readout makes of the state: delays and kernels."""

from collections.abc import Mapping

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, ESTIMATE, TRUTH, array, figure, panels, thin
from labkit.state_space.hippo.figures.style import POINTS


def delay(
    times: Float[Tensor, " length"],
    signal: Float[Tensor, " length"],
    target: Float[Tensor, " length"],
    output: Float[Tensor, " length"],
    lags: Float[Tensor, " lag"],
    kernel: Float[Tensor, " lag"],
    lag: float,
    *,
    title: str,
) -> go.Figure:
    """A delay network: its impulse response sharpening at the lag, and the signal it delays."""
    drawn = panels(
        title,
        ("impulse response", "signal, its delayed copy, the output"),
        rows=2,
        height=620,
        vertical_spacing=0.22,
    )
    drawn.add_scatter(
        x=thin(lags, POINTS), y=thin(kernel, POINTS), name="kernel", line={"color": COLOURS[0]}, row=1, col=1
    )
    drawn.add_vline(x=lag, line={"color": TRUTH, "dash": "dot"}, row=1, col=1)
    for values, name, line in (
        (signal, "input u", {"color": "#C3CAD2", "width": 1.5}),
        (target, "u delayed: the truth", {"color": TRUTH, "width": 2}),
        (output, "output", {"color": ESTIMATE, "width": 2, "dash": "dash"}),
    ):
        drawn.add_scatter(x=thin(times, POINTS), y=thin(values, POINTS), name=name, line=line, row=2, col=1)
    drawn.update_xaxes(title_text="lag (steps)", row=1, col=1)
    drawn.update_xaxes(title_text="time (steps)", row=2, col=1)
    drawn.update_yaxes(title_text="weight per step", row=1, col=1)
    drawn.update_yaxes(title_text="value", row=2, col=1)
    return drawn


def fitted_kernel(
    lags: Float[Tensor, " lag"],
    kernel: Float[Tensor, " lag"],
    fits: Mapping[str, Float[Tensor, " lag"]],
    *,
    title: str,
) -> go.Figure:
    """A kernel drawn by hand, and the nearest kernels that a state of N numbers can produce."""
    drawn = figure(title, "lag (fraction of the memory)", "K", height=440)
    drawn.add_scatter(
        x=array(lags), y=array(kernel), name="drawn", mode="lines", line={"color": TRUTH, "width": 3}
    )
    for index, (name, values) in enumerate(fits.items()):
        drawn.add_scatter(
            x=array(lags),
            y=array(values),
            name=name,
            mode="lines",
            line={"color": COLOURS[index], "width": 2},
        )
    return drawn
