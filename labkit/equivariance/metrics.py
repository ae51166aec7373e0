"""How equivariant is it? Two conventions of relative error, and the error of a map under group elements."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def relative_error(a: Tensor, b: Tensor, dim: int | Sequence[int]) -> Tensor:
    """|a - b| / (|a| + |b|) with norms over `dim`: symmetric, in [0, 1]; 0/0 is 0."""
    over = (dim,) if isinstance(dim, int) else tuple(dim)
    norm = [torch.linalg.vector_norm(x, dim=over) for x in (a - b, a, b)]
    whole = norm[1] + norm[2]
    return torch.where(whole > 0, norm[0] / whole.clamp(min=torch.finfo(whole.dtype).tiny), 0 * whole)


def relative_norm_error(a: Tensor, b: Tensor, dim: int | Sequence[int]) -> Tensor:
    """|a - b| / |b| with norms over `dim`: how far a is from the reference b."""
    over = (dim,) if isinstance(dim, int) else tuple(dim)
    return torch.linalg.vector_norm(a - b, dim=over) / torch.linalg.vector_norm(b, dim=over)


def equivariance_error(
    f: Callable[[Tensor], Tensor],
    x: Float[Tensor, "batch ..."],
    elements: Iterable[Any],
    act_in: Callable[[Any, Tensor], Tensor],
    act_out: Callable[[Any, Tensor], Tensor],
) -> Float[Tensor, "elements batch"]:
    """The relative error of f(g x) against g f(x), for every element g and every sample; one call of f for all g."""
    elements = list(elements)
    if not elements:
        raise ValueError("elements must hold at least one group element; it is empty")
    y = f(x)
    moved = f(torch.cat([act_in(g, x) for g in elements])).split(len(x))
    return torch.stack(
        [
            relative_error(found.flatten(1), act_out(g, y).flatten(1), -1)
            for g, found in zip(elements, moved, strict=True)
        ]
    )


def invariance_error(
    f: Callable[[Tensor], Tensor], x: Tensor, elements: Iterable[Any], act_in: Callable[[Any, Tensor], Tensor]
) -> Float[Tensor, "elements batch"]:
    """`equivariance_error` with nothing acting on the output."""
    return equivariance_error(f, x, elements, act_in, lambda _, y: y)
