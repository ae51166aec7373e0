"""Panel A: the lit map of the vocabulary."""

from functools import lru_cache
from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.language.magic_words import figures
from labkit.language.magic_words.demo import answers
from labkit.language.magic_words.demo.controls import (
    Alphabet,
    Placement,
    State,
    Text,
    alphabet_of,
    groups,
    read_state,
    tiny,
)
from labkit.language.magic_words.figures.style import safe
from labkit.language.magic_words.method import ReachableSet, enumerate_reachable, read_reachable
from labkit.language.magic_words.method.enumeration import random_reachable
from labkit.language.magic_words.method.scoring import tokens_before


@lru_cache(maxsize=512)
def exact_sets(
    ids: tuple[int, ...], k: int, alphabet: str, placement: str, exclude_copies: bool
) -> ReachableSet:
    """R^0 ... R^k of a state of the tiny model; at k = 2 read off the answers to all prompts, which are kept."""
    asked = {"controls": alphabet_of(alphabet), "exclude_copies": exclude_copies}
    if k == 2:
        return read_reachable(tiny(), answers.table(ids, placement), **asked)
    return enumerate_reachable(tiny(), torch.tensor(ids, device="cpu"), k, placement=placement, **asked)


@lru_cache(maxsize=256)
def random_sets(ids: tuple[int, ...], k: int, alphabet: str, placement: str) -> ReachableSet:
    """What 100 random prompts of each length find."""
    return random_reachable(
        tiny(),
        torch.tensor(ids, device="cpu"),
        k,
        prompts=100,
        generator=torch.Generator(device="cpu").manual_seed(0),
        controls=alphabet_of(alphabet),
        placement=placement,
    )


def _written(prompt: tuple[int, ...], chosen: str, placement: str) -> str:
    before = tokens_before(len(prompt), placement)
    parts = (tiny().decode(list(prompt[:before])), f"[{chosen}]", tiny().decode(list(prompt[before:])))
    return " ".join(part for part in parts if part)


@demo("The lit map: which words can a prompt make the model say?")
def reachable_map(
    state: State = ") answer :",
    text: Text = "ann sees the",
    k: Annotated[
        int,
        Interval(ge=0, le=2),
        Label("prompt length k"),
        doc("0: no prompt; at 2 all 11,772 prompts are tried, which takes a second or two for your own text"),
    ] = 1,
    placement: Placement = "prefix",
    alphabet: Alphabet = "all words",
    exclude_copies: Annotated[
        bool, Label("no copies"), doc("an output counts only if it does not itself stand in the prompt")
    ] = False,
) -> tuple[go.Figure, go.Figure]:
    """Every cell is a word. It is lit when some prompt of at most k words makes the model say it next, after the
    imposed text; hover for the prompt. Move k from 0 to 2 and watch the light spread; choose a smaller alphabet and
    watch it shrink; put the prompt after the imposed text, where it is usually stronger. Grey is not “we did not find
    it”: every prompt was tried, so it is proven unreachable.
    """
    ids, chosen, note = read_state(state, text)
    lm, key = tiny(), tuple(ids.tolist())
    found = exact_sets(key, k, alphabet, placement, exclude_copies)
    words = lm.token_strings(range(lm.vocab_size))
    witnesses = {
        id: f"{_written(prompt, chosen, placement)} → {words[id]}  (wins by {found.margin[id]:.2f} nats)"
        for id, prompt in found.witness.items()
    }
    shortest = {id: found.shortest(id) for id in found.witness}
    size = len(alphabet_of(alphabet))
    figure = figures.vocabulary_map(
        groups(),
        words,
        shortest,
        witnesses,
        title=f"After “{safe(chosen)}”: {found.counts[-1]} of {lm.vocab_size} words with k ≤ {k}",
        k=k,
        note=note,
    )
    random = random_sets(key, k, alphabet, placement)
    return figure, figures.growth(
        found.counts,
        random.counts,
        lm.vocab_size,
        title="How the reachable set grows",
        tried=[size**length for length in range(k + 1)],
    )
