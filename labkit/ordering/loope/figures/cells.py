"""Three cells, what networks say of them, and what the context network says of an image."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from jaxtyping import Float, Int
from torch import Tensor

from labkit.ordering.loope.figures.style import NAMES, cell_axes, colour_of
from labkit.plotting import DIVERGING, MUTED, SEQUENTIAL, TRUTH, array, figure, panels

CELLS = {"red": "#D62728", "green": "#2CA02C", "blue": "#1F77B4"}


def triangle(cells: Int[Tensor, "3 2"], grid: int, *, title: str) -> go.Figure:
    """The three cells (x, y) on the grid: distances from red, the shadows below, and the sum against G - 1."""
    drawn = figure(title, "column x", "row y", height=520)
    (rx, ry), *others = cells.tolist()
    for (x, y), colour, fill in zip(
        others, ("green", "blue"), ("rgba(44,160,44,0.15)", "rgba(31,119,180,0.15)"), strict=True
    ):
        drawn.add_scatter(
            x=[rx, rx, x, x, rx],
            y=[0, ry, y, 0, 0],
            fill="toself",
            fillcolor=fill,
            mode="lines",
            line={"width": 0},
            name=f"shadow of red-{colour}",
            hoverinfo="skip",
        )
        drawn.add_scatter(
            x=[rx, x],
            y=[ry, y],
            mode="lines",
            line={"color": CELLS[colour], "width": 3},
            name=f"d = {((x - rx) ** 2 + (y - ry) ** 2) ** 0.5:.2f}",
        )
    for (x, y), (name, colour) in zip(cells.tolist(), CELLS.items(), strict=True):
        drawn.add_scatter(
            x=[x], y=[y], mode="markers", marker={"symbol": "square", "size": 26, "color": colour},
            name=name, showlegend=False,
        )  # fmt: skip
    sx, sy = (int(v) for v in cells.sum(0))
    drawn.add_scatter(
        x=[sx],
        y=[sy],
        mode="markers+text",
        text=["sum"],
        textposition="top center",
        marker={"symbol": "star", "size": 16, "color": TRUTH},
        name=f"vector sum ({sx}, {sy})",
    )
    border = {"line": {"color": TRUTH, "dash": "dash", "width": 1}}
    drawn.add_shape(type="rect", x0=-0.5, x1=grid - 0.5, y0=-0.5, y1=grid - 0.5, **border)
    top = 3 * (grid - 1) + 0.7
    drawn.add_shape(
        type="rect", x0=grid - 1, x1=top, y0=grid - 1, y1=top, fillcolor="rgba(0,0,0,0.05)", line={"width": 0}
    )
    drawn.update_xaxes(range=[-0.7, top], constrain="domain", dtick=1)
    drawn.update_yaxes(range=[top, -0.7], scaleanchor="x", constrain="domain", dtick=1)
    return drawn


def predictions(
    labels: Sequence[str], truth: Sequence[bool], said: Mapping[str, Float[Tensor, " labels"]], *, title: str
) -> go.Figure:
    """What the networks say of each label, and the truth."""
    drawn = figure(title, "probability of yes", "", height=520)
    for pe, values in said.items():
        drawn.add_bar(
            x=array(values).round(4),
            y=list(labels),
            orientation="h",
            name=NAMES[pe],
            marker_color=colour_of(pe),
        )
    drawn.add_scatter(
        x=[float(value) for value in truth],
        y=list(labels),
        mode="markers",
        name="truth",
        marker={"symbol": "diamond", "size": 14, "color": TRUTH},
    )
    drawn.add_vline(x=0.5, line={"color": MUTED, "dash": "dot"})
    drawn.update_xaxes(range=[-0.03, 1.03])
    drawn.update_yaxes(autorange="reversed", automargin=True)
    drawn.update_layout(barmode="group")
    return drawn


def context_map(
    image: Float[Tensor, "3 height width"],
    offsets: Float[Tensor, "rows columns"],
    swapped: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    *,
    title: str,
) -> go.Figure:
    """The image beside X_C over its patches (red forwards, blue backwards); arrows where two patches swapped."""
    drawn = panels(title, ["the image", "X_C of its patches"], height=470)
    shown = array(image.clamp(0, 1).permute(1, 2, 0) * 255).round().astype("uint8")
    drawn.add_image(z=shown, row=1, col=1)
    drawn.update_xaxes(title_text="column (pixels)", row=1, col=1)
    drawn.update_yaxes(title_text="row (pixels)", row=1, col=1)
    drawn.add_heatmap(
        z=array(offsets).round(4),
        zmin=-1,
        zmax=1,
        colorscale=f"{DIVERGING}_r",
        colorbar={"title": "X_C"},
        row=1,
        col=2,
    )
    for (y0, x0), (y1, x1) in swapped:
        drawn.add_scatter(
            x=[x0, x1],
            y=[y0, y1],
            mode="lines+markers",
            line={"color": TRUTH, "width": 2},
            marker={"symbol": "arrow", "angleref": "previous", "size": 13, "color": TRUTH},
            hoverinfo="skip",
            showlegend=False,
            row=1,
            col=2,
        )
    cell_axes(drawn, *offsets.shape, [(1, 2)])
    return drawn


def rollouts(
    maps: Mapping[str, Float[Tensor, "rows columns"]], cells: Int[Tensor, "3 2"], *, title: str
) -> go.Figure:
    """Where the class token's information comes from, one panel an embedding, with the three cells marked."""
    drawn = panels(title, [NAMES[pe] for pe in maps], height=440)
    top = max(float(values.max()) for values in maps.values())
    for column, values in enumerate(maps.values(), start=1):
        drawn.add_heatmap(
            z=array(values).round(5),
            zmin=0,
            zmax=top,
            colorscale=SEQUENTIAL,
            showscale=column == len(maps),
            colorbar={"title": "share"},
            row=1,
            col=column,
        )
        for (x, y), colour in zip(cells.tolist(), CELLS.values(), strict=True):
            drawn.add_scatter(
                x=[x],
                y=[y],
                mode="markers",
                marker={"symbol": "square-open", "size": 24, "color": colour, "line": {"width": 4}},
                hoverinfo="skip",
                showlegend=False,
                row=1,
                col=column,
            )
        cell_axes(drawn, *values.shape, [(1, column)])
    return drawn
