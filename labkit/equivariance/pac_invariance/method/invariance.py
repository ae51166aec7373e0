"""Is one linear predictor the best in all environments? The criterion, and the search over subsets."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

CUT = 1e-12  # relative size of eigenvalues that count as zero


class Accepted(NamedTuple):
    """A subset that passed: its mean coefficients over the training environments, and its score."""

    subset: tuple[int, ...]
    beta: Float[Tensor, " k"]
    score: float


def subsets_of(nodes: Sequence[int], max_size: int | None = None) -> list[tuple[int, ...]]:
    """All non-empty subsets, small ones first. Raises ValueError for no nodes or max_size < 1."""
    if not nodes or (max_size is not None and max_size < 1):
        raise ValueError(f"nodes must not be empty and max_size at least 1; got {nodes!r}, {max_size}")
    top = len(nodes) if max_size is None else min(max_size, len(nodes))
    return [found for size in range(1, top + 1) for found in combinations(nodes, size)]


def fit_coefficients(
    moments: Float[Tensor, "environments n n"], subset: Sequence[int], target: int, intercept: bool = False
) -> Float[Tensor, "environments k"]:
    """beta_e = Sigma_SS^+ Sigma_SY in every environment: the minimum-norm least squares, from second moments.

    Args:
        intercept: the moments' first node is the constant 1, and is taken out of the others (their covariance is used).

    Raises:
        ValueError: an empty subset, the target in it, a covariate that is constant beside an intercept.
    """
    return fit_many(moments, [tuple(subset)], target, intercept)[0]


def fit_many(
    moments: Float[Tensor, "environments n n"],
    subsets: Sequence[tuple[int, ...]],
    target: int,
    intercept: bool = False,
) -> list[Float[Tensor, "environments k"]]:
    """`fit_coefficients` of many subsets: one batched solve for each size. Raises as it does."""
    for subset in subsets:
        if not subset:
            raise ValueError("subset must hold at least one covariate; it is empty")
        if target in subset:
            raise ValueError(f"subset {tuple(subset)} holds the target {target}; predict it from the others")
    if intercept:
        moments = _centred(moments, subsets)
    found: list = [None] * len(subsets)
    for size in {len(subset) for subset in subsets}:
        places = [i for i, subset in enumerate(subsets) if len(subset) == size]
        index = torch.tensor([subsets[i] for i in places], dtype=torch.long, device=moments.device)
        S = moments[:, index[:, :, None], index[:, None, :]]
        c = moments[:, index, target]
        beta = (torch.linalg.pinv(S, rtol=CUT, hermitian=True) @ c[..., None])[..., 0]
        for place, one in zip(places, beta.unbind(1), strict=True):
            found[place] = one
    return found


def _centred(moments: Tensor, subsets: Sequence[tuple[int, ...]]) -> Tensor:
    centred = moments - moments[:, :, :1] * moments[:, :1] / moments[:, :1, :1]
    used = sorted({node for subset in subsets for node in subset})
    spread = centred.diagonal(dim1=-2, dim2=-1)[:, used] / moments.diagonal(dim1=-2, dim2=-1)[:, used]
    for node, share in zip(used, spread.unbind(1), strict=True):
        if (share <= CUT).any():
            raise ValueError(
                f"node {node} is constant in an environment: it cannot stand beside an intercept"
            )
    return centred


def fit_representation(
    moments: Float[Tensor, "environments n n"], phi: Float[Tensor, "k covariates"], target: int
) -> Float[Tensor, "environments k"]:
    """beta_e = (Phi Sigma Phi^T)^+ Phi Sigma_Y for a linear representation of all nodes but the target."""
    rest = [i for i in range(moments.shape[-1]) if i != target]
    S, c = moments[:, rest][:, :, rest], moments[:, rest, target]
    return (torch.linalg.pinv(phi @ S @ phi.T, rtol=CUT, hermitian=True) @ (phi @ c[..., None]))[..., 0]


def invariance_score(betas: Float[Tensor, "environments k"]) -> tuple[Float[Tensor, ""], Float[Tensor, " k"]]:
    """((1/n^2) sum_{i,j} |beta_i - beta_j|, the mean beta); the terms i = j are counted, as zeros.

    Raises:
        ValueError: fewer than two environments.
    """
    if len(betas) < 2:
        raise ValueError(f"invariance needs at least 2 environments; got {len(betas)}")
    distances = torch.linalg.vector_norm(betas[:, None] - betas[None], dim=-1)
    return distances.mean(), betas.mean(0)


def accept(betas: Float[Tensor, "environments k"], radius: float, rule: str = "mean") -> bool:
    """Whether the mean pairwise distance is below radius * |mean beta| (rule "mean", the paper's simulation), or the
    largest distance from the mean is ("maximum"). Raises ValueError for another rule, or a radius that is not positive.
    """
    if radius <= 0:
        raise ValueError(f"radius must be positive; got {radius}")
    score, mean = invariance_score(betas)
    if rule == "maximum":
        score = torch.linalg.vector_norm(betas - mean, dim=-1).max()
    elif rule != "mean":
        raise ValueError(f"rule must be mean or maximum; got {rule!r}")
    return bool(score < radius * torch.linalg.vector_norm(mean))


def good(
    mean_beta: Float[Tensor, " k"], test_betas: Float[Tensor, "environments k"], radius: float
) -> Bool[Tensor, " environments"]:
    """The test environments with |beta_e - m| < radius |m|."""
    return torch.linalg.vector_norm(test_betas - mean_beta, dim=-1) < radius * torch.linalg.vector_norm(
        mean_beta
    )


def generalisation(
    mean_beta: Float[Tensor, " k"], test_betas: Float[Tensor, "environments k"], radius: float
) -> float:
    """The share of test environments that are good."""
    return good(mean_beta, test_betas, radius).double().mean().item()


def find_invariant_subsets(
    moments: Float[Tensor, "environments n n"],
    target: int,
    radius: float,
    max_size: int | None = None,
    rule: str = "mean",
) -> list[Accepted]:
    """All subsets of the other nodes that pass, with their mean coefficients.

    Raises:
        ValueError: fewer than two environments, a radius that is not positive, another rule.
    """
    subsets = subsets_of([i for i in range(moments.shape[-1]) if i != target], max_size)
    found = []
    for subset, betas in zip(subsets, fit_many(moments, subsets, target), strict=True):
        if accept(betas, radius, rule):
            score, mean = invariance_score(betas)
            found.append(Accepted(subset, mean, score.item()))
    return found


def gradient_gap(
    phi: Float[Tensor, "k covariates"],
    w: Float[Tensor, " k"],
    second_moment: Float[Tensor, "n n"],
    target: int,
) -> Float[Tensor, ""]:
    """|Phi Sigma Phi^T w - Phi Sigma_Y|: half the gradient of the risk in w, and zero where w is the best on Phi."""
    rest = [i for i in range(len(second_moment)) if i != target]
    S, c = second_moment[rest][:, rest], second_moment[rest, target]
    return torch.linalg.vector_norm(phi @ S @ phi.T @ w - phi @ c)


def risk(
    moments: Float[Tensor, "environments n n"], w: Float[Tensor, " covariates"], target: int
) -> Float[Tensor, " environments"]:
    """E (Y - w^T X)^2 in each environment, for weights on all nodes but the target."""
    rest = [i for i in range(moments.shape[-1]) if i != target]
    v = torch.zeros(moments.shape[-1], dtype=moments.dtype, device=moments.device)
    v[rest], v[target] = -w, 1.0
    return torch.einsum("i,eij,j->e", v, moments, v)
