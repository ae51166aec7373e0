"""The kernel of a companion system, K_l = c^T A^l b, in almost linear time (SpaceTime, section 3.3 and appendix).

A companion matrix is a shift plus its last column, A = S + a e_d^T: S[i+1, i] = 1, and what falls off the end of
the state comes back weighted by a. S is nilpotent (S^d = 0), and the feedback has rank one; both make it fast.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.nn.convolution import fast_length
from labkit.state_space.kernels.krylov import check_length, krylov

METHODS = ("series", "roots", "doubling")


def companion(a: Float[Tensor, "*kernels d"]) -> Float[Tensor, "*kernels d d"]:
    """A = S + a e_d^T with S[i+1, i] = 1: `a` is the last column.

    Its characteristic polynomial is z^d - sum_i a_i z^i, i from 0.
    """
    d = a.shape[-1]
    shift = torch.diag(torch.ones(d - 1, dtype=a.dtype, device=a.device), -1)
    last = torch.zeros(d, dtype=a.dtype, device=a.device)
    last[-1] = 1
    return shift + a[..., :, None] * last


def correlation(u: Float[Tensor, "*kernels d"], v: Float[Tensor, "*more d"]) -> Float[Tensor, "*shape d"]:
    """r_j = u^T S^j v = sum_i u_{i+j} v_i for j < d, by the FFT; leading axes broadcast."""
    d = u.shape[-1]
    n = fast_length(2 * d)
    return torch.fft.irfft(torch.fft.rfft(u, n=n) * torch.fft.rfft(v, n=n).conj(), n=n)[..., :d]


def product(
    p: Float[Tensor, "*kernels m"], q: Float[Tensor, "*more n"], L: int
) -> Float[Tensor, "*shape length"]:
    """The first L coefficients of the product of two power series, by the FFT."""
    p, q = p[..., :L], q[..., :L]
    n = fast_length(p.shape[-1] + q.shape[-1] - 1)
    both = torch.fft.irfft(torch.fft.rfft(p, n=n) * torch.fft.rfft(q, n=n), n=n)[..., :L]
    return torch.nn.functional.pad(both, (0, L - both.shape[-1]))


def reciprocal(p: Float[Tensor, "*kernels n"], L: int) -> Float[Tensor, "*kernels length"]:
    """The first L coefficients g of 1 / (p_0 + p_1 w + p_2 w^2 + ...), in O((n + L) log L).

    Newton's iteration g <- g (2 - p g) doubles the number of right coefficients; it runs without a graph, and a
    last step from the finished g carries the exact gradient, dg = -g^2 dp. Raises ValueError for L < 1.
    """
    check_length(L)
    with torch.no_grad():
        g = 1 / p[..., :1]
        while g.shape[-1] < L:
            m = min(2 * g.shape[-1], L)
            g = _newton(p, g, m)
    return _newton(p, g, L)


def _newton(p: Tensor, g: Tensor, L: int) -> Tensor:
    return torch.nn.functional.pad(2 * g, (0, L - g.shape[-1])) - product(product(p, g, L), g, L)


def feedback_series(a: Float[Tensor, "*kernels d"], L: int) -> Float[Tensor, "*kernels length"]:
    """g = 1 / (1 - w q(e_d, a)), L coefficients: what one unit at the state's end has grown to, l steps later,
    each time it comes by.

    q(e_d, a) = sum_j a_{d-1-j} w^j, so g_l = sum_j a_{d-1-j} g_{l-1-j}: an autoregression. With |a|_1 <= 1 no
    coefficient exceeds 1.
    """
    one = torch.ones_like(a[..., :1])
    return reciprocal(torch.cat([one, -a.flip(-1)], dim=-1), L)


def truncate_companion(
    a: Float[Tensor, "*kernels d"], c: Float[Tensor, "*kernels d"], L: int
) -> Float[Tensor, "*kernels d"]:
    """c^ = c (I - A^L), the readout whose whole kernel, wrapped round a circle of L, is the first L steps of c's.

    O(d^3 log L), by squaring. Raises ValueError for L < 1.
    """
    check_length(L)
    power = torch.linalg.matrix_power(companion(a), L)
    return c - (c[..., None, :] @ power)[..., 0, :]


def companion_kernel(
    a: Float[Tensor, "*kernels d"],
    b: Float[Tensor, "*kernels d_b"],
    c: Float[Tensor, "*kernels d_c"] | None = None,
    c_tilde: Float[Tensor, "*kernels d_c"] | None = None,
    *,
    L: int,
    method: str | None = None,
) -> Float[Tensor, "*kernels length"]:
    """K_l = c^T A^l b for l < L, with A = S + a e_d^T, from the readout c or the truncated one, c~ = c (I - A^L).

    With q(u, v) = sum_j w^j u^T S^j v, a polynomial in w made by one correlation, Woodbury's identity gives the
    generating function sum_l w^l c^T A^l b = q(c, b) + w q(c, a) q(e_d, b) / (1 - w q(e_d, a)).

    roots     its values at w = e^{-2 pi i m/L}, from c~ (the paper's algorithm), z = 1/w:
                  K = irfft(q(c~, b) + q(c~, a) q(e_d, b) / (z - q(e_d, a))),   O((d + L) log(d + L)).
              It has a pole where A has an eigenvalue on such a root of unity (with |a|_1 = 1 and all a_i >= 0,
              at 1): there c~ cannot be turned back into c either.
    series    its first L coefficients, from c, as a quotient of power series: as fast up to a logarithm, and
              without poles. The default with c.
    doubling  powers of the dense A by squaring, O(d^2 (d + L)): what the two are checked against.

    Raises ValueError unless exactly one of c and c_tilde is given, for L < 1, vectors of different lengths, an
    unknown method, and c_tilde with another method than roots.
    """
    check_length(L)
    if (c is None) == (c_tilde is None):
        raise ValueError(
            f"give either c or c_tilde; got {'neither' if c is None else 'both'} of c and c_tilde"
        )
    readout = c if c_tilde is None else c_tilde
    if not a.shape[-1] == b.shape[-1] == readout.shape[-1]:
        raise ValueError(
            f"a, b and c must have the same last axis, d; got {a.shape[-1]}, {b.shape[-1]}, {readout.shape[-1]}"
        )
    method = method or ("series" if c_tilde is None else "roots")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if c_tilde is not None and method != "roots":
        raise ValueError(f"c_tilde goes with method='roots' alone; got method={method!r}")
    if method == "doubling":
        return (readout[..., None, :] @ krylov(companion(a), b, L))[..., 0, :]
    if method == "series":
        # K = q(c, b) + w q(c, a) q(e_d, b) g, with q(e_d, b)_j = b_{d-1-j}
        returning = product(b.flip(-1), feedback_series(a, L), L)
        direct = product(correlation(c, b), torch.ones_like(b[..., :1]), L)
        fed_back = product(correlation(c, a), returning, L)
        return direct + torch.nn.functional.pad(fed_back[..., :-1], (1, 0))
    c_hat = truncate_companion(a, c, L) if c_tilde is None else c_tilde
    cb, ca = (_at_roots(correlation(c_hat, v), L) for v in (b, a))
    eb, ea = (_at_roots(v.flip(-1), L) for v in (b, a))
    angle = torch.arange(L // 2 + 1, dtype=torch.float64, device=a.device) * (2 * torch.pi / L)
    z = torch.polar(torch.ones_like(angle), angle).to(cb.dtype)
    return torch.fft.irfft(cb + ca * eb / (z - ea), n=L)


def _at_roots(r: Tensor, L: int) -> Tensor:
    """sum_j r_j w^j at w = e^{-2 pi i m/L}, m = 0 .. L/2: coefficients beyond L wrap round, since w^L = 1."""
    missing = -r.shape[-1] % L
    wrapped = torch.nn.functional.pad(r, (0, missing)).unflatten(-1, (-1, L)).sum(-2)
    return torch.fft.rfft(wrapped, n=L)
