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
        height=660,
        vertical_spacing=0.28,
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


def layer_kernels(
    lags: Float[Tensor, " lag"],
    before: Float[Tensor, "channel lag"],
    after: Float[Tensor, "channel lag"],
    responses: tuple[Float[Tensor, " lag"], Float[Tensor, " lag"]],
    lag: float,
    *,
    title: str,
) -> go.Figure:
    """The kernels of a layer's channels before and after training, and what the whole model makes of them.

    Args:
        responses: the whole model's impulse response, before and after.
        lag: the delay that it was to learn.
    """
    drawn = panels(title, ("before training", "after training"), shared_yaxes=True, horizontal_spacing=0.05)
    for column, curves, response in ((1, before, responses[0]), (2, after, responses[1])):
        for channel, curve in enumerate(curves):
            drawn.add_scatter(
                x=thin(lags, POINTS),
                y=thin(curve, POINTS),
                name=f"channel {channel}",
                legendgroup=f"channel {channel}",
                showlegend=column == 1,
                opacity=0.45,
                line={"color": COLOURS[channel % len(COLOURS)], "width": 1.5},
                row=1,
                col=column,
            )
        drawn.add_scatter(
            x=thin(lags, POINTS),
            y=thin(response, POINTS),
            name="the whole model",
            legendgroup="whole",
            showlegend=column == 1,
            line={"color": TRUTH, "width": 3},
            row=1,
            col=column,
        )
        drawn.add_vline(x=lag, line={"color": TRUTH, "dash": "dot"}, row=1, col=column)
        drawn.update_xaxes(title_text="lag (steps)", row=1, col=column)
    drawn.update_yaxes(title_text="weight per step", row=1, col=1)
    return drawn
