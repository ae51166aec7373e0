"""The sets V of velocities: one channel of the state for each."""

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor


def velocity_grid(radius: int, dims: int = 2) -> list[tuple[int, ...]]:
    """V = {-radius..radius}^dims in the order of the reference (vx outer, vy inner); 1, 9, 25 for radius 0, 1, 2.

    Raises:
        ValueError: a negative radius, or dims other than 1 and 2.
    """
    if radius < 0:
        raise ValueError(f"radius must be at least 0; got {radius}")
    if dims not in (1, 2):
        raise ValueError(f"dims must be 1 or 2; got {dims}")
    return list(itertools.product(range(-radius, radius + 1), repeat=dims))


def ring_velocities(size: int) -> list[tuple[int, ...]]:
    """The cyclic V = Z_size: every velocity that a ring of that size has, still first."""
    if size < 1:
        raise ValueError(f"size must be at least 1; got {size}")
    return [(v,) for v in range(size)]


def check_velocities(velocities: Sequence, dims: int) -> tuple[tuple[int, ...], ...]:
    """The velocities as tuples of whole numbers.

    Raises:
        ValueError: V is empty, or an entry is not whole, has another dimension, or stands twice; names the entry.
    """
    found: list[tuple[int, ...]] = []
    for entry in velocities:
        one = (entry,) if isinstance(entry, int | float) else tuple(entry)
        if len(one) != dims:
            raise ValueError(
                f"velocities: {entry!r} has {len(one)} components; with dims = {dims} it needs {dims}"
            )
        if any(isinstance(v, bool) or int(v) != v for v in one):
            raise ValueError(f"velocities: {entry!r} is not whole; velocities are in whole pixels a frame")
        one = tuple(int(v) for v in one)
        if one in found:
            raise ValueError(
                f"velocities: {entry!r} stands there twice; every channel has a velocity of its own"
            )
        found.append(one)
    if not found:
        raise ValueError("velocities is empty; V must hold at least one velocity, such as (0,) or (0, 0)")
    return tuple(found)


def partners(
    velocities: Sequence[tuple[int, ...]], nu: tuple[int, ...], size: Sequence[int]
) -> tuple[list[int], Bool[Tensor, " channels"]]:
    """For each channel nu' the channel of nu' - nu, and whether V has it.

    On a ring a velocity is known only up to the ring's size, so a V of all of them is closed.

    Args:
        size: of the space, (W,) or (H, W).

    Returns:
        The partners' indices (0 where there is none), and the mask of those that are there, on the CPU.

    Raises:
        ValueError: no channel has a partner.
    """
    periods = tuple(reversed(tuple(size)))

    def key(v):
        return tuple(x % p for x, p in zip(v, periods, strict=True))

    index = {key(v): i for i, v in enumerate(velocities)}
    found = [index.get(key(tuple(a - b for a, b in zip(v, nu, strict=True)))) for v in velocities]
    if all(one is None for one in found):
        raise ValueError(f"V does not contain any pair nu, nu - nu^ for nu^ = {nu}; V is {list(velocities)}")
    mask = torch.tensor([one is not None for one in found], device="cpu")
    return [0 if one is None else one for one in found], mask


def inner_channels(velocities: Sequence[tuple[int, ...]], rings: int) -> Bool[Tensor, " channels"]:
    """The channels all of whose neighbours up to `rings` away (in every direction) are in V too, on the CPU.

    A cell that mixes velocities within a radius r is exact, after t steps, on those with rings = t * r.
    """
    known = set(velocities)
    reach = list(itertools.product(range(-rings, rings + 1), repeat=len(velocities[0])))
    return torch.tensor(
        [all(tuple(a + b for a, b in zip(v, d, strict=True)) in known for d in reach) for v in velocities],
        device="cpu",
    )
