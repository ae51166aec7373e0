"""Panel E: k-epsilon curves of the class run that ships with the lab."""

from typing import Annotated, Literal

import plotly.graph_objects as go
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.language.magic_words import figures
from labkit.language.magic_words.experiment import shipped

Start = Annotated[
    Literal["fragments, tiny", "document beginnings, tiny", "prose, smollm2-135m"],
    Label("imposed texts"),
    doc("fragments are cut from inside a document, as the paper's are"),
]
_STARTS = {
    "fragments, tiny": "fragment",
    "document beginnings, tiny": "beginning",
    "prose, smollm2-135m": "smollm2-135m",
}


@demo("k-ε curves: how much control does a prompt of k tokens give?")
def epsilon_curves(
    start: Start = "fragments, tiny",
    logarithmic: Annotated[bool, doc("the paper finds log ε roughly linear in k")] = False,
    longest: Annotated[int, Interval(ge=1, le=10), Label("prompts up to k")] = 10,
    against: Annotated[
        Literal["rank without a prompt", "loss without a prompt"],
        Label("lower picture against"),
        doc("is a token that is unlikely at first harder to reach?"),
    ] = "rank without a prompt",
    shortest_text: Annotated[
        int,
        Interval(ge=1, le=8),
        Label("imposed text of at least"),
        doc("tokens: are longer texts harder to steer?"),
    ] = 1,
) -> tuple[go.Figure, go.Figure]:
    """Above: the share of targets that no prompt of at most k tokens was found for, with 95% intervals. Compare the
    three
    sets, then fragments with document beginnings: where the grammar pins what follows, prompts can do little. Below:
        the shortest prompt that was found, against how likely the target was at first. Look for the corner that stays
        empty.
    """
    rows = [
        row for row in shipped.pairs() if row["start"] == _STARTS[start] and row["length"] >= shortest_text
    ]
    kept = bool(rows)
    if not kept:  # no text is so long here
        rows = [row for row in shipped.pairs() if row["start"] == _STARTS[start]]
    key = "base_rank" if against.startswith("rank") else "base_loss"
    shortest: dict[str, list[int | None]] = {}
    values: dict[str, list[float]] = {}
    for row in rows:
        found = None if row["k"] is None or row["k"] > longest else row["k"]
        shortest.setdefault(row["set"], []).append(found)
        values.setdefault(row["set"], []).append(row[key])
    texts = "all texts" if shortest_text == 1 else f"texts of at least {shortest_text} tokens"
    if not kept:
        texts = "no text is so long; all texts" if rows else "none were measured"
    upper = figures.epsilon_curves(
        shortest,
        range(longest + 1),
        log=logarithmic,
        title=f"{start} ({texts}): what a prompt of k tokens cannot reach",
    )
    unit = (
        "rank without a prompt (0: the likeliest)" if key == "base_rank" else "loss without a prompt (nats)"
    )
    lower = figures.required_length(
        values, shortest, what=unit, longest=longest, title="The shortest prompt that was found, pair by pair"
    )
    return upper, lower
