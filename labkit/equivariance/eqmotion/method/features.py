"""What EqMotion starts from: trajectories as frequency channels, speeds and turning angles (section 3.2)."""

from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor


@lru_cache(maxsize=64)
def _dct(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    i = torch.arange(n, dtype=torch.float64, device="cpu")
    D = (2 / n) ** 0.5 * torch.cos(torch.pi * (i[None, :] + 0.5) * i[:, None] / n)
    D[0] = (1 / n) ** 0.5
    return D.to(device=device, dtype=dtype)


def dct_matrix(
    n: int, *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> Float[Tensor, "n n"]:
    """The orthonormal DCT-II matrix: D_{0,i} = sqrt(1/n), D_{k,i} = sqrt(2/n) cos(pi (i + 1/2) k / n).

    Its inverse is its transpose. Made once for each size, type and device.

    Raises:
        ValueError: n is below 1.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}")
    return _dct(n, dtype, torch.device(device))


def frame_differences(positions: Float[Tensor, "*batch time d"]) -> Float[Tensor, "*batch time d"]:
    """Velocities V_t = X_t - X_{t-1}, with V_1 := V_2."""
    v = positions.diff(dim=-2)
    return torch.cat([v[..., :1, :], v], dim=-2)


def turning_angles(v: Float[Tensor, "*batch time d"], eps: float = 1e-6) -> Float[Tensor, "*batch time"]:
    """The angle between V_{t-1} and V_t in [0, pi], in any dimension; the first is V_1 with itself.

    arccos of the cosine, with eps added to both norms and the cosine clamped to [-1, 1]. An agent at rest has pi/2.
    """
    before = torch.cat([v[..., :1, :], v[..., :-1, :]], dim=-2)
    norms = (before.norm(dim=-1) + eps) * (v.norm(dim=-1) + eps)
    cosine = ((before * v).sum(-1) / norms).clamp(-1, 1)
    inside = cosine.abs() < 1  # at +-1 the slope of arccos is infinite: no gradient there
    return torch.where(inside, torch.where(inside, cosine, 0 * cosine).arccos(), cosine.detach().arccos())


def agent_mean(
    G: Float[Tensor, "batch agents channels d"], present: Float[Tensor, "batch agents"] | None
) -> Float[Tensor, "batch 1 1 d"]:
    """The mean over the present agents and all channels."""
    if present is None:
        return G.mean((1, 2), keepdim=True)
    weight = present[:, :, None, None]
    return (G * weight).sum((1, 2), keepdim=True) / (weight.sum((1, 2), keepdim=True) * G.shape[2])


def mix_channels(weight: Float[Tensor, "out channels"], G: Tensor) -> Tensor:
    """W G: new vectors as weighted sums of the old; x, y, z are never mixed, and there is no bias."""
    return torch.einsum("oc,bmcd->bmod", weight, G)
