"""Beam search over sequences of positions, batched over instances and beams."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Step = Callable[[Tensor | None, Any], tuple[Tensor, Any]]
Allowed = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Beams:
    """What a search found, best beam first.

    Attributes:
        tokens: the positions, `end` repeated after a beam has ended; scores: the sum of log-probabilities;
        finished: whether the beam emitted `end`; probabilities: of the best beam, step by step.
    """

    tokens: Int[Tensor, "batch width length"]
    scores: Float[Tensor, "batch width"]
    finished: Bool[Tensor, "batch width"]
    probabilities: Float[Tensor, "batch length n"]


@torch.no_grad()
def beam_search(
    step: Step,
    state: Any,
    width: int,
    max_length: int,
    allowed: Allowed | None = None,
    *,
    batch: int,
    end: int | None = None,
    normalise: bool = False,
    renormalise: bool = True,
) -> Beams:
    """The most probable sequences that a beam of `width` finds.

    Args:
        step: `step(chosen, state) -> (logits, state)` on rows, one a beam of an instance. `chosen` is (rows,),
            None at the first step; logits are (rows, n).
        state: tensors, or nested tuples, a row for each instance; repeated for its beams.
        allowed: from the history (rows, t) to which positions may follow, (rows, n); None allows all.
        end: the position that ends a sequence; None when all sequences have `max_length` entries.
        renormalise: take a softmax over what is allowed; False where the step gives log-probabilities that are to be
            added as they are.
        normalise: rank finished beams by the mean rather than the sum of log-probabilities (not in the paper).

    Raises:
        ValueError: width or max_length below 1; or the constraint leaves some row without a position.
    """
    for name, value in (("beam", width), ("max_length", max_length)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1; got {value}")
    state = _map(state, lambda x: x.repeat_interleave(width, 0))
    history, chosen, scores, finished, shown = None, None, None, None, None
    for _ in range(max_length):
        logits, state = step(chosen, state)
        device, n = logits.device, logits.shape[-1]
        if history is None:
            history = torch.zeros(batch * width, 0, dtype=torch.long, device=device)
            finished = torch.zeros(batch, width, dtype=torch.bool, device=device)
            # the beams of an instance start equal: only the first one counts
            scores = torch.full((batch, width), -torch.inf, dtype=logits.dtype, device=device)
            scores[:, 0] = 0.0
            shown = torch.zeros(batch * width, 0, n, dtype=logits.dtype, device=device)
        if allowed is not None:
            may = allowed(history)
            if not (may | finished.flatten()[:, None]).any(-1).all():
                raise ValueError("allowed: the constraint leaves a beam without any position")
            logits = logits.masked_fill(~may, -torch.inf)
        log_p = (logits.log_softmax(-1) if renormalise else logits).view(batch, width, n)
        if end is not None:  # a finished beam may only end again, at no cost
            idle = torch.full((n,), -torch.inf, dtype=logits.dtype, device=device)
            idle[end] = 0.0
            log_p = torch.where(finished[..., None], idle, log_p)
        scores, flat = (scores[..., None] + log_p).flatten(1).topk(width)
        chosen = flat % n
        rows = (flat // n + width * torch.arange(batch, device=device)[:, None]).flatten()
        if end is not None:
            finished = finished.flatten()[rows].view(batch, width) | (chosen == end)
        shown = torch.cat([shown[rows], log_p.view(-1, n)[rows].exp()[:, None]], 1)
        chosen = chosen.flatten()
        history = torch.cat([history[rows], chosen[:, None]], 1)
        state = _map(state, lambda x, rows=rows: x[rows])
        if end is not None and finished.all():
            break
    return _ranked(history, scores, finished, shown, end, normalise)


def _ranked(history, scores, finished, shown, end, normalise) -> Beams:
    batch, width = scores.shape
    rank = scores
    if normalise and end is not None:
        rank = scores / (history != end).sum(-1).view(batch, width).add(1)
    if end is not None:  # a finished beam stands before every unfinished one
        rank = torch.where(finished | ~finished.any(-1, keepdim=True), rank, -torch.inf)
    order = rank.argsort(dim=-1, descending=True, stable=True)
    rows = order + width * torch.arange(batch, device=order.device)[:, None]
    return Beams(history[rows], scores.gather(1, order), finished.gather(1, order), shown[rows[:, 0]])


def _map(state: Any, function: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(state, tuple):
        return tuple(_map(part, function) for part in state)
    return function(state) if isinstance(state, Tensor) else state
