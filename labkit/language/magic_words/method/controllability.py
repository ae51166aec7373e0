"""k-epsilon controllability: which share of targets a prompt of at most k tokens does not reach."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from labkit.language_model import LanguageModel

Z95 = 1.96


class Pair(NamedTuple):
    """A task: from the imposed text x0, reach y. `rank` is y's without a prompt (0: the likeliest)."""

    x0: Tensor
    y: int
    rank: int


class EpsilonRow(NamedTuple):
    """epsilon(k) = 1 - the share of pairs reached with at most k tokens, with its 95% Wilson interval."""

    k: int
    epsilon: float
    low: float
    high: float


@torch.no_grad()
def ranks_of(lm: LanguageModel, x0: Int[Tensor, " n"]) -> Int[Tensor, " vocabulary"]:
    """Every token's rank as the next one without a prompt; 0 is the likeliest, the smallest id among equals."""
    order = (-lm.logits(x0[None], last_only=True)[0]).argsort(stable=True)
    ranks = torch.empty_like(order)
    ranks[order] = torch.arange(len(order), device=order.device)
    return ranks


def make_pairs(
    lm: LanguageModel,
    contexts: Sequence[tuple[Tensor, int]],
    kind: str = "truth",
    *,
    n_top: int = 75,
    skip: int = 265,
    start: int = 0,
    ranks: Sequence[int] | None = None,
) -> list[Pair]:
    """The paper's three sets of targets.

    Args:
        contexts: imposed texts, each with the token that truly follows.
        kind: `truth` asks for that token; `top` for the n_top likeliest ones; `uniform` for every skip-th by
            likelihood,
            from the rank `start` on. Special tokens are never asked for by `top` and `uniform`.
        ranks: instead of the first n_top, exactly these (for `top`).

    Raises:
        ValueError: an unknown kind, a skip below 1, or no contexts.
    """
    if kind not in ("truth", "top", "uniform"):
        raise ValueError(f"kind: {kind!r} is not allowed; choose from truth, top, uniform")
    if skip < 1 or n_top < 1 or start < 0:
        raise ValueError(f"skip and n_top must be at least 1, start at least 0; got {skip}, {n_top}, {start}")
    if not contexts:
        raise ValueError("contexts is empty: there is no imposed text")
    special = set(lm.special_tokens().tolist())
    pairs = []
    for x0, following in contexts:
        rank = ranks_of(lm, x0)
        if kind == "truth":
            pairs.append(Pair(x0, int(following), int(rank[following])))
            continue
        ordinary = [id for id in rank.argsort().tolist() if id not in special]
        if kind == "uniform":
            chosen = range(start, len(ordinary), skip)
        else:
            chosen = range(min(n_top, len(ordinary))) if ranks is None else ranks
        pairs += [Pair(x0, ordinary[place], int(rank[ordinary[place]])) for place in chosen]
    return pairs


def wilson_interval(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a share; it stays within [0, 1] and is not empty at 0 or all.

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(
            f"successes must be from 0 to trials, and trials at least 1; got {successes} of {trials}"
        )
    p = successes / trials
    # (p + z^2/2n -+ z sqrt(p (1-p)/n + z^2/4n^2)) / (1 + z^2/n)
    middle = p + z * z / (2 * trials)
    half = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def k_epsilon(shortest: Sequence[int | None], ks: Sequence[int]) -> list[EpsilonRow]:
    """epsilon(k) for each k; it never rises with k.

    Args:
        shortest: of each pair the length of the shortest prompt that reached it; None where none was found.

    Raises:
        ValueError: there are no pairs, or a negative k.
    """
    if not shortest:
        raise ValueError("there are no pairs")
    if any(k < 0 for k in ks):
        raise ValueError(f"k must be at least 0; got {min(ks)}")
    rows = []
    for k in ks:
        missed = sum(found is None or found > k for found in shortest)
        rows.append(EpsilonRow(k, missed / len(shortest), *wilson_interval(missed, len(shortest))))
    return rows
