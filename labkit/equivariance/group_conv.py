"""Convolutions on the group of translations and N rotations: lifting an image, and from lifted to lifted."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.equivariance.actions import rotate


def _check(in_ch: int, out_ch: int, k: int, N: int, padding: str) -> None:
    if padding not in ("circular", "zeros"):
        raise ValueError(f"unknown padding: {padding!r}; choose from circular, zeros")
    if in_ch < 1 or out_ch < 1:
        raise ValueError(f"in_ch and out_ch must be at least 1; got {in_ch} and {out_ch}")
    if k < 1 or k % 2 == 0:
        raise ValueError(f"kernel must be odd and at least 1; got {k}")
    if N < 1:
        raise ValueError(f"N must be at least 1; got {N}")


def _disc(weight: Tensor, N: int) -> Tensor:
    """The kernel masked to its inscribed disc, unless its rotations are exact anyway."""
    if 4 % N == 0:
        return weight
    k = weight.shape[-1]
    r = torch.arange(k, device=weight.device, dtype=weight.dtype) - (k - 1) / 2
    return weight * (r[:, None].square() + r[None, :].square() <= (k / 2) ** 2)


def _pad(x: Tensor, pad: int, mode: str) -> Tensor:
    return F.pad(x, [pad] * 4, mode="circular") if mode == "circular" else F.pad(x, [pad] * 4)


class LiftingConv2d(nn.Module):
    """(k_r * x) for the kernel in N orientations r: an image becomes a function on C_N x grid. No bias.

    `padding` is "circular" or "zeros"; the size of the image stays.
    """

    def __init__(self, in_ch: int, out_ch: int, k: int, N: int, padding: str = "zeros"):
        super().__init__()
        _check(in_ch, out_ch, k, N, padding)
        self.N, self.k, self.padding = N, k, padding
        self.weight = nn.Parameter(torch.empty(out_ch, in_ch, k, k))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, x: Float[Tensor, "batch C H W"]) -> Float[Tensor, "batch out N H W"]:
        """Orientation r sees the image through the kernel rotated by r * 360 / N degrees."""
        base = _disc(self.weight, self.N)
        kernels = torch.stack([rotate(base, r * 360 / self.N) for r in range(self.N)], dim=1).flatten(0, 1)
        return F.conv2d(_pad(x, self.k // 2, self.padding), kernels).unflatten(1, (-1, self.N))


class GroupConv2d(nn.Module):
    """A convolution on C_N x grid: kernels (out, in, N, k, k), rotated on the grid and rolled in orientation."""

    def __init__(self, in_ch: int, out_ch: int, k: int, N: int, padding: str = "zeros"):
        super().__init__()
        _check(in_ch, out_ch, k, N, padding)
        self.N, self.k, self.padding = N, k, padding
        self.weight = nn.Parameter(torch.empty(out_ch, in_ch, N, k, k))
        nn.init.kaiming_uniform_(self.weight.view(out_ch, in_ch * N, k, k), a=math.sqrt(5))

    def forward(self, x: Float[Tensor, "batch C N H W"]) -> Float[Tensor, "batch out N H W"]:
        """Output orientation r: sum over s of (k[s - r] rotated by r) * x[s]."""
        base = _disc(self.weight, self.N)
        kernels = torch.stack(
            [torch.roll(rotate(base, r * 360 / self.N), r, dims=2) for r in range(self.N)], dim=1
        )
        flat = kernels.flatten(0, 1).flatten(1, 2)
        return F.conv2d(_pad(x.flatten(1, 2), self.k // 2, self.padding), flat).unflatten(1, (-1, self.N))


def pool_orientations(x: Float[Tensor, "*batch N H W"], how: str = "max") -> Float[Tensor, "*batch H W"]:
    """The maximum or the mean over the orientation axis, the third from last."""
    if how not in ("max", "mean"):
        raise ValueError(f"unknown pooling: {how!r}; choose from max, mean")
    return x.amax(-3) if how == "max" else x.mean(-3)
