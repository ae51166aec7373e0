"""Classical forecasters as companion systems, written down rather than learnt (SpaceTime, section 3.1 and appendix).

A system is (a, b, c, k): x_t = A x_{t-1} + b u_t, y_t = c^T x_t, with A = S + a e_d^T; k^T x_t is the system's own
guess of its next input, which closes the loop.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.state_space.kernels.companion import companion, feedback_series
from labkit.state_space.kernels.krylov import krylov


class System(NamedTuple):
    """One companion system; `c` reads the output, `k` the next input."""

    a: Float[Tensor, " d"]
    b: Float[Tensor, " d"]
    c: Float[Tensor, " d"]
    k: Float[Tensor, " d"]

    def impulse_response(self, L: int) -> Float[Tensor, " length"]:
        """c^T A^l b for l < L."""
        return self.c @ krylov(companion(self.a), self.b, L)

    def closed_loop(self) -> Float[Tensor, "d d"]:
        """M = A + b k^T: what one step does when the input is the system's own guess."""
        return companion(self.a) + torch.outer(self.b, self.k)

    def state(self, u: Float[Tensor, "batch lag"]) -> Float[Tensor, "batch d"]:
        """The state after the lag, sum_i A^{lag-1-i} b u_i."""
        return u.flip(-1) @ krylov(companion(self.a), self.b, u.shape[-1]).mT

    def forecast(self, u: Float[Tensor, "batch lag"], horizon: int) -> Float[Tensor, "batch horizon"]:
        """y_h = c^T M^h x_lag for h < horizon; the first is the step just after the lag.

        Raises ValueError for a horizon below 1.
        """
        if horizon < 1:
            raise ValueError(f"horizon must be at least 1; got {horizon}")
        return self.state(u) @ krylov(self.closed_loop().mT, self.c, horizon)


def first_unit(like: Float[Tensor, "*shape d"]) -> Float[Tensor, "*shape d"]:
    """e_1, of the shape of `like`."""
    e = torch.zeros_like(like)
    e[..., 0] = 1
    return e


def _coefficients(values: Tensor, name: str) -> Tensor:
    if values.ndim != 1 or len(values) < 1 or not values.is_floating_point():
        raise ValueError(
            f"{name} must be a vector of floating-point numbers; got {tuple(values.shape)}, {values.dtype}"
        )
    return values


def from_ar(phi: Float[Tensor, " p"]) -> System:
    """AR(p), u_{t+1} = phi_1 u_t + ... + phi_p u_{t-p+1}: a = 0, b = e_1, c = k = phi.

    The state is the last p inputs, newest first: the shift alone. Raises ValueError unless phi is a vector.
    """
    phi = _coefficients(phi, "phi")
    return System(torch.zeros_like(phi), first_unit(phi), phi, phi)


def from_exponential_smoothing(alpha: float, like: Float[Tensor, "..."]) -> System:
    """s_t = alpha u_t + (1 - alpha) s_{t-1}: d = 1, a = 1 - alpha, b = alpha, c = k = 1.

    In `like`'s dtype and on its device. Raises ValueError unless 0 < alpha <= 1.
    """
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must lie in (0, 1]; got {alpha}")
    one = torch.ones(1, dtype=like.dtype, device=like.device)
    return System((1 - alpha) * one, alpha * one, one, one)


def from_filter(taps: Float[Tensor, " m"]) -> System:
    """Any finite impulse response: a = 0, b = e_1, c = the taps; its guess of the next input is its output.

    A moving average has the taps 1/m, a difference those of `pascal`, a delay of m a 1 at index m.
    """
    return from_ar(taps)


def from_arma(phi: Float[Tensor, " p"], theta: Float[Tensor, " q"]) -> System:
    """The filter y_t = sum_i phi_i y_{t-i} + u_t + sum_j theta_j u_{t-j} of ARMA(p, q), as a companion system.

    A carries the denominator, 1 - sum_i phi_i w^i: a_{d-i} = phi_i, with d = max(p, q + 1). With b = e_1 the first
    d values of the response are c itself, since A^j e_1 = e_{j+1}: c is the first d terms of numerator over
    denominator. k = 0: noise cannot be guessed. Raises ValueError unless both are vectors.
    """
    phi, theta = _coefficients(phi, "phi"), _coefficients(theta, "theta")
    d = max(len(phi), len(theta) + 1)
    a = torch.nn.functional.pad(phi, (0, d - len(phi))).flip(-1)
    numerator = torch.cat([torch.ones_like(theta[:1]), theta])
    g = feedback_series(a, d)
    c = torch.stack([g[: j + 1].flip(-1)[: len(numerator)] @ numerator[: j + 1] for j in range(d)])
    return System(a, first_unit(a), c, torch.zeros_like(c))


def to_companion(
    A: Float[Tensor, "d d"], b: Float[Tensor, " d"], c: Float[Tensor, " d"]
) -> tuple[Float[Tensor, " d"], Float[Tensor, " d"], Float[Tensor, "d d"]]:
    """(a, c', T): a controllable system in companion form, by the change of basis T = [b, Ab, ..., A^{d-1} b].

    T^{-1} A T is a companion matrix, T^{-1} b = e_1 and c' = T^T c: every linear time-invariant system whose input
    reaches all of its state is one (SpaceTime, proposition 1). Raises ValueError where T is singular.
    """
    T = krylov(A, b, len(b))
    if torch.linalg.matrix_rank(T) < len(b):
        raise ValueError(
            "the pair (A, b) is not controllable: b, Ab, ..., A^{d-1} b do not span the state; "
            f"their rank is {int(torch.linalg.matrix_rank(T))} of {len(b)}"
        )
    # A T = T A' with A' = S + a e_d^T; its last column says A^d b = T a
    return torch.linalg.solve(T, A @ T[:, -1]), T.mT @ c, T


def sinusoid_ar(frequencies: Float[Tensor, " n"]) -> Float[Tensor, "..."]:
    """phi of the AR(2n) that continues any sum of sinusoids of these frequencies (radians a step) for ever.

    1 - sum_i phi_i w^i = prod_f (1 - 2 cos(f) w + w^2), whose roots lie on the unit circle.
    """
    p = torch.ones_like(frequencies[:1])
    for f in frequencies:
        factor = torch.stack([torch.ones_like(f), -2 * torch.cos(f), torch.ones_like(f)])
        grown = torch.zeros(len(p) + 2, dtype=p.dtype, device=p.device)
        for i in range(3):
            grown[i : i + len(p)] = grown[i : i + len(p)] + factor[i] * p
        p = grown
    return -p[1:]
