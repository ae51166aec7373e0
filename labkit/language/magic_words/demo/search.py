"""Panel F: a search for a prompt on the tiny model, step by step, as you watch."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, MaxLen, doc
from torch import Tensor

from labkit.demo import Label, Log, demo
from labkit.language.magic_words import figures
from labkit.language.magic_words.demo.controls import Seed, State, Text, read_state, read_word, tiny
from labkit.language.magic_words.demo.reachable import exact_sets
from labkit.language.magic_words.figures.maps import with_note
from labkit.language.magic_words.figures.style import safe, visible
from labkit.language.magic_words.method import (
    SearchStep,
    iter_greedy_back_generation,
    iter_greedy_coordinate_gradient,
    one_hot_gradient,
    random_prompts,
    scores_of,
    verdict,
)
from labkit.language.magic_words.method.scoring import witness_of
from labkit.language_model import LanguageModel, greedy_decode

METHODS = ("greedy coordinate gradient", "greedy", "random prompts")
Method = Annotated[
    Literal["greedy coordinate gradient", "greedy", "random prompts"],
    doc(
        "greedy prepends the best word; the gradient proposes swaps of single words; random prompts are the baseline"
    ),
]
SHOWN = 10


class Trace:
    """A search that is carried on as far as it is asked for, and remembered."""

    def __init__(self, steps: Iterator[SearchStep]):
        self.steps, self.seen, self.over = steps, [], False

    def upto(self, number: int) -> list[SearchStep]:
        """The first `number` + 1 steps, or all that there are."""
        while len(self.seen) <= number and not self.over:
            step = next(self.steps, None)
            if step is None:
                self.over = True
            else:
                self.seen.append(step)
        return self.seen[: number + 1]


def iter_random(
    lm: LanguageModel, x0: Tensor, y: Tensor, k: int, batch: int, iterations: int, generator: torch.Generator
) -> Iterator[SearchStep]:
    """The baseline: fresh random prompts at each step; the best one is kept."""
    tokens = lm.allowed_tokens()
    best, seen = None, 0
    for number in range(iterations + 1):
        rows = random_prompts(tokens, batch if number else 1, k, generator)
        losses, reached = scores_of(lm, rows, x0, y)
        place, seen = int(losses.argmin()), seen + len(rows)
        fresh = witness_of(rows, losses, reached)
        if best is None or losses[place].item() < best[1]:
            best = (rows[place], losses[place].item())
        yield SearchStep(number=number, prompt=best[0], loss=best[1], evaluations=seen, **fresh)


def _steps(lm, x0, y, method, k, batch, top, keep_best, seed, iterations) -> Iterator[SearchStep]:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    target = torch.tensor([y], device=lm.device)
    if method == "greedy":
        loss, reached = scores_of(lm, x0[None, :0], x0, target)
        yield SearchStep(
            number=0,
            prompt=x0[:0],
            loss=loss.item(),
            evaluations=1,
            **witness_of(x0[None, :0], loss, reached),
        )
        for step in iter_greedy_back_generation(lm, x0, y, k):
            step.number += 1
            yield step
    elif method == "random prompts":
        yield from iter_random(lm, x0, target, k, batch, iterations, generator)
    else:
        yield from iter_greedy_coordinate_gradient(
            lm,
            x0,
            y,
            k,
            batch=batch,
            top=top,
            iterations=iterations,
            keep_best=keep_best,
            generator=generator,
        )


@lru_cache(maxsize=64)
def _trace(
    ids: tuple[int, ...], y: int, method: str, k: int, batch: int, top: int, keep_best: bool, seed: int
) -> Trace:
    x0 = torch.tensor(ids, device="cpu")
    return Trace(_steps(tiny(), x0, y, method, k, batch, top, keep_best, seed, 34))


@demo("Live search: a prompt is looked for, step by step")
def live_search(
    state: State = ") answer :",
    text: Text = "ann sees the",
    target: Annotated[str, MaxLen(20), Label("wanted word")] = "tokyo",
    method: Method = "greedy coordinate gradient",
    k: Annotated[int, Interval(ge=1, le=10), Label("prompt length k")] = 4,
    step: Annotated[
        int, Interval(ge=0, le=34), Label("step"), doc("move it one by one to watch the search")
    ] = 4,
    batch: Annotated[int, Interval(ge=8, le=512), Log(per_decade=4), Label("swaps tried a step")] = 64,
    keep_best: Annotated[
        bool,
        Label("keep the best"),
        doc("off, as in the reference: the best swap is taken even if it is worse"),
    ] = False,
    seed: Seed = 0,
) -> tuple[go.Figure, pd.DataFrame, pd.DataFrame]:
    """Move the step from 0 on: the prompt changes word by word and the loss falls. Lower left, each dot is a swap: what
    the gradient predicted, and what happened. They hardly agree, and that is why every swap must be evaluated. Then try
    greedy and random prompts at the same length; take off or put on “keep the best”. A word that is not reached here is
    not found; the table says what the exact sets prove.
    """
    lm = tiny()
    ids, chosen, note = read_state(state, text)
    y, target, wrong = read_word(target, "tokyo")
    trace = _trace(tuple(ids.tolist()), y, method, k, batch, 16, keep_best, seed)
    return drawn_step(lm, ids, y, chosen, target, trace.upto(step), method, note or wrong)


def drawn_step(
    lm: LanguageModel,
    ids: Tensor,
    y: int,
    chosen: str,
    target: str,
    steps: list[SearchStep],
    method: str,
    note: str,
) -> tuple[go.Figure, pd.DataFrame, pd.DataFrame]:
    """The last of a search's steps: its picture, its best swaps, and what the search has come to.

    Args:
        ids, chosen: the imposed text. y, target: the wanted token. note: a sentence below the title, where there is
            one.
    """
    now, before = steps[-1], steps[-2] if len(steps) > 1 else steps[-1]
    old = before.prompt if now.gradient is not None else now.prompt
    gradient = now.gradient
    if gradient is None and len(now.prompt):
        _, full = one_hot_gradient(lm, now.prompt, ids, torch.tensor([y], device=lm.device))
        gradient = full.norm(dim=1)
    predicted = [] if now.predicted is None else now.predicted.tolist()
    actual = [] if now.predicted is None else now.actual.tolist()
    losses = [one.loss for one in steps]
    best = [min(losses[: place + 1]) for place in range(len(losses))]
    won = any(one.reached for one in steps)
    drawn = figures.live_search(
        losses,
        best,
        len(steps) - 1,
        lm.token_strings(old),
        [] if gradient is None else gradient.tolist(),
        predicted,
        actual,
        _likely(lm, ids),
        _likely(lm, torch.cat([now.prompt, ids])),
        target,
        title=f"“{safe(visible(target))}” after “{safe(chosen)}”: {'reached' if won else 'not found so far'} "
        f"({now.evaluations} prompts scored)",
        correlation=_correlation(predicted, actual),
    )
    return with_note(drawn, note), _swaps(lm, now), _summary(lm, ids, y, chosen, steps, method)


def _swaps(lm: LanguageModel, step: SearchStep) -> pd.DataFrame:
    """The best swaps of a step."""
    columns = ["prompt", "predicted change (nats)", "true change (nats)"]
    if step.candidates is None or step.actual is None:
        return pd.DataFrame([], columns=columns)
    order = step.actual.argsort()[:8]
    predicted = [float("nan")] * len(order) if step.predicted is None else step.predicted[order].tolist()
    texts = [lm.decode(row) for row in step.candidates[order]]
    if step.predicted is None:
        columns = ["prompt", "predicted change (nats)", "loss (nats)"]
    rows = zip(
        texts,
        [round(p, 3) for p in predicted],
        [round(a, 3) for a in step.actual[order].tolist()],
        strict=True,
    )
    return pd.DataFrame(list(rows), columns=columns)


def _summary(lm, ids, y, chosen, steps, method) -> pd.DataFrame:
    best = min(steps, key=lambda one: (not one.reached, one.witness_loss, one.loss))
    prompt = best.witness if best.reached else best.prompt
    state = torch.cat([prompt, ids])
    says = lm.decode(greedy_decode(lm, state, 12))
    rows = [
        ("search", method),
        ("best prompt so far", lm.decode(prompt)),
        ("the model then says", f"{lm.decode(prompt)} [{chosen}] {says}"),
        ("this search", "reached" if best.reached else "not found"),
    ]
    if lm.name == "tiny":
        exact = verdict(exact_sets(tuple(ids.tolist()), 1, "all words", "prefix", False), y)
        rows.append(("every prompt of at most 1 word", exact))
    return pd.DataFrame(rows, columns=["what", "value"])


@torch.no_grad()
def _likely(lm: LanguageModel, ids: Tensor) -> tuple[list[str], list[float]]:
    chances = lm.logits(ids[None], last_only=True)[0].softmax(-1)
    top = chances.topk(SHOWN)
    return lm.token_strings(top.indices), top.values.tolist()


def _correlation(predicted: list[float], actual: list[float]) -> float | None:
    if len(predicted) < 3:
        return None
    pair = torch.corrcoef(torch.tensor([predicted, actual], dtype=torch.float64, device="cpu"))[0, 1].item()
    return None if pair != pair else pair
