"""Indirect observation: the covariates are seen only through a matrix S."""

import torch
from jaxtyping import Float
from torch import Tensor


def _check(S: Tensor) -> None:
    if torch.linalg.matrix_rank(S) < S.shape[1]:
        raise ValueError(
            f"S must have full column rank {S.shape[1]}; it has {int(torch.linalg.matrix_rank(S))}"
        )


def mix(
    moments: Float[Tensor, "environments n n"], S: Float[Tensor, "seen covariates"], target: int
) -> Float[Tensor, "environments seen_and_target seen_and_target"]:
    """The moments of (x, Y) where x = S z is seen in place of the covariates z; Y comes last.

    Raises:
        ValueError: S without full column rank: part of z would be lost.
    """
    _check(S)
    rest = [i for i in range(moments.shape[-1]) if i != target]
    T = torch.zeros(len(S) + 1, moments.shape[-1], dtype=moments.dtype, device=moments.device)
    T[:-1, rest] = S
    T[-1, target] = 1.0
    return T @ moments @ T.T


def unmix(
    S: Float[Tensor, "seen covariates"], covariates: tuple[int, ...], subset: tuple[int, ...]
) -> Float[Tensor, "k seen"]:
    """The representation of x that is a subset of z: rows of S^+. Raises as `mix`."""
    _check(S)
    return torch.linalg.pinv(S)[[covariates.index(node) for node in subset]]
