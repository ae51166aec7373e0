"""What the pictures show, computed once for each choice and kept."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from labkit.ordering.curves import order_path, patch_order
from labkit.ordering.loope.method import sinusoid
from labkit.ordering.loope.pesi import asymmetry_of, directed_of, monotonicity_of, similarities
from labkit.ordering.order_stats import order_stats

BUCKETS = 60


class Walk(NamedTuple):
    """An order, its path, and the cosine similarities of its embedding (cells x cells)."""

    rank: Tensor
    path: Tensor
    similarity: Tensor


@lru_cache(maxsize=24)
def walk(order: str, height: int, width: int, dim: int, base: float) -> Walk:
    """The order's walk and similarities; single precision where the grid is large."""
    rank = patch_order(order, height, width)
    # |E|^2 = D/2 for every patch, so the cosine is a product
    E = sinusoid(rank.flatten().double() + 1, dim, base).float()
    return Walk(rank, order_path(rank), E @ E.T / (dim / 2))


@lru_cache(maxsize=512)
def numbers(order: str, height: int, width: int, dim: int, base: float) -> dict[str, float]:
    """M_U, M_D, A_SU, the mean neighbour stretch and the longest jump."""
    rank = patch_order(order, height, width)
    S, grid = similarities(sinusoid(rank.double() + 1, dim, base)), (height, width)
    steps = order_path(rank).diff(dim=0).abs().sum(1)
    near = torch.cat([rank.diff(dim=0).flatten(), rank.diff(dim=1).flatten()]).abs().double()
    return {
        "M_U": monotonicity_of(S, grid),
        "M_D": directed_of(S, grid, BUCKETS),
        "A_SU": asymmetry_of(S, grid),
        "stretch": near.mean().item(),
        "longest jump": float(steps.max()),
    }


@lru_cache(maxsize=64)
def stats(order: str, height: int, width: int) -> dict:
    """The order's locality."""
    return order_stats(patch_order(order, height, width))


@lru_cache(maxsize=512)
def directed(order: str, side: int, buckets: int, empty: str) -> float:
    """M_D of the order's embedding at D = 768."""
    return directed_of(_similarities(order, side), (side, side), buckets, empty)


@lru_cache(maxsize=24)
def _similarities(order: str, side: int) -> Tensor:
    return similarities(sinusoid(patch_order(order, side, side).double() + 1, 768))
