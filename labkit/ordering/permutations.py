"""Permutations: all of them, random ones, and how far one is from sorted."""

import itertools

import torch
from jaxtyping import Int
from torch import Tensor


def all_permutations(n: int, device: torch.device | str = "cpu") -> Int[Tensor, "count n"]:
    """All n! orders of n things, lexicographically.

    Raises:
        ValueError: n outside 1 to 8 (8! = 40 320 rows).
    """
    if not 1 <= n <= 8:
        raise ValueError(f"n must be from 1 to 8 to list all n! orders; got {n}")
    return torch.tensor(list(itertools.permutations(range(n))), device=device)


def sample_uniform_orders(
    batch: int, n: int, generator: torch.Generator | None = None
) -> Int[Tensor, "batch n"]:
    """Orders drawn uniformly, on the CPU."""
    return torch.rand(batch, n, generator=generator, device="cpu").argsort(-1)


def inversions(order: Int[Tensor, "*batch n"]) -> Int[Tensor, "*batch"]:
    """How many pairs stand in the wrong order: 0 when sorted, n(n-1)/2 when reversed."""
    later = order[..., :, None] > order[..., None, :]
    return torch.triu(later, diagonal=1).sum((-1, -2))


def kendall_tau(order: Int[Tensor, "*batch n"]) -> Tensor:
    """Kendall's rank correlation with the sorted order, from 1 (sorted) to -1 (reversed)."""
    n = order.shape[-1]
    return 1 - 4 * inversions(order) / max(1, n * (n - 1))


def check_orders(orders: Int[Tensor, "*batch n"]) -> None:
    """Refuse a row that is no permutation of 0..n-1; names the row."""
    n = orders.shape[-1]
    right = torch.arange(n, device=orders.device)
    wrong = (orders.sort(-1).values != right).any(-1).flatten().nonzero()
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"orders: row {row} is {orders.reshape(-1, n)[row].tolist()}, no permutation of 0 to {n - 1}"
        )
