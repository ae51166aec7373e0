"""The theme page's pictures: the error along the orbit, and bodies in the plane."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, MUTED, TRUTH, array, figure, panels

FLOOR = 1e-17


def along_the_orbit(
    elements: Sequence[float],
    errors: Mapping[str, Float[Tensor, " elements"]],
    chosen: str,
    place: int,
    *,
    title: str,
    label: str,
) -> go.Figure:
    """Every model's error at every element, logarithmic; the chosen model is bold, the chosen element marked."""
    drawn = figure(title, label, "error of f(g x) against g f(x)")
    for i, (name, values) in enumerate(errors.items()):
        bold = name == chosen
        drawn.add_scatter(
            x=list(elements),
            y=np.maximum(array(values).astype(np.float64), FLOOR),
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[i % len(COLOURS)], "width": 4 if bold else 1.5},
            marker={"size": 9 if bold else 5},
            opacity=1.0 if bold else 0.6,
        )
    drawn.add_vline(x=elements[place], line={"color": TRUTH, "dash": "dot"})
    drawn.update_yaxes(type="log", range=[-17.2, 0.3], title_standoff=12)
    drawn.update_layout(margin_l=96)
    return drawn


def bodies(
    states: tuple[Float[Tensor, "n 6"], Float[Tensor, "n 6"]],
    outputs: tuple[Float[Tensor, "n 3"], Float[Tensor, "n 3"]],
    wanted: Float[Tensor, "n 3"],
    *,
    title: str,
    motion: str,
) -> go.Figure:
    """Seen from above: where the bodies are and where the model says that they go, before and after the motion."""
    drawn = panels(title, ["x, and f(x)", f"{motion}: g x, f(g x), and rings at g f(x)"], height=460)
    for column, (state, output) in enumerate(zip(states, outputs, strict=True), start=1):
        at = {"row": 1, "col": column}
        x, y = array(state[:, :2]), array(output[:, :2])
        for i in range(len(x)):
            drawn.add_scatter(
                x=[x[i, 0], y[i, 0]],
                y=[x[i, 1], y[i, 1]],
                mode="lines",
                line_color=MUTED,
                showlegend=False,
                **at,
            )
        common = {"mode": "markers+text", "textposition": "top center", "showlegend": column == 2}
        drawn.add_scatter(
            x=x[:, 0],
            y=x[:, 1],
            text=[str(i + 1) for i in range(len(x))],
            marker={"color": COLOURS[0], "size": 12},
            name="bodies",
            **common,
            **at,
        )
        common["mode"] = "markers"
        drawn.add_scatter(
            x=y[:, 0],
            y=y[:, 1],
            marker={"color": COLOURS[1], "size": 10, "symbol": "x"},
            name="model",
            **common,
            **at,
        )
    ring = {"color": TRUTH, "size": 18, "symbol": "circle-open", "line": {"width": 2}}
    goal = array(wanted[:, :2])
    drawn.add_scatter(x=goal[:, 0], y=goal[:, 1], mode="markers", marker=ring, name="g f(x)", row=1, col=2)
    drawn.update_xaxes(title_text="first coordinate")
    drawn.update_yaxes(title_text="second coordinate", row=1, col=1)
    for number in (1, 2):
        drawn.update_yaxes(scaleanchor=f"x{number if number > 1 else ''}", row=1, col=number)
    return drawn
