"""What the pictures share: a colour for each prompt length, for each set of targets, and the three words."""

from labkit.plotting import COLOURS

# the smallest k that reaches an output
LENGTH_COLOURS = {0: COLOURS[0], 1: COLOURS[2], 2: COLOURS[4], 3: COLOURS[1]}
DARK = "#CBD2D9"  # an output that no prompt reaches
SET_COLOURS = {"truth": COLOURS[0], "top": COLOURS[2], "uniform": COLOURS[1]}
SET_NAMES = {"truth": "true next token", "top": "likely tokens", "uniform": "any likelihood"}
BOUND_COLOURS = {"paper": COLOURS[1], "row": COLOURS[4], "direction": COLOURS[3]}
BOUND_NAMES = {"paper": "the paper's bound", "row": "row bound", "direction": "directional bound"}
REACHED, UNREACHABLE, NOT_FOUND = "reached", "proven unreachable", "not found"


def visible(token: str) -> str:
    """A token's text with its spaces and line ends to be seen."""
    return token.replace("\n", "⏎").replace(" ", "·") or "∅"


def safe(text: str) -> str:
    """Text for a label: Plotly would read `<bos>` as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
