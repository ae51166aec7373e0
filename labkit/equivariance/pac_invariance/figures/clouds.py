"""Coefficients across environments: a dot each, and the ball that decides."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, ESTIMATE, TRUTH, array, figure


def clouds(
    train: Float[Tensor, "trained 2"],
    test: Float[Tensor, "tested 2"],
    centre: Sequence[float],
    reach: float,
    names: tuple[str, str],
    *,
    title: str,
    flat: bool = False,
) -> go.Figure:
    """Two coordinates of beta in every environment; the circle has the radius `reach` around the training mean.

    With more than two coordinates the circle is the ball's widest section: a dot inside may lie outside the ball.
    `flat`: only the first coordinate is one, and the ball is an interval.
    """
    drawn = figure(title, names[0], names[1], height=520)
    for points, label, colour, symbol, size in (
        (test, "test environments", COLOURS[0], "circle-open", 8),
        (train, "training environments", ESTIMATE, "diamond", 11),
    ):
        drawn.add_scatter(
            x=array(points[:, 0]),
            y=array(points[:, 1]),
            mode="markers",
            name=label,
            marker={"color": colour, "symbol": symbol, "size": size},
            hovertemplate="(%{x:.4f}, %{y:.4f})<extra>" + label + "</extra>",
        )
    if flat:
        drawn.add_vrect(
            x0=centre[0] - reach,
            x1=centre[0] + reach,
            line_width=2,
            line_color=TRUTH,
            annotation_text="r |m|",
        )
        return drawn
    angle = [2 * math.pi * k / 90 for k in range(91)]
    drawn.add_scatter(
        x=[centre[0] + reach * math.cos(a) for a in angle],
        y=[centre[1] + reach * math.sin(a) for a in angle],
        mode="lines",
        name="the ball r |m|",
        line={"color": TRUTH, "width": 2},
        hoverinfo="skip",
    )
    drawn.update_yaxes(scaleanchor="x", scaleratio=1)
    return drawn
