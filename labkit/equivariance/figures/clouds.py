"""Pictures of points in the plane and in space that the theme's papers share: the commuting square, trajectories."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, MUTED, TRUTH, array, panels


def arrows(
    drawn: go.Figure,
    start: Float[Tensor, "n 2"],
    vectors: Float[Tensor, "n 2"],
    *,
    row: int,
    col: int,
    colour: str,
    width: float = 2.0,
    name: str = "",
) -> None:
    """Line segments from every point along its vector, with a dot at the point."""
    a, b = array(start), array(start + vectors)
    gap = np.full(len(a), np.nan, a.dtype)
    drawn.add_scatter(
        x=np.stack([a[:, 0], b[:, 0], gap], 1).ravel(),
        y=np.stack([a[:, 1], b[:, 1], gap], 1).ravel(),
        mode="lines",
        line={"color": colour, "width": width},
        name=name,
        showlegend=bool(name),
        hoverinfo="skip",
        row=row,
        col=col,
    )


def square_of_clouds(
    clouds: tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"]],
    outputs: tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"]],
    wanted: Float[Tensor, "n 2"],
    error: float,
    *,
    title: str,
    motion: str,
    network: str,
) -> go.Figure:
    """The diagram of equivariance for a network with a vector at every point: down the network, across the motion.

    Args:
        clouds: X and g X. outputs: the network's vectors for both. wanted: g applied to the first's vectors.
        error: the relative error between the second's vectors and `wanted`.
    """
    titles = ["X", f"g X: {motion}", f"{network} of X", f"{network} of g X, and g of the left (thin)"]
    drawn = panels(
        title, titles, rows=2, columns=2, height=720, horizontal_spacing=0.1, vertical_spacing=0.14
    )
    reach = 1.25 * max(float(cloud.abs().max()) for cloud in clouds)
    length = 0.35 * reach / max(float(v.norm(dim=-1).max()) for v in outputs)
    for index, cloud in enumerate(clouds):
        for row in (1, 2):
            if row == 2:
                arrows(
                    drawn,
                    cloud,
                    length * outputs[index],
                    row=2,
                    col=index + 1,
                    colour=COLOURS[index],
                    width=3.5,
                )
            drawn.add_scatter(
                x=array(cloud)[:, 0],
                y=array(cloud)[:, 1],
                mode="markers",
                marker={"size": 7, "color": np.arange(len(cloud)), "colorscale": "Viridis"},
                showlegend=False,
                hoverinfo="skip",
                row=row,
                col=index + 1,
            )
    arrows(drawn, clouds[1], length * wanted, row=2, col=2, colour=TRUTH, width=1.2)
    for number in range(1, 5):
        suffix = "" if number == 1 else str(number)
        drawn.layout[f"xaxis{suffix}"].update(
            range=[-reach, reach], constrain="domain", showgrid=False, showticklabels=False, ticks=""
        )
        drawn.layout[f"yaxis{suffix}"].update(
            range=[-reach, reach],
            scaleanchor=f"x{suffix}",
            constrain="domain",
            showgrid=False,
            showticklabels=False,
            ticks="",
        )
    said = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 15}}
    drawn.add_annotation(x=0.5, y=0.81, text="g<br>→", **said)
    drawn.add_annotation(x=0.5, y=0.19, text="g<br>→", **said)
    drawn.add_annotation(x=0.5, y=0.5, text=f"<b>relative error {error:.2g}</b>", **said)
    return drawn


def trajectory3d(
    past: Float[Tensor, "past n 3"],
    future: Float[Tensor, "future n 3"],
    predictions: Mapping[str, Float[Tensor, "_ n 3"]],
    *,
    title: str,
    colours: Mapping[str, str],
    labels: Sequence[str] = (),
    height: int = 560,
) -> go.Figure:
    """Bodies in space: their past, their true future, and where each model says that they go.

    Args:
        predictions: of one time (then a cross) or of several (then a line).
        labels: of the bodies, such as their charges.
    """
    drawn = go.Figure(layout={"template": "labkit", "height": height, "title": {"text": title}})
    for body in range(past.shape[1]):
        for values, colour, width, name in ((past, MUTED, 4, "past"), (future, TRUTH, 5, "truth")):
            x, y, z = array(values[:, body]).T
            drawn.add_scatter3d(
                x=x,
                y=y,
                z=z,
                mode="lines",
                line={"color": colour, "width": width},
                name=name,
                legendgroup=name,
                showlegend=body == 0,
                hoverinfo="skip",
            )
    here = array(past[-1])
    drawn.add_scatter3d(
        x=here[:, 0],
        y=here[:, 1],
        z=here[:, 2],
        mode="markers+text" if labels else "markers",
        text=list(labels),
        textfont={"size": 16},
        marker={"size": 5, "color": TRUTH},
        name="now",
    )
    for name, values in predictions.items():
        for body in range(values.shape[1]):
            x, y, z = array(values[:, body]).T
            drawn.add_scatter3d(
                x=x,
                y=y,
                z=z,
                mode="lines" if len(x) > 1 else "markers",
                line={"color": colours[name], "width": 4, "dash": "dot"},
                marker={"size": 5, "color": colours[name], "symbol": "x"},
                name=name,
                legendgroup=name,
                showlegend=body == 0,
                hoverinfo="skip",
            )
    axis = {"showbackground": False, "gridcolor": "#E4E7EB", "zeroline": False, "nticks": 5}
    drawn.update_layout(
        xaxis_visible=False,
        yaxis_visible=False,
        scene={"xaxis": axis, "yaxis": axis, "zaxis": axis, "aspectmode": "data"},
        margin={"l": 0, "r": 0, "b": 0},
    )
    return drawn
