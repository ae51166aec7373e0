"""Frames of graphs: all orders of the nodes that sort the rows of a matrix made from the Laplacian (section 3.2)."""

import itertools
import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def _check(A: Tensor) -> None:
    if A.ndim != 2 or A.shape[0] != A.shape[1] or len(A) < 1:
        raise ValueError(f"A must be a square adjacency matrix; got the shape {tuple(A.shape)}")
    if not torch.isfinite(A).all() or (A < 0).any():
        raise ValueError(
            "A must have finite entries that are not negative; negative weights have no Laplacian here"
        )
    if not torch.equal(A, A.T):
        raise ValueError("A must be symmetric: these frames are for undirected graphs")


def eigenspaces(eigenvalues: Float[Tensor, " n"], tol: float = 1e-6) -> list[slice]:
    """Ascending eigenvalues, grouped: a new group begins where the gap to the one before exceeds tol."""
    starts = [0, *((eigenvalues.diff() > tol).nonzero().flatten() + 1).tolist(), len(eigenvalues)]
    return [slice(a, b) for a, b in itertools.pairwise(starts)]


def laplacian_node_matrix(
    A: Float[Tensor, "n n"], tol: float = 1e-6, decimals: int = 6
) -> Float[Tensor, "n m"]:
    """S(A): for each distinct eigenvalue of L = D - A, ascending, the column sqrt(sum_k U_ik^2) over its eigenspace.

    That is the length of a node's part in the eigenspace: whatever basis U of it the algorithm returns, with
    whatever signs, it is the same. So S(P A P^T) = P S(A).

    Args:
        tol: eigenvalues that differ by less are the same. decimals: the entries are rounded.

    Raises:
        ValueError: A is not square, not symmetric, not finite, or has negative entries.
    """
    _check(A)
    adjacency = A.double()
    laplacian = torch.diag(adjacency.sum(1)) - adjacency
    eigenvalues, U = torch.linalg.eigh(laplacian)
    # S_{i, lambda} = sqrt(sum_{k in the eigenspace of lambda} U_{ik}^2)
    columns = [U[:, space].square().sum(1).sqrt() for space in eigenspaces(eigenvalues, tol)]
    return torch.stack(columns, 1).round(decimals=decimals)


def sorted_with_ties(A: Float[Tensor, "n n"]) -> tuple[list[int], list[int]]:
    """One order of the nodes that sorts the rows of S lexicographically, and the sizes of the groups of equal rows."""
    rows = [tuple(row) for row in laplacian_node_matrix(A).tolist()]
    order = sorted(range(len(rows)), key=rows.__getitem__)
    return order, [len(list(tied)) for _, tied in itertools.groupby(order, key=rows.__getitem__)]


def frame_size(A: Float[Tensor, "n n"]) -> int:
    """|F(A)|, exactly: the product of the factorials of the tie groups' sizes."""
    return math.prod(math.factorial(size) for size in sorted_with_ties(A)[1])


def permutation_frame(A: Float[Tensor, "n n"], limit: int = 5040) -> Int[Tensor, "f n"]:
    """F(A): every order of the nodes that sorts S; node i of a framed graph is node order[i] of A.

    Raises:
        ValueError: there are more than `limit`; sample them instead.
    """
    order, ties = sorted_with_ties(A)
    size = math.prod(math.factorial(tie) for tie in ties)
    if size > limit:
        raise ValueError(
            f"the frame has {size:,} elements, more than limit = {limit:,}; draw some with sample_permutation_frame"
        )
    groups, start = [], 0
    for tie in ties:
        groups.append(list(itertools.permutations(order[start : start + tie])))
        start += tie
    found = [list(itertools.chain.from_iterable(parts)) for parts in itertools.product(*groups)]
    return torch.tensor(found, dtype=torch.long, device=A.device)


def sample_within_ties(
    order: Int[Tensor, "*batch n"], group: Int[Tensor, "*batch n"], generator: torch.Generator | None = None
) -> Int[Tensor, "*batch n"]:
    """Shuffle sorted nodes within their tie groups, uniformly: sort them by (group, a uniform number).

    Args:
        order: a sorting order. group: the number of the tie group of each of its places, ascending.
    """
    noise = torch.rand(group.shape, generator=generator, dtype=torch.float64, device="cpu").to(order.device)
    return torch.take_along_dim(order, (group + noise).argsort(-1), dim=-1)


def tie_groups(A: Float[Tensor, "n n"]) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
    """What `sample_within_ties` wants: a sorting order, and the number of each place's tie group."""
    order, ties = sorted_with_ties(A)
    groups = [number for number, size in enumerate(ties) for _ in range(size)]
    return (
        torch.tensor(order, dtype=torch.long, device=A.device),
        torch.tensor(groups, dtype=torch.long, device=A.device),
    )


def sample_permutation_frame(
    A: Float[Tensor, "n n"], k: int, generator: torch.Generator | None = None
) -> Int[Tensor, "k n"]:
    """k elements of F(A), drawn uniformly with replacement.

    Raises:
        ValueError: k is below 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1; got {k}")
    order, group = tie_groups(A)
    return sample_within_ties(order.expand(k, -1), group.expand(k, -1), generator)
