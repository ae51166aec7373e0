"""Panel B: one-token prompts as a graph; and a prompt's path, token by token."""

from functools import lru_cache
from typing import Annotated

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, MaxLen, doc
from torch import Tensor

from labkit.demo import Label, Step, demo
from labkit.language.magic_words import figures
from labkit.language.magic_words.demo.controls import (
    LONGEST,
    Placement,
    State,
    Text,
    read_state,
    read_word,
    tiny,
)
from labkit.language.magic_words.figures.maps import with_note
from labkit.language.magic_words.figures.style import safe
from labkit.language.magic_words.method import one_token_prompts
from labkit.language.magic_words.method.scoring import compose
from labkit.language_model import greedy_decode


@lru_cache(maxsize=128)
def _prompts(ids: tuple[int, ...], placement: str) -> dict[str, list[tuple[str, float]]]:
    lm = tiny()
    tokens, answers, margins = one_token_prompts(lm, torch.tensor(ids, device="cpu"), placement=placement)
    found: dict[str, list[tuple[str, float]]] = {}
    for prompt, answer, margin in zip(
        lm.token_strings(tokens), lm.token_strings(answers), margins.tolist(), strict=True
    ):
        found.setdefault(answer, []).append((prompt, margin))
    return found


@demo("Prompts as edges: which outputs are robust?")
def prompt_graph(
    state: State = ") answer :",
    text: Text = "ann sees the",
    margin: Annotated[
        float,
        Interval(ge=0, le=3),
        Step(0.05),
        Label("margin, at least (nats)"),
        doc("by how much the output must beat the second likeliest"),
    ] = 0.0,
    output: Annotated[
        str, MaxLen(20), Label("spread out the prompts of"), doc("an output of the graph")
    ] = "lemon",
    placement: Placement = "prefix",
) -> tuple[go.Figure, pd.DataFrame]:
    """Each line is a set of one-word prompts that lead from the imposed text to the same output; its width is how many.
    Raise the margin: outputs that are reached by a hair go grey, for a control that wins by 0.01 nats is none to rely
    on. Name an output to see all of its prompts; the table lists them.
    """
    ids, chosen, note = read_state(state, text)
    prompts = _prompts(tuple(ids.tolist()), placement)
    output = output.strip()
    if output not in prompts:
        most = max(prompts, key=lambda y: len(prompts[y]))
        note = note or f"“{output}” is no output of a one-word prompt here. Shown instead: “{most}”."
        output = most
    lit = sum(any(size >= margin for _, size in some) for some in prompts.values())
    drawn = figures.prompt_graph(
        prompts,
        output,
        state=chosen,
        margin=margin,
        title=f"After “{safe(chosen)}”: {lit} outputs by one word with a margin of at least {margin:.2f} nats",
    )
    rows = [(y, p, round(size, 3)) for y, some in prompts.items() for p, size in some if size >= margin]
    table = pd.DataFrame(rows, columns=["output", "prompt", "margin (nats)"])
    return with_note(drawn, note), table.sort_values(["output", "margin (nats)"], ascending=[True, False])


@demo("A prompt's path, word by word")
def prompt_path(
    state: State = ") answer :",
    text: Text = "ann sees the",
    prompt: Annotated[
        str, MaxLen(80), doc("words of tinyworld; the search or the lit map gives you some")
    ] = "which is a city ? options ( dog ) ( rome ) ( saw",
    target: Annotated[str, MaxLen(20), Label("wanted word")] = "rome",
    placement: Placement = "prefix",
    words: Annotated[int, Interval(ge=5, le=20), Label("words shown")] = 10,
) -> tuple[go.Figure, pd.DataFrame]:
    """A prompt is read from its end: each row adds one more word on its left. On the left, the probability of the
    wanted word and its rank; on the right, what the model would say next. Type a prompt, and see which of its words
    does the work. The table below lets the model go on writing for twelve words from each row.
    """
    lm = tiny()
    ids, chosen, note = read_state(state, text)
    y, target, wrong = read_word(target, "rome")
    try:
        u = lm.encode(prompt)
        if len(u) > LONGEST:
            raise ValueError(f"the prompt has {len(u)} words; the picture reads at most {LONGEST}")
    except ValueError as error:
        u, wrong = ids[:0], wrong or f"{error}. Shown without a prompt."
    parts = [u[len(u) - size :] if placement == "prefix" else u[:size] for size in range(len(u) + 1)]
    chances = torch.stack([_next(part, ids, placement) for part in parts])
    ranks = [int((row > row[y]).sum() + (row[:y] == row[y]).sum()) for row in chances]
    often = chances.amax(0).argsort(descending=True)[:words]
    drawn = figures.prompt_path(
        ["", *lm.token_strings(u.flip(0) if placement == "prefix" else u)],
        lm.token_strings(often),
        chances[:, often].numpy(),
        target,
        chances[:, y].tolist(),
        ranks,
        title=f"The way to “{safe(target)}” after “{safe(chosen)}”",
    )
    rolled = [
        (lm.decode(part) or "(none)", chosen, lm.decode(greedy_decode(lm, _state(part, ids, placement), 12)))
        for part in (parts[0], parts[-1])
    ]
    return with_note(drawn, note or wrong), pd.DataFrame(
        rolled, columns=["prompt", "imposed text", "the model goes on"]
    )


def _state(part: Tensor, ids: Tensor, placement: str) -> Tensor:
    return compose(part[None], ids, placement)[0]


@torch.no_grad()
def _next(part: Tensor, ids: Tensor, placement: str) -> Tensor:
    return tiny().logits(_state(part, ids, placement)[None], last_only=True)[0].softmax(-1)
