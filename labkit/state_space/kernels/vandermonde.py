"""Kernels of diagonal systems: sums of complex exponentials on the grid 0 .. L-1."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.state_space.kernels.krylov import check_length


def vandermonde(
    c: Complex[Tensor, "*channels half"], x: Complex[Tensor, "*heads half"], L: int, method: str = "two_level"
) -> Float[Tensor, "*channels L"]:
    """K_l = 2 Re sum_n c_n e^{x_n l} for l < L: the kernel of a diagonal system from one of each conjugate
    pair.

    c_n = C_n Bbar_n and x_n = log Abar_n; the leading axes of x broadcast against those of c.
    naive      one exponential for each n and l
    two_level  l = l1 L2 + l2 with L2 near sqrt(L): K = 2 Re sum_n (c_n e^{x_n L2 l1}) (e^{x_n l2}), two
               tables of about sqrt(L) exponentials for each n and a matrix product, in real numbers

    Raises ValueError for L < 1 and an unknown method.
    """
    check_length(L)
    if method not in ("two_level", "naive"):
        raise ValueError(f"method must be two_level or naive; got {method!r}")
    real = x.real.dtype
    if method == "naive":
        lags = torch.arange(L, dtype=real, device=x.device)
        return 2 * (c[..., None] * torch.exp(x[..., None] * lags)).sum(-2).real
    inner = math.isqrt(L - 1) + 1
    outer = -(-L // inner)
    coarse = torch.exp(x[..., None] * (inner * torch.arange(outer, dtype=real, device=x.device)))
    fine = torch.exp(x[..., None] * torch.arange(inner, dtype=real, device=x.device))
    left = 2 * c[..., None] * coarse
    # Re(left * fine) = Re left Re fine - Im left Im fine: one real product over twice the modes
    left = torch.cat([left.real, -left.imag], dim=-2)
    right = torch.cat([fine.real, fine.imag], dim=-2)
    return (left.mT @ right).flatten(-2)[..., :L]
