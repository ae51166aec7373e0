"""Where PCA frames break: planar clouds whose two eigenvalues are (nearly) equal."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def whitened(X: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
    """The cloud, centred and made round: C = X^T X = I. Its principal axes are not determined.

    Raises:
        ValueError: the points lie on a line.
    """
    centred = X - X.mean(0)
    eigenvalues, axes = torch.linalg.eigh(centred.T @ centred)
    if eigenvalues[0] < 1e-9 * eigenvalues[1]:
        raise ValueError(f"the points of X lie on a line: the eigenvalues are {eigenvalues.tolist()}")
    return centred @ axes @ torch.diag(eigenvalues.rsqrt()) @ axes.T


def stretched(
    X: Float[Tensor, "n 2"], amounts: Float[Tensor, " m"], angles: Float[Tensor, " m"]
) -> Float[Tensor, "m n 2"]:
    """X (I + amount u u^T) for each amount and direction u = (cos angle, sin angle): a little longer along u."""
    u = torch.stack([angles.cos(), angles.sin()], -1)
    one = torch.eye(2, dtype=X.dtype, device=X.device)
    return X @ (one + amounts[:, None, None] * u[:, :, None] * u[:, None, :])


def circle(steps: int, dtype: torch.dtype = torch.float64) -> Float[Tensor, " steps"]:
    """Directions, evenly spaced over half a turn (a stretch along u is one along -u)."""
    return torch.linspace(0, math.pi, steps, dtype=dtype, device="cpu")
