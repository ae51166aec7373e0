"""From inside: controls drawn at random, and controls found by projected gradient ascent."""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.language.magic_words.attention_bound.bounds import check_size
from labkit.language.magic_words.attention_bound.head import AttentionHead, decompose, orthogonal_part


def sample_controls(
    k: int,
    M_u: float,
    n: int,
    generator: torch.Generator,
    *,
    dim: int,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "n k dim"]:
    """n sets of k control rows, uniform in the ball of radius M_u.

    Raises:
        ValueError: M_u not above 0, or a negative number.
    """
    check_size(k, M_u)
    drawn = torch.randn(n, k, dim, generator=generator, dtype=dtype, device="cpu")
    radius = torch.rand(n, k, 1, generator=generator, dtype=dtype, device="cpu") ** (1 / dim)
    return (M_u * radius * drawn / drawn.norm(dim=-1, keepdim=True)).to(device)


def outputs(
    head: AttentionHead, controls: Float[Tensor, "n k d_in"], X0: Float[Tensor, "rows d_in"], row: int
) -> Float[Tensor, "n d_out"]:
    """One imposed row's output under each set of controls (heads without rotation).

    Raises:
        ValueError: the head rotates, or there is no such row.
    """
    if head.turns is not None:
        raise ValueError("head rotates its queries and keys: call decompose for each set of controls")
    if not 0 <= row < len(X0):
        raise ValueError(f"row must be from 0 to {len(X0) - 1}; got {row}")
    root = head.Wq.shape[1] ** 0.5
    q = X0[row] @ head.Wq
    seen = X0[: row + 1] if head.causal else X0
    own = (seen @ head.Wk @ q / root).expand(len(controls), -1)
    logits = torch.cat([controls @ (head.Wk @ q) / root, own], dim=1)
    weights = logits.softmax(-1)
    k = controls.shape[1]
    return torch.einsum("nk,nkd->nd", weights[:, :k], controls @ head.Wv) + weights[:, k:] @ (seen @ head.Wv)


def steer(
    head: AttentionHead,
    X0: Float[Tensor, "rows d_in"],
    target: Float[Tensor, " d_out"],
    k: int,
    M_u: float,
    steps: int = 200,
    restarts: int = 8,
    *,
    row: int = 0,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "k d_in"], Float[Tensor, " d_out"]]:
    """Controls that bring one row's output as near to a target as projected gradient descent finds, and that output.

    Raises:
        ValueError: k below 1, M_u not above 0, or no such row.
    """
    return _ascend(head, X0, k, M_u, steps, restarts, row, generator, lambda y: -(y - target).norm(dim=-1))


def largest_displacement(
    head: AttentionHead,
    X0: Float[Tensor, "rows d_in"],
    k: int,
    M_u: float,
    steps: int = 200,
    restarts: int = 8,
    *,
    row: int = 0,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "k d_in"], Float[Tensor, " d_out"]]:
    """Controls that push one row's output as far from the line of yhat as projected gradient ascent finds."""
    yhat = decompose(head, X0[:0], X0).yhat[row]
    return _ascend(
        head, X0, k, M_u, steps, restarts, row, generator, lambda y: orthogonal_part(y, yhat).norm(dim=-1)
    )


def _ascend(head, X0, k, M_u, steps, restarts, row, generator, gain) -> tuple[Tensor, Tensor]:
    check_size(k, M_u)
    if k < 1:
        raise ValueError(f"k must be at least 1 to steer; got {k}")
    start = sample_controls(k, M_u, restarts, generator, dim=X0.shape[1], dtype=X0.dtype, device=X0.device)
    U = start.clone().requires_grad_(True)
    momentum = torch.zeros_like(start)
    with torch.enable_grad():
        for step in range(steps):
            (gradient,) = torch.autograd.grad(gain(outputs(head, U, X0, row)).sum(), U)
            size = gradient.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]
            momentum = 0.8 * momentum + gradient / size
            moved = U.detach() + 0.3 * M_u * (1 - step / steps) * momentum
            # back into the ball of each control
            length = moved.norm(dim=-1, keepdim=True).clamp(min=1e-12)
            U = (moved * (M_u / length).clamp(max=1.0)).requires_grad_(True)
    with torch.no_grad():
        found = outputs(head, U, X0, row)
        best = int(gain(found).argmax())
    return U.detach()[best], found[best]
