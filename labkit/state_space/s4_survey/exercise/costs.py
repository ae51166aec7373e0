"""Exercise 1: what each model keeps between two steps."""

from labkit.exercise import Mistake, Wrong, exercise
from labkit.state_space.s4_survey.method import cost_model

L, D, N = 262_144, 256, 16
MODELS = ("lstm", "s4d", "mamba", "transformer")


def _sizes(**changed: int) -> dict[str, int]:
    right = {name: int(cost_model(name, L, D, N)["bytes_step"]) // 4 for name in MODELS}
    return right | changed


@exercise(
    "What is kept, at 256K tokens",
    level="easy",
    points=2,
    solution=_sizes(),
    hints=(
        "An LSTM keeps two vectors. S4D keeps N/2 complex numbers a channel: a complex number counts as two.",
        "Mamba's inner width is E = 2D: N numbers a channel, and the last 3 samples of its convolution.",
        "A Transformer keeps a key and a value of width D for every token.",
    ),
    mistakes=(
        Mistake(
            "keys without values",
            _sizes(transformer=L * D),
            "transformer: a cache holds keys AND values, two vectors of width D a token.",
        ),
        Mistake(
            "the last token only",
            _sizes(transformer=2 * D),
            "transformer: attention looks at every earlier token again, so keys and values of all L tokens are kept.",
        ),
        Mistake(
            "the cell alone", _sizes(lstm=D), "lstm: the cell c and the output h both go on to the next step."
        ),
        Mistake(
            "complex numbers counted once",
            _sizes(s4d=N * D // 2),
            "s4d: N/2 conjugate pairs a channel are N/2 complex numbers, which are N real ones.",
        ),
        Mistake(
            "the convolution forgotten",
            _sizes(mamba=2 * D * N),
            "mamba: besides E·N numbers of state, the convolution of 4 taps keeps its last 3 samples a channel.",
        ),
        Mistake(
            "the outer width",
            _sizes(mamba=D * (N + 3)),
            "mamba: the state belongs to the inner channels, of which there are E = 2D.",
        ),
        Mistake(
            "a state that grows",
            _sizes(mamba=2 * D * N * L),
            "mamba: the state is overwritten at every step; nothing of it grows with L.",
        ),
    ),
)
def state_sizes(answer) -> str:
    r"""One layer of width $D = 256$ (and $N = 16$ where there is a state a channel) has read $L = 262\,144$ tokens of
    one sequence. How many **real numbers** must it keep to read the next token? Answer with a dictionary
    `{"lstm": ..., "s4d": ..., "mamba": ..., "transformer": ...}`. Mamba has inner width $2D$ and a convolution of 4
    taps; S4D keeps one of each conjugate pair.
    """
    if not isinstance(answer, dict) or not set(MODELS) <= set(answer):
        raise Wrong('Answer with {"lstm": ..., "s4d": ..., "mamba": ..., "transformer": ...}.')
    right = _sizes()
    for name in MODELS:
        if answer[name] == right[name]:
            continue
        for mistake in state_sizes.mistakes:
            if answer[name] == mistake.answer[name] != right[name]:
                raise Wrong(mistake.message)
        raise Wrong(
            f"{name}: {answer[name]} is not it. Count what the next step reads besides the parameters."
        )
    times = right["transformer"] // right["mamba"]
    return f"The Transformer keeps {times:,} times what Mamba does, and at the next token more."
