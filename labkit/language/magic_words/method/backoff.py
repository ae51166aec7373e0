"""Back-off prompting: no prompt, then greedy ones, then searched ones; the shortest that steers is returned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Int
from torch import Tensor

from labkit.language.magic_words.method.controllability import ranks_of
from labkit.language.magic_words.method.coordinate import greedy_coordinate_gradient
from labkit.language.magic_words.method.greedy import greedy_back_generation
from labkit.language.magic_words.method.scoring import (
    check_state,
    scores_of,
    target_of,
)
from labkit.language_model import LanguageModel


@dataclass
class BackOffResult:
    """What back-off prompting found.

    Attributes:
        k: the length of the shortest prompt that steers; None when none was found (which proves nothing).
        prompt: that prompt, or the best one seen. method: `none` (k = 0), `greedy`, `gcg` or `not found`.
        base_loss, base_rank: of the target without a prompt (rank 0 is the likeliest).
        prompt_loss: with the prompt. losses: the best loss at each length that was tried.
        evaluations: how many prompts were scored.
    """

    k: int | None
    prompt: Int[Tensor, " k"]
    method: str
    reached: bool
    base_loss: float
    prompt_loss: float
    base_rank: int
    losses: dict[int, float] = field(default_factory=dict)
    evaluations: int = 0


def iter_back_off_prompt(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    y: int | Int[Tensor, " answer"],
    *,
    greedy_lengths: Sequence[int] = (1, 2, 3),
    gcg_lengths: Sequence[int] = (4, 6, 8, 10),
    batch: int = 768,
    top: int = 128,
    iterations: int = 34,
    generator: torch.Generator,
    candidates: Int[Tensor, " tokens"] | None = None,
    chunk: int | None = None,
    placement: str = "prefix",
) -> Iterator[BackOffResult]:
    """Yield the result so far after each length; the last one is the search's. See `back_off_prompt`."""
    check_state(lm, x0, max((*greedy_lengths, *gcg_lengths, 0)), placement)
    target = target_of(lm, y, x0.device)
    none = x0[:0]
    base, reached = scores_of(lm, none[None], x0, target)
    rank = int(ranks_of(lm, x0)[target[0]])
    found = BackOffResult(
        k=0 if reached else None,
        prompt=none,
        method="none" if reached else "not found",
        reached=bool(reached),
        base_loss=base.item(),
        prompt_loss=base.item(),
        base_rank=rank,
        losses={0: base.item()},
        evaluations=1,
    )
    yield found
    shorter, best = none, base.item()
    common = {"candidates": candidates, "chunk": chunk, "placement": placement}
    for method, length in [("greedy", k) for k in greedy_lengths] + [("gcg", k) for k in gcg_lengths]:
        if found.reached:
            return
        if method == "greedy":
            result = greedy_back_generation(lm, x0, target, length, init=shorter, **common)
            shorter = result.prompt
        else:
            # warm start: the best shorter prompt next to x0, random tokens on its left
            result = greedy_coordinate_gradient(
                lm,
                x0,
                target,
                length,
                batch=batch,
                top=top,
                iterations=iterations,
                init=shorter,
                stop=True,
                generator=generator,
                **common,
            )
            shorter = result.best_prompt
        found.losses[length] = result.best_loss
        found.evaluations += result.evaluations
        if result.reached or result.best_loss < best:
            found.prompt, found.prompt_loss, best = result.best_prompt, result.best_loss, result.best_loss
        if result.reached:
            found.k, found.method, found.reached = len(result.best_prompt), method, True
        yield found


def back_off_prompt(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    y: int | Int[Tensor, " answer"],
    *,
    greedy_lengths: Sequence[int] = (1, 2, 3),
    gcg_lengths: Sequence[int] = (4, 6, 8, 10),
    batch: int = 768,
    top: int = 128,
    iterations: int = 34,
    generator: torch.Generator,
    candidates: Int[Tensor, " tokens"] | None = None,
    chunk: int | None = None,
    placement: str = "prefix",
) -> BackOffResult:
    """The shortest prompt that a schedule of searches finds (the paper's back-off prompt).

    First no prompt at all; then greedy prompts, each extending the one before; then coordinate-gradient searches, each
    starting from the best shorter prompt at its right end. Ends at the first length that steers.

    Args:
        batch, top, iterations: of each coordinate-gradient search.

    Raises:
        ValueError: a bad state, target or candidate set.
    """
    *_, last = iter_back_off_prompt(
        lm,
        x0,
        y,
        greedy_lengths=greedy_lengths,
        gcg_lengths=gcg_lengths,
        batch=batch,
        top=top,
        iterations=iterations,
        generator=generator,
        candidates=candidates,
        chunk=chunk,
        placement=placement,
    )
    return last
