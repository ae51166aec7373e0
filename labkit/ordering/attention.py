"""Attention scores between a query and the elements of a memory, and a softmax over those that are there."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def additive_scores(
    keys: Float[Tensor, "*#batch n d"], query: Float[Tensor, "*#batch d"], v: Float[Tensor, " d"]
) -> Float[Tensor, "... n"]:
    """Bahdanau's scores u_j = v^T tanh(k_j + q), with k = W1 e and q = W2 d already multiplied.

    Leading dimensions broadcast, so that all steps of a decoder are scored at once.
    """
    # u_j = v^T tanh(W1 e_j + W2 d)
    return torch.tanh(keys + query.unsqueeze(-2)) @ v


def dot_scores(
    memory: Float[Tensor, "*batch n d"], query: Float[Tensor, "*batch d"]
) -> Float[Tensor, "*batch n"]:
    """Scores e_j = m_j . q."""
    return (memory @ query.unsqueeze(-1)).squeeze(-1)


def masked_softmax(
    scores: Float[Tensor, "*batch n"], mask: Bool[Tensor, "*#batch n"] | None
) -> Float[Tensor, "*batch n"]:
    """Softmax over the last axis where `mask` is true; exactly 0 elsewhere.

    Raises:
        ValueError: a row has no element at all; names the row.
    """
    if mask is None:
        return scores.softmax(-1)
    check_mask(mask)
    return scores.masked_fill(~mask, -torch.inf).softmax(-1)


def check_mask(mask: Bool[Tensor, "*batch n"]) -> None:
    """Refuse a row without elements: its softmax would be NaN."""
    empty = (~mask.any(-1)).flatten().nonzero()
    if len(empty):
        raise ValueError(f"mask: row {int(empty[0])} has no elements; each needs at least one")
