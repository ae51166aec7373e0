"""How much of the past is left: error maps and the error of a delay."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import ESTIMATE, SEQUENTIAL, TRUTH, array, figure
from labkit.state_space.hippo.figures.style import colour_of


def error_map(
    x: Sequence[float],
    orders: Sequence[int],
    errors: Float[Tensor, "order x"],
    *,
    title: str,
    x_name: str,
    log_x: bool = False,
    marker: float | None = None,
    marker_name: str = "",
) -> go.Figure:
    """A heat map of the relative error: state size against lag, or against Delta."""
    drawn = figure(title, x_name, "state size N", height=440)
    drawn.add_heatmap(
        x=list(x),
        y=[str(order) for order in orders],
        z=array(errors),
        zmin=0,
        zmax=1.2,
        colorscale=SEQUENTIAL,
        colorbar={"title": "relative error"},
        hovertemplate=f"{x_name}: %{{x:.4g}}<br>N = %{{y}}<br>error %{{z:.3f}}<extra></extra>",
    )
    if log_x:
        drawn.update_xaxes(type="log")
    drawn.update_yaxes(type="category")
    if marker is not None:
        drawn.add_vline(x=marker, line={"color": ESTIMATE, "width": 3, "dash": "dash"})
        # at the foot, so that it never meets the title
        place = np.log10(marker) if log_x else marker
        drawn.add_annotation(
            x=place,
            y=0.03,
            yref="paper",
            text=marker_name,
            showarrow=False,
            font={"color": "white"},
            xanchor="left",
            xshift=6,
            bgcolor="rgba(31,41,51,0.65)",
        )
    return drawn


def delay_errors(
    errors: Mapping[str, Sequence[float]],
    products: Sequence[float],
    *,
    chosen: str | None = None,
    position: float | None = None,
    title: str = "How well each state tells the input of some time ago",
) -> go.Figure:
    """Normalised error of the best linear readout against Delta times the lag, one line a measure."""
    drawn = figure(title, "Δ · lag (memory's length is 1)", "NRMSE of the delayed input", height=420)
    for name, values in errors.items():
        heavy = chosen is None or name == chosen
        drawn.add_scatter(
            x=list(products),
            y=list(values),
            name=name,
            mode="lines+markers",
            opacity=1.0 if heavy else 0.35,
            line={"color": colour_of(name), "width": 3 if name == chosen else 2},
        )
    if position is not None:
        drawn.add_vline(x=position, line={"color": TRUTH, "dash": "dot"})
    drawn.update_xaxes(type="log", tickvals=list(products), ticktext=[f"{p:g}" for p in products])
    drawn.update_yaxes(range=[0, 1.05])
    return drawn
