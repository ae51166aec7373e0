"""Greedy back-generation: prepend the best token, then the best before that one, and so on."""

from collections.abc import Iterator

import torch
from jaxtyping import Int
from torch import Tensor

from labkit.language.magic_words.method.scoring import (
    SearchResult,
    SearchStep,
    check_state,
    control_tokens,
    scores_of,
    target_of,
    witness_of,
)
from labkit.language_model import LanguageModel


def iter_greedy_back_generation(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    y: int | Int[Tensor, " answer"],
    k: int,
    *,
    candidates: Int[Tensor, " tokens"] | None = None,
    init: Int[Tensor, " shorter"] | None = None,
    chunk: int | None = None,
    placement: str = "prefix",
) -> Iterator[SearchStep]:
    """Yield a step for each token that is prepended; see `greedy_back_generation`."""
    check_state(lm, x0, k, placement)
    target, tokens = target_of(lm, y, x0.device), control_tokens(lm, candidates)
    prompt = x0[:0] if init is None else init
    seen = 0
    for number in range(k - len(prompt)):
        # u' = argmin over V of the loss of y given u' u* x0
        rows = torch.cat([tokens[:, None], prompt.expand(len(tokens), -1)], dim=1)
        losses, reached = scores_of(lm, rows, x0, target, placement=placement, chunk=chunk)
        best = int(losses.argmin())
        seen += len(rows)
        prompt = rows[best]
        yield SearchStep(
            number=number,
            prompt=prompt,
            loss=losses[best].item(),
            evaluations=seen,
            candidates=rows,
            actual=losses,
            **witness_of(rows, losses, reached),
        )


def greedy_back_generation(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    y: int | Int[Tensor, " answer"],
    k: int,
    *,
    candidates: Int[Tensor, " tokens"] | None = None,
    init: Int[Tensor, " shorter"] | None = None,
    chunk: int | None = None,
    placement: str = "prefix",
) -> SearchResult:
    """Prepend, one at a time, the token that makes y likeliest.

    For k = 1 every prompt is scored, so that the target is reached exactly when it lies in R^1. (The reference asks
    only whether the prompt of smallest loss steers; another may.)

    Args:
        x0: the imposed text. y: the target, a token or several.
        k: the prompt's length.
        candidates: the tokens that are tried; by default all but special tokens.
        init: a prompt to go on from, which is extended on its left.

    Raises:
        ValueError: a bad state, target, length or candidate set.
    """
    check_state(lm, x0, k, placement)
    target = target_of(lm, y, x0.device)
    start = x0[:0] if init is None else init
    losses, reached = scores_of(lm, start[None], x0, target, placement=placement)
    result = SearchResult("greedy", start, losses.item(), start, losses.item(), bool(reached))
    for step in iter_greedy_back_generation(
        lm, x0, target, k, candidates=candidates, init=init, chunk=chunk, placement=placement
    ):
        result.note(step)
    return result
