"""Kernels, what goes wrong without the truncation, the complex plane, and condition numbers."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.plotting import COLOURS, ESTIMATE, MUTED, TRUTH, array, figure, panels, thin

POINTS = 800


def kernel_gallery(kernels: Float[Tensor, "heads length"], names: Sequence[str], *, title: str) -> go.Figure:
    """The kernels of a few heads against the lag, one under another."""
    drawn = panels(
        title, list(names), rows=len(names), height=150 + 140 * len(names), shared_xaxes=True,
        vertical_spacing=0.22 / len(names),
    )  # fmt: skip
    lags = thin(np.arange(kernels.shape[1]), POINTS)
    for row, kernel in enumerate(kernels, start=1):
        drawn.add_scatter(
            x=lags,
            y=thin(kernel, POINTS),
            line={"color": COLOURS[(row - 1) % len(COLOURS)], "width": 1.8},
            showlegend=False,
            row=row,
            col=1,
        )
        drawn.update_yaxes(title_text="K", row=row, col=1)
    drawn.update_xaxes(title_text="lag (steps)", row=len(names), col=1)
    return drawn


def aliasing(
    exact: Float[Tensor, " length"],
    wrapped: Float[Tensor, " length"],
    beyond: Float[Tensor, " length"],
    *,
    title: str,
) -> go.Figure:
    """A kernel, the same without the truncation, and the tail that is wrapped onto its beginning.

    Args:
        beyond: the kernel's next L values, which the wrong form adds to the first L.
    """
    drawn = figure(title, "lag (steps)", "K", height=460)
    length = len(exact)
    drawn.add_scatter(
        x=list(range(length)), y=array(exact), name="K, with Ĉ = C(I − Āᴸ)", line={"color": TRUTH, "width": 3}
    )
    drawn.add_scatter(
        x=list(range(length)),
        y=array(wrapped),
        name="with C in the place of Ĉ",
        line={"color": ESTIMATE, "width": 2},
    )
    drawn.add_scatter(
        x=list(range(length, 2 * length)),
        y=array(beyond),
        name="the tail beyond L",
        line={"color": MUTED, "width": 2, "dash": "dot"},
    )
    drawn.add_vline(x=length, line={"color": MUTED, "dash": "dash"})
    return drawn


def plane(
    poles: Complex[Tensor, " modes"],
    eigenvalues: Complex[Tensor, " modes"],
    nodes: Float[Tensor, " nodes"],
    angles: Float[Tensor, " nodes"],
    response: Float[Tensor, " nodes"],
    *,
    title: str,
    reach: float,
) -> go.Figure:
    """Left: the poles and the imaginary axis, where the roots of unity land. Right: |Khat| on the circle.

    Args:
        poles: Delta Lambda, those of each Cauchy sum. eigenvalues: Delta times those of A, the poles of Khat.
        nodes: 2 tan(theta/2) for each angle: where the bilinear rule puts e^{-i theta}, times Delta.
    """
    drawn = panels(
        title,
        ("the plane of Δ·s", "what the kernel passes: |K̂| on the circle"),
        height=500,
        horizontal_spacing=0.12,
    )
    inside = nodes.abs() <= reach
    drawn.add_scatter(
        x=np.zeros(int(inside.sum())),
        y=array(nodes[inside]),
        mode="markers",
        name="roots of unity, mapped",
        marker={
            "color": COLOURS[0],
            "size": 7,
            "symbol": "line-ew",
            "line": {"width": 2, "color": COLOURS[0]},
        },
        row=1,
        col=1,
    )
    for values, name, colour, symbol in (
        (poles, "poles Δλ of the Cauchy sums", ESTIMATE, "x"),
        (eigenvalues, "Δ · eigenvalues of A: poles of K̂", TRUTH, "circle-open"),
    ):
        points = values.detach().cpu().numpy()
        points = points[np.abs(points.imag) <= reach]
        drawn.add_scatter(
            x=points.real,
            y=points.imag,
            mode="markers",
            name=name,
            marker={"color": colour, "size": 9, "symbol": symbol},
            hovertemplate="%{x:.4g} + %{y:.4g}i<extra></extra>",
            row=1,
            col=1,
        )
    drawn.add_vline(x=0, line={"color": TRUTH, "width": 1}, row=1, col=1)
    drawn.add_scatter(
        x=array(angles), y=array(response), showlegend=False, line={"color": COLOURS[2]}, row=1, col=2
    )
    drawn.update_xaxes(title_text="real part", row=1, col=1)
    drawn.update_yaxes(title_text="imaginary part", range=[-reach, reach], row=1, col=1)
    drawn.update_xaxes(title_text="angle θ (radians per step)", row=1, col=2)
    drawn.update_yaxes(title_text="|K̂|", type="log", row=1, col=2)
    return drawn


def conditions(orders: Sequence[int], found: Mapping[str, Sequence[float]]) -> go.Figure:
    """Condition numbers against the state size; above the dotted line nothing is left of float64."""
    drawn = figure("Two ways to diagonalise HiPPO's matrix", "state size N", "condition number", height=420)
    for name, values in found.items():
        drawn.add_scatter(
            x=list(orders),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": ESTIMATE if name == "eigenvectors of A" else COLOURS[0]},
        )
    drawn.add_hline(y=1e16, line={"color": TRUTH, "dash": "dot"}, annotation_text="float64 has 16 digits")
    drawn.update_xaxes(type="log", tickvals=list(orders))
    drawn.update_yaxes(type="log")
    return drawn
