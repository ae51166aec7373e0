"""Cauchy sums over conjugate pairs: the rational functions that S4's kernel is made of."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

# What one table of reciprocals may take: on a CPU it should stay in the cache, elsewhere the bound is on
# memory.
CACHE_BYTES = 2 * 2**20
TABLE_BYTES = 256 * 2**20


def cauchy(
    v: Complex[Tensor, "*products heads half"],
    mu: Complex[Tensor, "heads half"],
    x: Float[Tensor, " nodes"],
    y: Float[Tensor, " nodes"],
    method: str = "pair",
) -> Complex[Tensor, "*products heads nodes"]:
    """sum_n v_n / (i x_l - y_l mu_n) + conj(v_n) / (i x_l - y_l conj(mu_n)) at each node l.

    With y = 1 this is the Cauchy sum at the imaginary points z = i x over poles mu and their conjugates.
    naive  both members of each pair, in complex numbers
    pair   the two put over one denominator, in real numbers, with mu = alpha + i beta:
               (i x 2 Re v - y 2 Re(v conj mu)) / (y^2 alpha^2 + (y beta - x)(y beta + x) - 2 i x y alpha),
           whose reciprocal is shared by all products and summed by one matrix product. Heads are taken in
           groups whose table of reciprocals stays in the cache of a CPU, or below 256 MiB on another device.

    Raises ValueError for an unknown method.
    """
    if method not in ("pair", "naive"):
        raise ValueError(f"method must be pair or naive; got {method!r}")
    if method == "naive":
        both = torch.cat([mu, mu.conj()], dim=-1)[..., None]
        terms = torch.cat([v, v.conj()], dim=-1)[..., None]
        return (terms / (1j * x - y * both)).sum(-2)
    heads, half = mu.shape
    products = v.shape[:-2]
    rows = v.reshape(-1, heads, half)
    # numerators (p, q) of every product, heads first: (heads, 2 products, half)
    p, q = 2 * rows.real, 2 * (rows * mu.conj()).real
    numerators = torch.cat([p, q]).transpose(0, 1)
    budget = CACHE_BYTES if x.device.type == "cpu" else TABLE_BYTES
    group = max(1, budget // (2 * half * len(x) * x.element_size()))
    sums = [
        _pair_sums(n, m.real[..., None], m.imag[..., None], x, y)
        for n, m in zip(numerators.split(group), mu.split(group), strict=True)
    ]
    return torch.cat(sums).transpose(0, 1).reshape(*products, heads, len(x))


def _pair_sums(numerators: Tensor, alpha: Tensor, beta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """(i x p - y q) (re + i im), where re + i im are the reciprocals of the shared denominators."""
    near = y * beta
    real = (near - x) * (near + x) + (y * alpha).square()
    imag = (-2 * x * y) * alpha
    # Near a pole the denominator is about alpha^2, and its square's square, in the gradient, would leave
    # float32: divide by its larger part first. The quotient does not depend on it, so neither does the gradient.
    scale = torch.maximum(real.abs(), imag.abs()).detach()
    real, imag = real / scale, imag / scale
    size = (real.square() + imag.square()) * scale
    table = torch.cat([real / size, -imag / size], dim=-1)
    sums = numerators @ table
    nodes = len(x)
    (p_re, p_im), (q_re, q_im) = (part.split(nodes, dim=-1) for part in sums.chunk(2, dim=-2))
    return torch.complex(-x * p_im - y * q_re, x * p_re - y * q_im)
