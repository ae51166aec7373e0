"""Pictures of graphs and of the orders that sort them."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from torch import Tensor

from labkit.plotting import COLOURS, MUTED, SEQUENTIAL, array, figure, panels


def sorting(
    A: Float[Tensor, "n n"],
    S: Float[Tensor, "n m"],
    place: Int[Tensor, "n 2"] | Float[Tensor, "n 2"],
    rank: Sequence[int],
    *,
    title: str,
) -> go.Figure:
    """A graph with its nodes coloured by the rank of their row of S (equal rows, equal colours), and S, sorted.

    Args:
        place: where the nodes are drawn. rank: of every node's row; tied nodes have the same.
    """
    drawn = panels(title, ["the graph", "rows of S, sorted"], columns=2, column_widths=[0.45, 0.55])
    at, joined = array(place), array(A)
    for i, j in np.argwhere(np.triu(joined) > 0):
        drawn.add_scatter(
            x=at[[i, j], 0],
            y=at[[i, j], 1],
            mode="lines",
            line={"color": MUTED, "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
            row=1,
            col=1,
        )
    drawn.add_scatter(
        x=at[:, 0],
        y=at[:, 1],
        mode="markers+text",
        text=[str(i) for i in range(len(at))],
        textfont={"color": "white", "size": 12},
        marker={
            "size": 26,
            "color": list(rank),
            "colorscale": "Portland",
            "cmin": 0,
            "cmax": max(1, max(rank)),
            "line": {"color": "white", "width": 1},
        },
        showlegend=False,
        hoverinfo="skip",
        row=1,
        col=1,
    )
    order = sorted(range(len(rank)), key=rank.__getitem__)
    drawn.add_heatmap(
        z=array(S)[order],
        colorscale=SEQUENTIAL,
        colorbar={"title": "S<sub>iλ</sub>", "thickness": 12},
        hoverinfo="z",
        row=1,
        col=2,
    )
    drawn.update_xaxes(visible=False, constrain="domain", row=1, col=1)
    drawn.update_yaxes(visible=False, scaleanchor="x", constrain="domain", row=1, col=1)
    drawn.update_xaxes(title_text="eigenspace, ascending λ", dtick=max(1, S.shape[1] // 8), row=1, col=2)
    drawn.update_yaxes(
        title_text="node",
        tickvals=list(range(len(order))),
        ticktext=[str(i) for i in order],
        autorange="reversed",
        row=1,
        col=2,
    )
    return drawn


def sorted_copies(copies: Float[Tensor, "f n n"], *, title: str, whole: int) -> go.Figure:
    """The adjacency matrices of the framed copies, up to 24 of them."""
    shown = array(copies[:24])
    columns = min(8, len(shown))
    rows = -(-len(shown) // columns)
    n = shown.shape[-1]
    montage = np.full((rows * (n + 1) - 1, columns * (n + 1) - 1), np.nan, np.float32)
    for index, one in enumerate(shown):
        r, c = divmod(index, columns)
        montage[r * (n + 1) : r * (n + 1) + n, c * (n + 1) : c * (n + 1) + n] = one
    more = f", the first {len(shown)} of {whole:,}" if whole > len(shown) else ""
    drawn = figure(f"{title}{more}", "", "", height=190 + 105 * rows)
    drawn.add_heatmap(
        z=montage,
        colorscale=[[0, "#E4E7EB"], [1, COLOURS[0]]],
        showscale=False,
        hoverinfo="skip",
        zmin=0,
        zmax=1,
    )
    drawn.update_xaxes(visible=False, constrain="domain")
    drawn.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return drawn


def frame_sizes(sizes: dict[str, int], nodes: int, *, title: str) -> go.Figure:
    """Sizes of frames as bars against n! on a logarithmic axis (in powers of ten, for n! may be huge)."""
    drawn = figure(title, "elements (powers of ten)", "", height=170 + 46 * (len(sizes) + 1))
    whole = math.lgamma(nodes + 1) / math.log(10)
    names = [*sizes, f"n! for n = {nodes}"]
    values = [math.log10(size) for size in sizes.values()] + [whole]
    drawn.add_bar(
        x=values,
        y=names,
        orientation="h",
        marker_color=[COLOURS[0]] * len(sizes) + [MUTED],
        text=[f"{size:,}" if size < 10**9 else f"10^{math.log10(size):.1f}" for size in sizes.values()]
        + [f"10^{whole:.1f}"],
        textposition="outside",
        cliponaxis=False,
    )
    drawn.update_yaxes(autorange="reversed")
    drawn.update_xaxes(range=[0, 1.25 * whole])
    drawn.update_layout(margin_l=150)
    return drawn
