"""Sequences with a known flow: drifting bars, drifting and turning digits, people before a moving camera."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from labkit.datasets import ImageSource
from labkit.equivariance.actions import shift

ACTIONS = ("walking", "jogging", "running", "boxing", "handwaving", "handclapping")


def _velocity_table(velocities: int | Sequence, dims: int) -> Tensor:
    if isinstance(velocities, int):
        if velocities < 0:
            raise ValueError(f"velocities must be a list or a radius of at least 0; got {velocities}")
        speeds = torch.arange(-velocities, velocities + 1, device="cpu")
        return torch.cartesian_prod(*[speeds] * dims).view(-1, dims)
    found = [(v,) if isinstance(v, int | float) else tuple(v) for v in velocities]
    if not found or any(len(v) != dims or any(int(x) != x for x in v) for v in found):
        raise ValueError(
            f"velocities must be whole, with {dims} components each, and at least one; got {velocities!r}"
        )
    return torch.tensor(found, dtype=torch.long, device="cpu").view(-1, dims)


def _check_counts(n: int, length: int, things: int) -> None:
    if n < 1 or length < 1 or things < 1:
        raise ValueError(
            f"n, length and the number of things a sequence must be at least 1; got {n}, {length}, {things}"
        )


def _draw(low: int, high: int, shape: Sequence[int], generator: torch.Generator) -> Tensor:
    return torch.randint(low, high, tuple(shape), generator=generator, device="cpu")


def _drift(things: Tensor, start: Tensor, velocity: Tensor, length: int) -> Tensor:
    """Things (n, k, *space) moved to start + t * velocity at every t, and summed: (n, length, 1, *space) in [0, 1]."""
    n, k, dims = velocity.shape
    t = torch.arange(length, device="cpu")
    place = start[:, None] + t[None, :, None, None] * velocity[:, None]
    many = things[:, None].expand(n, length, k, *things.shape[2:]).reshape(-1, *things.shape[2:])
    moved = shift(many, place.reshape(-1, dims)).view(n, length, k, *things.shape[2:])
    return moved.sum(2).clamp(0, 1)[:, :, None]


def strip_sequences(
    n: int,
    length: int,
    size: int = 24,
    velocities: int | Sequence = 2,
    bars: int = 2,
    *,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "n length 1 size"], dict[str, Tensor]]:
    """Random bars (7 pixels, amplitudes 0.5 to 1) that drift on a ring, summed and clamped to [0, 1].

    Args:
        velocities: the list that each bar's velocity is drawn from, or r for {-r..r}.

    Returns:
        The frames on the CPU, and {"velocities": (n, bars, 1), "positions": (n, bars, 1)}.
    """
    _check_counts(n, length, bars)
    table = _velocity_table(velocities, 1)
    width = min(7, size)
    pattern = torch.zeros(n, bars, size, device="cpu")
    pattern[..., :width] = 0.5 + 0.5 * torch.rand(n, bars, width, generator=generator, device="cpu")
    pattern[..., :width] *= (torch.rand(n, bars, width, generator=generator, device="cpu") < 0.7).float()
    pattern[..., width // 2] = pattern[..., width // 2].clamp(min=0.5)  # no bar is empty
    velocity = table[_draw(0, len(table), (n, bars), generator)]
    start = _draw(0, size, (n, bars, 1), generator)
    return _drift(pattern, start, velocity, length), {"velocities": velocity, "positions": start}


def translating_sequences(
    source: ImageSource,
    n: int,
    length: int,
    image_size: int,
    velocities: int | Sequence = 1,
    digits_per_sequence: int = 2,
    *,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "n length 1 S S"], dict[str, Tensor]]:
    """Images that drift on a torus, each with its own velocity, summed and clamped to [0, 1].

    Args:
        velocities: a list of (vx, vy) in pixels a frame, or r for {-r..r}^2.

    Returns:
        The frames on the CPU, and the "labels" (n, k), "velocities" (n, k, 2) and "positions" (n, k, 2).

    Raises:
        ValueError: the images are larger than `image_size`; bad velocities; counts below 1.
    """
    _check_counts(n, length, digits_per_sequence)
    size = source.images.shape[-1]
    if size > image_size:
        raise ValueError(f"image_size must be at least the images' size {size}; got {image_size}")
    table = _velocity_table(velocities, 2)
    chosen = _draw(0, len(source.images), (n, digits_per_sequence), generator)
    before = (image_size - size) // 2
    after = image_size - size - before
    things = F.pad(source.images[chosen], [before, after, before, after])
    velocity = table[_draw(0, len(table), (n, digits_per_sequence), generator)]
    start = _draw(0, image_size, (n, digits_per_sequence, 2), generator)
    frames = _drift(things, start, velocity, length)
    return frames, {"labels": source.labels[chosen], "velocities": velocity, "positions": start}


def rotating_sequences(
    source: ImageSource,
    n: int,
    length: int,
    image_size: int,
    angular_velocities: Sequence[float | int],
    digits_per_sequence: int = 2,
    *,
    start: float | int | None = None,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "n length 1 S S"], dict[str, Tensor]]:
    """Images that turn about the centre, each with its own angular velocity (degrees a frame), summed and clamped.

    Args:
        start: the angle at time 0 in degrees; by default uniform in [0, 360).
    """
    _check_counts(n, length, digits_per_sequence)
    if not len(angular_velocities):
        raise ValueError("angular_velocities must hold at least one; it is empty")
    size = source.images.shape[-1]
    if size > image_size:
        raise ValueError(f"image_size must be at least the images' size {size}; got {image_size}")
    shape = (n, digits_per_sequence)
    chosen = _draw(0, len(source.images), shape, generator)
    before = (image_size - size) // 2
    after = image_size - size - before
    things = F.pad(source.images[chosen], [before, after, before, after])
    table = torch.tensor(angular_velocities, dtype=torch.float32, device="cpu")
    velocity = table[_draw(0, len(table), shape, generator)]
    begin = torch.full(shape, float(start), device="cpu") if start is not None else None
    begin = 360 * torch.rand(shape, generator=generator, device="cpu") if begin is None else begin
    t = torch.arange(length, device="cpu")
    angle = torch.deg2rad(begin[:, None] + t[None, :, None] * velocity[:, None]).flatten()
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    theta = torch.stack([torch.stack([cos, -sin, zero], -1), torch.stack([sin, cos, zero], -1)], 1)
    many = things[:, None].expand(n, length, *things.shape[1:]).reshape(-1, 1, image_size, image_size)
    grid = F.affine_grid(theta, list(many.shape), align_corners=False)
    turned = F.grid_sample(many, grid, align_corners=False, padding_mode="zeros")
    frames = (
        turned.view(n, length, digits_per_sequence, image_size, image_size).sum(2).clamp(0, 1)[:, :, None]
    )
    return frames, {"labels": source.labels[chosen], "angular_velocities": velocity, "angles": begin}


def action_clips(
    n: int,
    length: int = 12,
    size: int = 24,
    camera_velocities: int | Sequence = 1,
    *,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "n length 1 size size"], dict[str, Any]]:
    """A stand-in for KTH: a stick figure does one of six actions before a camera that drifts.

    Walking, jogging and running swing legs and arms with growing frequency and stride and move along; boxing,
    handwaving and handclapping move the arms only. Person, phase, place, direction and contrast are random.

    Returns:
        The frames in [0, 1] on the CPU, and the "labels" (n,) (indices into ACTIONS) and "velocities" (n, 2).
    """
    _check_counts(n, length, 1)
    table = _velocity_table(camera_velocities, 2)
    label = _draw(0, len(ACTIONS), (n,), generator)
    velocity = table[_draw(0, len(table), (n,), generator)]

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, 1, generator=generator, device="cpu")

    tall, phase, contrast = uniform(0.5, 0.62), uniform(0, 2 * math.pi), uniform(0.7, 1.0)
    facing = torch.where(uniform(-1, 1) > 0, 1.0, -1.0)
    tempo, x0, y0 = uniform(0.9, 1.1), uniform(0, 1), uniform(0.2, 0.3)
    t = torch.arange(length, dtype=torch.float32, device="cpu")[None]
    locomotes = (label < 3)[:, None]
    kind = label[:, None]
    rate = torch.tensor([0.55, 0.9, 1.4, 1.3, 0.7, 1.5], device="cpu")[kind] * tempo
    stride = torch.tensor([0.35, 0.5, 0.75, 0.0, 0.0, 0.0], device="cpu")[kind]
    speed = torch.tensor([0.012, 0.024, 0.042, 0.0, 0.0, 0.0], device="cpu")[kind]
    swing = torch.sin(phase + rate * t)  # (n, length)
    x = x0 + facing * speed * t
    neck, hip = (
        torch.stack([x, y0 + 0.22 * tall / 0.56 + 0 * t], -1),
        torch.stack([x, y0 + 0.62 * tall + 0 * t], -1),
    )

    def limb(origin: Tensor, reach: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
        way = torch.stack([facing * torch.sin(angle), torch.cos(angle)], -1)  # 0 hangs down
        return origin, origin + reach[..., None] * way

    leg, arm = 0.38 * tall, 0.3 * tall
    legs = [limb(hip, leg, sign * (0.12 + stride * swing)) for sign in (1.0, -1.0)]
    swinging = [sign * 0.8 * stride * swing for sign in (-1.0, 1.0)]
    boxing = [math.pi / 2 * (0.55 + 0.45 * torch.sin(phase + rate * t + turn)) for turn in (0.0, math.pi)]
    waving = [sign * (math.pi * 0.75 + 0.6 * swing) for sign in (1.0, -1.0)]
    clapping = [math.pi / 2 + sign * (0.45 + 0.45 * swing) for sign in (1.0, -1.0)]
    arms = []
    for side in range(2):
        options = torch.stack([swinging[side], boxing[side], waving[side], clapping[side]])
        index = torch.where(locomotes, 0, kind - 2).expand(n, length)
        arms.append(limb(neck, arm, options.gather(0, index[None])[0]))
    head = neck - torch.stack([0 * x, 0.14 * tall + 0 * x], -1)
    capsules = [(neck, hip, 0.05), *[(a, b, 0.035) for a, b in legs + arms], (head, head, 0.075)]

    axis = (torch.arange(size, dtype=torch.float32, device="cpu") + 0.5) / size
    place = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)  # (size, size, 2): x, y
    drawn = torch.zeros(n, length, size, size, device="cpu")
    for a, b, radius in capsules:
        # distance to the segment a-b on a ring in x; one pixel of anti-aliasing
        p = place[None, None] - a[:, :, None, None]
        p = torch.stack([(p[..., 0] + 0.5) % 1 - 0.5, p[..., 1]], -1)
        d = (b - a)[:, :, None, None]
        along = ((p * d).sum(-1) / d.square().sum(-1).clamp(min=1e-9)).clamp(0, 1)
        distance = (p - along[..., None] * d).norm(dim=-1)
        drawn = torch.maximum(drawn, ((radius - distance) * size + 0.5).clamp(0, 1))
    camera = t[0].long()[None, :, None] * velocity[:, None]
    frames = shift((contrast[..., None, None] * drawn).flatten(0, 1), camera.flatten(0, 1)).view(drawn.shape)
    return frames[:, :, None], {"labels": label, "velocities": velocity}
