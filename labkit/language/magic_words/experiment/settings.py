"""The settings of the experiment at its three scales."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from labkit.experiment import Settings


class Search(BaseModel):
    """The schedule of back-off prompting."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    greedy_lengths: tuple[int, ...] = (1, 2, 3)
    gcg_lengths: tuple[int, ...] = (4, 6)
    batch: int = 64
    top: int = 16
    iterations: int = 10


class Real(BaseModel):
    """The part on a model of real text; it is left out where the model is not on the machine.

    Attributes:
        text: `pydoc`, English technical prose of the standard library; or `wikitext-2`, `wikitext-103`.
        candidates: how many tokens greedy search tries, drawn at random; None: the whole vocabulary.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str = "smollm2-135m"
    text: Literal["pydoc", "wikitext-2", "wikitext-103"] = "pydoc"
    contexts: int = 3
    lengths: tuple[int, ...] = (8, 12, 16)
    top_ranks: tuple[int, ...] = ()
    uniform_skip: int = 0
    candidates: int | None = 256
    search: Search = Search(greedy_lengths=(1, 2), gcg_lengths=(4,), batch=32, top=64, iterations=8)


class MagicSettings(Settings):
    """What is measured.

    Attributes:
        model: whose reachable sets are enumerated.
        exact_states, exact_two: states whose R^1, and of these how many whose R^2 is enumerated.
        alphabet: the size of the alphabet of the one state whose R^3 is enumerated; 0: none.
        contexts: imposed texts with their true next token, for each start; `top_contexts`, `uniform_contexts` of them
            are asked for likely and for evenly spread targets.
        top_ranks: the ranks of the likely targets. uniform_skip, uniform_start: every so many ranks, from where on.
        budget_pairs, budget_lengths: of the comparison of searches at equal numbers of scored prompts.
        forward_rounds: of forward reachability. heads, draws: random attention heads, and controls drawn for each.
    """

    model: str = "tiny"
    exact_states: int = 12
    exact_two: int = 4
    alphabet: int = 0
    contexts: int = 40
    beginnings: int = 8
    top_contexts: int = 12
    uniform_contexts: int = 12
    top_ranks: tuple[int, ...] = (1, 4, 9)
    uniform_skip: int = 30
    uniform_start: int = 12
    search: Search = Search()
    budget_pairs: int = 4
    budget_lengths: tuple[int, ...] = (1, 2, 3, 4, 6)
    forward_rounds: int = 20
    heads: int = 40
    draws: int = 10
    real: Real | None = None


PRESETS = {
    "smoke": MagicSettings(),
    "class": MagicSettings(
        exact_states=40,
        exact_two=8,
        alphabet=32,
        contexts=60,
        beginnings=12,
        top_contexts=20,
        uniform_contexts=15,
        search=Search(gcg_lengths=(4, 6, 8, 10), batch=96, top=32, iterations=12),
        budget_pairs=8,
        budget_lengths=(1, 2, 3, 4, 6, 8),
        forward_rounds=60,
        heads=100,
        draws=20,
        real=Real(),
    ),
    "paper": MagicSettings(
        exact_states=200,
        exact_two=40,
        alphabet=108,
        contexts=200,
        beginnings=200,
        top_contexts=25,
        uniform_contexts=40,
        top_ranks=tuple(range(75)),
        search=Search(gcg_lengths=(4, 6, 8, 10), batch=768, top=108, iterations=34),
        budget_pairs=50,
        forward_rounds=400,
        heads=500,
        draws=1000,
        real=Real(
            model="tiiuae/falcon-7b",
            text="wikitext-103",
            contexts=5000,
            lengths=(8, 10, 16, 22, 32),
            top_ranks=tuple(range(75)),
            uniform_skip=265,
            candidates=None,
            search=Search(
                greedy_lengths=(1, 2, 3), gcg_lengths=(4, 6, 8, 10), batch=768, top=128, iterations=34
            ),
        ),
    ),
}
