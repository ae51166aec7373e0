"""Names and colours that LOOPE's pictures share."""

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


def cell_axes(drawn, height: int, width: int, row: int, column: int) -> None:
    """Square cells, row 0 at the top, with named axes."""
    axis = drawn.get_subplot(row, column).xaxis.plotly_name.removeprefix("xaxis")
    drawn.update_xaxes(
        title_text="column",
        range=[-0.7, width - 0.3],
        constrain="domain",
        showgrid=False,
        row=row,
        col=column,
    )
    drawn.update_yaxes(
        title_text="row",
        range=[height - 0.3, -0.7],
        scaleanchor=f"x{axis}",
        constrain="domain",
        showgrid=False,
        row=row,
        col=column,
    )
