"""What an attention head can be made to say, and what the theory rules out."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.language.magic_words.figures.style import BOUND_COLOURS, BOUND_NAMES
from labkit.plotting import COLOURS, ESTIMATE, MUTED, TRUTH, array, figure


def attention_set(
    cloud: Float[Tensor, "n 2"],
    yhat: Float[Tensor, " 2"],
    s_min: float,
    bounds: Mapping[str, float],
    target: Float[Tensor, " 2"],
    steered: Float[Tensor, " 2"],
    *,
    title: str,
) -> go.Figure:
    """Outputs of one row in the plane: sampled controls, the tubes of three bounds, a target and the best steering.

    Args:
        bounds: the radius of each tube around the line of yhat.
    """
    drawn = figure(title, "output, first coordinate", "output, second coordinate", height=600)
    centre, points = array(yhat), array(cloud)
    e = centre / max(float(np.linalg.norm(centre)), 1e-12)
    across = np.array([-e[1], e[0]])
    reach = 1.2 * max(
        float(np.abs(points).max()),
        float(np.abs(array(target)).max()),
        *(min(b, 4.0) for b in bounds.values()),
        0.2,
    )
    far = 3 * reach
    for name, radius in sorted(bounds.items(), key=lambda pair: -pair[1]):
        corners = [
            a * far * e + b * radius * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
        ]
        drawn.add_scatter(
            x=[corner[0] for corner in corners],
            y=[corner[1] for corner in corners],
            mode="lines",
            fill="toself",
            opacity=0.9,
            fillcolor="rgba(154,165,177,0.08)",
            line={"color": BOUND_COLOURS[name], "width": 2.5},
            name=f"{BOUND_NAMES[name]}: ± {radius:.3g}",
            hoverinfo="skip",
        )
    drawn.add_scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        marker={"size": 3, "color": MUTED, "opacity": 0.5},
        name="outputs under random controls",
        hoverinfo="skip",
    )
    hull = _hull(points)
    drawn.add_scatter(
        x=hull[:, 0],
        y=hull[:, 1],
        mode="lines",
        line={"color": MUTED, "width": 1.5},
        name="their hull",
        hoverinfo="skip",
    )
    drawn.add_scatter(
        x=[s_min * centre[0], centre[0]],
        y=[s_min * centre[1], centre[1]],
        mode="lines+markers",
        line={"color": TRUTH, "width": 4},
        name="from s<sub>min</sub> ŷ to ŷ, the output without control",
    )
    for values, name, colour, symbol in (
        (array(target), "wanted", ESTIMATE, "x"),
        (array(steered), "nearest that steering found", COLOURS[0], "circle-open"),
    ):
        drawn.add_scatter(
            x=[values[0]],
            y=[values[1]],
            mode="markers",
            marker={"size": 16, "color": colour, "symbol": symbol, "line": {"width": 3, "color": colour}},
            name=name,
        )
    drawn.update_xaxes(range=[-reach, reach])
    drawn.update_yaxes(range=[-reach, reach], scaleanchor="x")
    drawn.update_layout(margin_t=150, legend_font_size=13)
    return drawn


def _hull(points: np.ndarray) -> np.ndarray:
    """The corners of a cloud's convex hull, the first repeated at the end."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        order = ConvexHull(points).vertices
    except QhullError:
        return points[:1]
    return points[np.append(order, order[0])]


def layer_bounds(
    names: Sequence[str], measured: Sequence[float], bounds: Mapping[str, Sequence[float]], *, title: str
) -> go.Figure:
    """Bars of the largest displacement that real tokens cause, head by head, and the bounds above them."""
    drawn = figure(title, "layer and head", "displacement orthogonal to ŷ", height=460)
    drawn.add_bar(x=list(names), y=list(measured), name="measured, real tokens", marker_color=MUTED)
    for name, values in bounds.items():
        drawn.add_scatter(
            x=list(names),
            y=list(values),
            mode="markers",
            name=BOUND_NAMES[name],
            marker={"symbol": "line-ew", "size": 18, "line": {"width": 4, "color": BOUND_COLOURS[name]}},
        )
    drawn.update_xaxes(type="category")
    drawn.update_yaxes(type="log", dtick=1)
    return drawn
