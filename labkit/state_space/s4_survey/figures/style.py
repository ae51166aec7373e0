"""One colour a model, in every picture."""

from labkit.plotting import COLOURS

MODEL_COLOURS = {
    "mamba": COLOURS[1],
    "mamba_lti": COLOURS[4],
    "s4": COLOURS[0],
    "s4d": COLOURS[5],
    "dss": COLOURS[2],
    "s5": COLOURS[3],
    "lstm": COLOURS[7],
    "gru": COLOURS[4],
    "rnn": COLOURS[6],
    "transformer": "#222222",
    "jamba": COLOURS[2],
    "delta only": COLOURS[0],
    "B only": COLOURS[2],
    "C only": COLOURS[3],
}
NAMES = {
    "mamba": "Mamba",
    "mamba_lti": "Mamba, Δ B C fixed",
    "s4": "S4",
    "s4d": "S4D",
    "dss": "DSS",
    "s5": "S5",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "RNN",
    "transformer": "Transformer",
    "jamba": "Jamba",
}


def shown(model: str) -> str:
    """A model's name for people."""
    return NAMES.get(model, model)
