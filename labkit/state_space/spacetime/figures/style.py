"""What SpaceTime's pictures share: a colour for each kind of system and each forecaster."""

from labkit.plotting import COLOURS, MUTED, TRUTH

COLOUR = {
    "companion": COLOURS[0],
    "SpaceTime": COLOURS[0],
    "shift": COLOURS[5],
    "SpaceTime, mixed horizons": COLOURS[5],
    "S4D-Lin": COLOURS[1],
    "S4D": COLOURS[1],
    "S4D rolled": COLOURS[1],
    "S4D-LegS": COLOURS[4],
    "S4": COLOURS[3],
    "LSTM": COLOURS[3],
    "Transformer": COLOURS[4],
    "NLinear": COLOURS[2],
    "Linear": COLOURS[7],
    "roots (c~ learnt)": COLOURS[0],
    "series": COLOURS[2],
    "doubling": COLOURS[1],
    "wanted": TRUTH,
}


def colour_of(name: str) -> str:
    """The colour of a system or forecaster in all of the paper's pictures."""
    return COLOUR.get(name, MUTED)
