"""What HiPPO's pictures share: a colour for each measure, and how many points a line has."""

from labkit.plotting import COLOURS

MEASURE_COLOURS = dict(
    zip(("LegS", "LegT", "FouT", "LagT", "scaled LegS", "LMU", "random"), COLOURS, strict=False)
)
POINTS = 600


def colour_of(measure: str) -> str:
    """The colour that a measure has in all of the paper's pictures."""
    return MEASURE_COLOURS.get(measure, MEASURE_COLOURS["random"])
