"""One linear map in three views, and its matrix beside that of attention."""

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, DIVERGING, ESTIMATE, MUTED, SEQUENTIAL, TRUTH, array, panels, thin

POINTS = 600


def three_views(
    signal: Float[Tensor, " length"],
    times: Float[Tensor, " fine"],
    continuous: Float[Tensor, " fine"],
    recurrent: Float[Tensor, " length"],
    convolved: Float[Tensor, " length"],
    kernel: Float[Tensor, " length"],
    *,
    title: str,
) -> go.Figure:
    """The input, the convolution's kernel, and the three outputs over one another.

    Args:
        times: of the continuous output, in steps; sample k is held from k to k + 1.
    """
    drawn = panels(
        title,
        ("input u", "the convolution's kernel K", "three outputs y"),
        rows=2,
        columns=2,
        height=720,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        row_heights=[0.34, 0.66],
        vertical_spacing=0.2,
        horizontal_spacing=0.1,
    )
    steps = list(range(len(signal)))
    drawn.add_scatter(
        x=steps, y=array(signal), line={"color": MUTED, "shape": "hv"}, showlegend=False, row=1, col=1
    )
    drawn.add_scatter(x=steps, y=array(kernel), line={"color": COLOURS[2]}, showlegend=False, row=1, col=2)
    ends = [k + 1 for k in steps]
    drawn.add_scatter(
        x=thin(times, 4 * POINTS),
        y=thin(continuous, 4 * POINTS),
        name="continuous: x′ = Ax + Bu",
        line={"color": TRUTH, "width": 1.5},
        row=2,
        col=1,
    )
    drawn.add_scatter(
        x=ends,
        y=array(convolved),
        name="convolution: K * u",
        mode="lines",
        line={"color": COLOURS[2], "width": 7},
        opacity=0.35,
        row=2,
        col=1,
    )
    drawn.add_scatter(
        x=ends,
        y=array(recurrent),
        name="recurrence, step by step",
        mode="markers",
        marker={"color": ESTIMATE, "size": 6},
        row=2,
        col=1,
    )
    drawn.update_xaxes(title_text="time (steps)", row=1, col=1)
    drawn.update_xaxes(title_text="lag (steps)", row=1, col=2)
    drawn.update_xaxes(title_text="time (steps)", row=2, col=1)
    drawn.update_yaxes(title_text="u", row=1, col=1)
    drawn.update_yaxes(title_text="K", row=1, col=2)
    drawn.update_yaxes(title_text="y", row=2, col=1)
    return drawn


def mixing_maps(
    toeplitz: Float[Tensor, "length length"], attention: Float[Tensor, "length length"], *, title: str
) -> go.Figure:
    """What each output reads of each input: a convolution's Toeplitz matrix, and softmax attention."""
    drawn = panels(
        title,
        ("S4: K at the distance, whatever the input", "attention: weights that the input sets"),
        height=480,
        horizontal_spacing=0.16,
    )
    bound = float(toeplitz.abs().max()) or 1.0
    drawn.add_heatmap(
        z=array(toeplitz),
        colorscale=DIVERGING,
        reversescale=True,
        zmin=-bound,
        zmax=bound,
        colorbar={"title": "weight", "x": 0.43},
        row=1,
        col=1,
    )
    drawn.add_heatmap(
        z=array(attention), colorscale=SEQUENTIAL, zmin=0, colorbar={"title": "weight"}, row=1, col=2
    )
    for column in (1, 2):
        drawn.update_xaxes(title_text="input step", row=1, col=column)
        drawn.update_yaxes(title_text="output step", autorange="reversed", row=1, col=column)
    return drawn
