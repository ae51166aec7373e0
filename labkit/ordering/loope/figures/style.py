"""Names and colours that LOOPE's pictures share."""

from collections.abc import Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, MUTED

NAMES = {
    "none": "no PE",
    "learnable": "learnable",
    "sinusoid": "1-D sinusoid, raster",
    "gilbert": "1-D sinusoid, Gilbert",
    "loope": "LOOPE",
    "sinusoid2d_sum": "2-D sinusoid, summed",
    "sinusoid2d_concat": "2-D sinusoid, concatenated",
    "fourier": "Fourier",
    "cpvt": "CPVT",
    "rpe": "RPE bias",
    "irpe": "iRPE",
    "rope2d": "RoPE 2-D",
    "majority": "majority",
}
_COLOURS = {
    "none": MUTED,
    "sinusoid": COLOURS[0],
    "gilbert": COLOURS[2],
    "loope": COLOURS[1],
    "sinusoid2d_sum": COLOURS[3],
    "sinusoid2d_concat": COLOURS[4],
    "rpe": COLOURS[5],
}


def colour_of(pe: str) -> str:
    """The colour of an embedding, the same in every picture."""
    return _COLOURS.get(pe, COLOURS[7])


def cell_axes(
    drawn: go.Figure, height: int, width: int, places: Sequence[tuple[int, int]], *, named: bool = True
) -> None:
    """Square cells, row 0 at the top, in the panels at these (row, column); with `named` also the axes' names."""
    shared = {"constrain": "domain", "showgrid": False}
    shared |= {} if named else {"showticklabels": False, "ticks": ""}
    layout = {}
    for place in places:
        axes = drawn.get_subplot(*place)
        x, y = axes.xaxis.plotly_name, axes.yaxis.plotly_name
        anchor = f"x{x.removeprefix('xaxis')}"
        layout[x] = {**shared, "range": [-0.7, width - 0.3]}
        layout[y] = {**shared, "range": [height - 0.3, -0.7], "scaleanchor": anchor}
        if named:
            layout[x]["title"], layout[y]["title"] = {"text": "column"}, {"text": "row"}
    drawn.update_layout(layout)  # one call for all: each costs Plotly milliseconds
