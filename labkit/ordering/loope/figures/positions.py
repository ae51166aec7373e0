"""One patch pushed along the curve."""

from collections.abc import Sequence

import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.plotting import COLOURS, DIVERGING, ESTIMATE, MUTED, SEQUENTIAL, array, panels


def drag(
    positions: Float[Tensor, " near"],
    ranks: Sequence[int],
    chosen: int,
    rows: Float[Tensor, "near dim"],
    similarity: Float[Tensor, "height width"],
    path: Float[Tensor, "near 2"],
    *,
    title: str,
) -> go.Figure:
    """The patch and its neighbours on the number line; their embedding rows; the similarity to the patch."""
    drawn = panels(
        title,
        ["where they sit on the curve", "their embeddings, channel by channel", "similarity to the patch"],
        height=470,
        horizontal_spacing=0.09,
    )
    names = [f"rank {rank}" for rank in ranks]
    drawn.add_scatter(
        x=array(positions),
        y=names,
        mode="markers+text",
        text=[f"{x:.2f}" for x in positions.tolist()],
        textposition="top center",
        marker={
            "size": 16,
            "color": [ESTIMATE if rank == chosen else COLOURS[0] for rank in ranks],
        },
        row=1,
        col=1,
    )
    for name, rank in zip(names, ranks, strict=True):
        drawn.add_scatter(
            x=[rank + 1], y=[name], mode="markers", marker={"symbol": "line-ns-open", "size": 26, "color": MUTED},
            hoverinfo="skip", row=1, col=1,
        )  # fmt: skip
    drawn.update_xaxes(title_text="position X = X_G + X_C", row=1, col=1)
    drawn.update_yaxes(title_text="", type="category", row=1, col=1)
    drawn.add_heatmap(
        z=array(rows).round(3), y=names, zmin=-1, zmax=1, colorscale=DIVERGING, showscale=False, row=1, col=2
    )
    drawn.update_xaxes(title_text="channel", row=1, col=2)
    drawn.update_yaxes(title_text="", type="category", row=1, col=2)
    drawn.add_heatmap(
        z=array(similarity).round(4),
        zmin=0,
        zmax=1,
        colorscale=SEQUENTIAL,
        colorbar={"title": "cosine"},
        row=1,
        col=3,
    )
    drawn.add_scatter(
        x=array(path)[:, 1], y=array(path)[:, 0], mode="lines+markers", line={"color": ESTIMATE}, row=1, col=3
    )
    drawn.update_xaxes(title_text="column", row=1, col=3)
    drawn.update_yaxes(title_text="row", autorange="reversed", row=1, col=3)
    drawn.update_layout(showlegend=False)
    return drawn
