"""Groups acting on signals: circular shifts, flows (shifts that grow with time), rotations.

Displacements and velocities are in pixels (and pixels a frame), and are listed as (x,) or (x, y): x runs along the
last axis of the signal, y along the one before it.
"""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


def _vector(displacement: Sequence[float] | Tensor, name: str) -> Tensor:
    """A displacement as a long tensor (dims,) or (batch, dims) on the CPU or where it was."""
    if isinstance(displacement, Tensor):
        found = displacement
        if found.is_floating_point() and not torch.equal(found, found.round()):
            raise ValueError(f"{name} must hold whole pixels; got {found.tolist()}")
        return found.long()
    for entry in displacement:
        if int(entry) != entry:
            raise ValueError(f"{name} must hold whole pixels; got {entry!r} in {tuple(displacement)}")
    return torch.tensor([int(entry) for entry in displacement], dtype=torch.long, device="cpu")


def shift(x: Tensor, displacement: Sequence[float] | Tensor) -> Tensor:
    """The circular translation (shift(x, v))[p] = x[p - v] of the last axes.

    Args:
        x: (batch, ..., *space).
        displacement: (vx,) or (vx, vy), one for all; or a tensor (batch, dims), one for each of the batch.

    Raises:
        ValueError: a displacement that is not whole, has more entries than 2, or another batch.
    """
    v = _vector(displacement, "displacement")
    dims = v.shape[-1]
    if v.ndim not in (1, 2) or dims not in (1, 2):
        raise ValueError(
            f"displacement must be (vx,), (vx, vy) or one of these a sample; got shape {tuple(v.shape)}"
        )
    if v.ndim == 1:
        return torch.roll(x, v.tolist(), [-1, -2][:dims])
    if len(v) != len(x):
        raise ValueError(f"displacement is given for {len(v)} samples, x has {len(x)}")
    for axis in range(dims):
        size = x.shape[-1 - axis]
        source = (torch.arange(size, device=x.device) - v[:, axis, None].to(x.device)) % size
        shape = [len(x)] + [1] * (x.ndim - 1)
        shape[x.ndim - 1 - axis] = size
        x = torch.take_along_dim(x, source.view(shape), dim=-1 - axis)
    return x


def flow(sequence: Tensor, velocity: Sequence[float] | Tensor, start: int = 0) -> Tensor:
    """The flow psi(nu) on a sequence: frame t is shifted by (start + t) nu.

    Args:
        sequence: (batch, time, ..., *space).
        velocity: (vx,) or (vx, vy) in pixels a frame, or a tensor (batch, dims).
        start: the time of the first frame.

    Raises:
        ValueError: as `shift` does.
    """
    v = _vector(velocity, "velocity")
    v = v.expand(len(sequence), v.shape[-1]).to(sequence.device)
    times = torch.arange(sequence.shape[1], device=sequence.device) + start
    displacement = times[None, :, None] * v[:, None, :]
    moved = shift(sequence.flatten(0, 1), displacement.flatten(0, 1))
    return moved.view(sequence.shape)


def channel_index(
    velocities: Int[Tensor, "channels dims"], amount: int, size: Sequence[int], pad: int = 0
) -> Int[Tensor, "channels sites"]:
    """Where each site of each velocity channel takes its value from when channel nu is shifted by amount * nu.

    Args:
        size: of the space, (W,) or (H, W).
        pad: so many further sites on every side, filled circularly.
    """
    device = velocities.device
    index = torch.zeros(len(velocities), 1, dtype=torch.long, device=device)
    for axis, extent in enumerate(size):  # rows first, then columns
        site = torch.arange(-pad, extent + pad, device=device)
        source = (site - amount * velocities[:, len(size) - 1 - axis, None]) % extent
        index = (index[:, :, None] * extent + source[:, None, :]).flatten(1)
    return index


