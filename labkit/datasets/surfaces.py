"""Point clouds on surfaces whose normals are known exactly: superquadrics, tori, boxes, cylinders, and unions."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

KINDS = ("superquadric", "torus", "box", "cylinder", "union")


def _uniform(generator: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator, device="cpu")


def _unit(v: Tensor) -> Tensor:
    return v / v.norm(dim=-1, keepdim=True).clamp(min=1e-9)


def _superquadric(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """sum |x_i / a_i|^p = 1: points along random directions; the normal is the gradient."""
    a, p = _uniform(generator, 0.4, 1.0, 3), _uniform(generator, 2.0, 4.0, 1)
    direction = _unit(torch.randn(n, 3, generator=generator, device="cpu"))
    radius = (direction / a).abs().pow(p).sum(-1, keepdim=True).pow(-1 / p)
    x = direction * radius
    return x, _unit((x / a).abs().pow(p - 1) * x.sign() / a)


def _torus(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    R, r = 1.0, _uniform(generator, 0.2, 0.5, 1)
    u, w = (_uniform(generator, 0, 2 * math.pi, n) for _ in range(2))
    out = torch.stack([u.cos(), u.sin(), torch.zeros_like(u)], -1)
    up = torch.tensor([0.0, 0.0, 1.0], device="cpu")
    normal = w.cos()[:, None] * out + w.sin()[:, None] * up
    return R * out + r * normal, normal


def _box(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    half = _uniform(generator, 0.3, 1.0, 3)
    area = torch.stack([half[1] * half[2], half[0] * half[2], half[0] * half[1]])
    axis = torch.multinomial(area, n, replacement=True, generator=generator)
    side = torch.randint(0, 2, (n,), generator=generator, device="cpu") * 2.0 - 1
    normal = torch.nn.functional.one_hot(axis, 3) * side[:, None]
    inside = _uniform(generator, -1, 1, n, 3) * half
    return torch.where(normal != 0, normal * half, inside), normal


def _cylinder(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    r, h = _uniform(generator, 0.3, 0.8, 1), _uniform(generator, 0.4, 1.0, 1)
    angle, height = _uniform(generator, 0, 2 * math.pi, n), _uniform(generator, -1, 1, n) * h
    round_ = torch.stack([angle.cos(), angle.sin(), torch.zeros_like(angle)], -1)
    up = torch.tensor([0.0, 0.0, 1.0], device="cpu")
    # share of the two caps: 2 pi r^2 of 2 pi r^2 + 4 pi r h
    cap = torch.rand(n, generator=generator, device="cpu") < r / (r + 2 * h)
    end = torch.where(height < 0, -1.0, 1.0)[:, None] * up
    disc = round_ * r * torch.rand(n, 1, generator=generator, device="cpu").sqrt()
    x = torch.where(cap[:, None], disc + h * end, r * round_ + height[:, None] * up)
    return x, torch.where(cap[:, None], end, round_)


_MAKERS = {"superquadric": _superquadric, "torus": _torus, "box": _box, "cylinder": _cylinder}


def surface(
    kind: str, n: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n 3"], Float[Tensor, "n 3"]]:
    """n points on one random surface in its canonical pose, and their unit normals.

    A union is two surfaces, the second shifted; points inside the other are kept (their normals are right still).

    Raises:
        ValueError: an unknown kind, or n below 4.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind: {kind!r}; choose from {', '.join(KINDS)}")
    if n < 4:
        raise ValueError(f"n must be at least 4 points; got {n}")
    if kind != "union":
        return _MAKERS[kind](n, generator)
    names = list(_MAKERS)
    chosen = torch.randperm(len(names), generator=generator, device="cpu")[:2].tolist()
    x, normal = _MAKERS[names[chosen[0]]](n // 2, generator)
    y, other = _MAKERS[names[chosen[1]]](n - n // 2, generator)
    return torch.cat([x, y + _uniform(generator, -0.8, 0.8, 3)]), torch.cat([normal, other])


def surfaces(
    count: int, n: int, generator: torch.Generator
) -> tuple[Float[Tensor, "count n 3"], Float[Tensor, "count n 3"]]:
    """Random surfaces of all kinds in canonical poses: clouds, centred and divided by the standard deviation of the
    points' norms, and normals; float32, on the CPU."""
    clouds, normals = [], []
    for index in range(count):
        x, normal = surface(KINDS[index % len(KINDS)], n, generator)
        x = x - x.mean(0)
        clouds.append(x / x.norm(dim=1).square().mean().sqrt())
        normals.append(normal)
    return torch.stack(clouds), torch.stack(normals)
