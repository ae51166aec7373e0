"""The energy of each orientation, as a wheel."""

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, array


def orientation_wheel(energy: Float[Tensor, " N"], *, title: str) -> go.Figure:
    """One sector an orientation, its length the energy."""
    n = len(energy)
    drawn = go.Figure(layout={"template": "labkit", "height": 400})
    drawn.add_barpolar(
        r=array(energy),
        theta=[360 * k / n for k in range(n)],
        width=[0.85 * 360 / n] * n,
        marker_color=COLOURS[0],
    )
    drawn.update_xaxes(visible=False)
    drawn.update_yaxes(visible=False)
    drawn.update_layout(title_text=title, polar={"radialaxis": {"showticklabels": False}})
    return drawn