def shift_channels(
    states: Float[Tensor, "batch channels features *space"],
    velocities: Int[Tensor, "channels dims"],
    amount: int = 1,
    pad: int = 0,
) -> Float[Tensor, "batch channels features *_"]:
    """Every velocity channel shifted by amount * (its own velocity), and padded circularly: one gather for all.

    Args:
        states: channel i belongs to velocity i.
        pad: so many sites are added on every side, as a circular convolution wants them.
    """
    size = states.shape[3:]
    index = channel_index(velocities, amount, size, pad)
    moved = states.flatten(3).gather(3, index[None, :, None, :].expand(*states.shape[:3], -1))
    return moved.unflatten(3, [extent + 2 * pad for extent in size])


def rotate(x: Float[Tensor, "*batch H W"], degrees: float) -> Float[Tensor, "*batch H W"]:
    """Counter-clockwise rotation about the image's centre.

    Exact (`torch.rot90`) for multiples of 90 degrees; else bilinear, with zeros outside and `align_corners=False`.

    Raises:
        ValueError: an image that is not square, when the angle is no multiple of 180 degrees.
    """
    degrees = degrees % 360
    if x.shape[-1] != x.shape[-2] and degrees % 180:
        raise ValueError(
            f"only square images can be rotated by {degrees:g} degrees; got {tuple(x.shape[-2:])}"
        )
    if degrees % 90 == 0:
        return torch.rot90(x, int(degrees // 90), dims=(-2, -1))
    a = math.radians(degrees)
    # out(p) = x(R^{-1} p); rows run downwards, so the counter-clockwise R^{-1} is [[cos, -sin], [sin, cos]]
    theta = torch.tensor(
        [[math.cos(a), -math.sin(a), 0.0], [math.sin(a), math.cos(a), 0.0]], dtype=x.dtype, device=x.device
    )
    flat = x.reshape(1, -1, *x.shape[-2:])
    grid = F.affine_grid(theta[None], list(flat.shape), align_corners=False)
    return F.grid_sample(flat, grid, align_corners=False, padding_mode="zeros").view(x.shape)


def orientation_steps(degrees: float, N: int) -> int:
    """By how many of N orientations a rotation rolls the orientation axis.

    Raises:
        ValueError: degrees * N / 360 is not a whole number; names the N for which it would be.
    """
    steps = degrees * N / 360
    if abs(steps - round(steps)) > 1e-9:
        valid = [n for n in range(1, 361) if abs(degrees * n / 360 - round(degrees * n / 360)) < 1e-9]
        raise ValueError(
            f"a rotation by {degrees:g} degrees is no whole number of {N} orientations (it is {steps:g}); "
            f"valid N: {', '.join(map(str, valid[:6])) or 'none up to 360'}"
        )
    return round(steps)


def rotate_regular(x: Float[Tensor, "*batch N H W"], degrees: float, N: int) -> Float[Tensor, "*batch N H W"]:
    """A rotation of regular features: rotates the grid and rolls the orientation axis by degrees * N / 360.

    Raises:
        ValueError: the roll is not a whole number, or the orientation axis has not N entries.
    """
    if x.shape[-3] != N:
        raise ValueError(
            f"the orientation axis (the third from last) must have N = {N} entries; got {x.shape[-3]}"
        )
    return torch.roll(rotate(x, degrees), orientation_steps(degrees, N), dims=-3)


def apply_euclidean(
    X: Float[Tensor, "*batch n d"],
    R: Float[Tensor, "*#batch d d"],
    t: Float[Tensor, "*#batch 1 d"] | None = None,
) -> Float[Tensor, "*batch n d"]:
    """A Euclidean motion of points that are rows: X R^T + t. Without t, what it does to vectors."""
    moved = X @ R.transpose(-1, -2)
    return moved if t is None else moved + t


def permute_nodes(
    A: Float[Tensor, "*batch n n"], order: Int[Tensor, "*batch n"]
) -> Float[Tensor, "*batch n n"]:
    """A graph's adjacency matrix with its nodes in another order: node i of the result is node order[i] of A."""
    rows = torch.take_along_dim(A, order[..., :, None], dim=-2)
    return torch.take_along_dim(rows, order[..., None, :], dim=-1)
