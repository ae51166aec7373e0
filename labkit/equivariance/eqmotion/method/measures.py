"""Losses and scores: displacement errors, the best of k, how well the graph is recognised."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor


def displacements(
    pred: Float[Tensor, "*shape d"], target: Float[Tensor, "*shape d"]
) -> Float[Tensor, "*shape"]:
    """|X^ - X| at every agent and time."""
    return (pred - target).norm(dim=-1)


def displacement_errors(
    pred: Float[Tensor, "*batch future d"], target: Float[Tensor, "*batch future d"]
) -> dict[str, Tensor]:
    """`ade`, the mean over agents and time; `fde`, at the last time; `per_step`, at each."""
    per_step = displacements(pred, target).flatten(0, -2).mean(0)
    return {"ade": per_step.mean(), "fde": per_step[-1], "per_step": per_step}


def best_of_k(
    pred: Float[Tensor, "batch heads future d"], target: Float[Tensor, "batch future d"]
) -> Float[Tensor, "batch future d"]:
    """Of each sample's predictions, the one with the smallest mean displacement; the others get no gradient."""
    errors = displacements(pred, target[:, None].expand_as(pred)).mean(-1)
    best = errors.argmin(1)
    return pred[torch.arange(len(pred), device=pred.device), best]


def interaction_accuracy(
    categories: Float[Tensor, "batch agents agents K"], edges: Float[Tensor, "batch agents agents"]
) -> float:
    """How often the likeliest category is the true kind of edge, off the diagonal.

    Nobody told the model which category is which, so the best of all namings counts; with two, at least 1/2.
    """
    K, n = categories.shape[-1], edges.shape[-1]
    apart = ~torch.eye(n, dtype=torch.bool, device=edges.device)
    found, true = categories.argmax(-1)[:, apart], edges.long()[:, apart]
    scores = []
    for names in itertools.permutations(range(K)):
        renamed = torch.tensor(names, dtype=torch.long, device=found.device)[found]
        scores.append((renamed == true).double().mean().item())
    return max(scores)
