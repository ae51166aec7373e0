"""The diagonal state space with a softmax in its kernel (DSS: Gupta, Gu, Berant 2022, proposition 1)."""

import math
from typing import ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from labkit.state_space.inits import diagonal
from labkit.state_space.kernels.vandermonde import vandermonde
from labkit.state_space.matrices import COMPLEX
from labkit.state_space.recurrence import DiagonalStep
from labkit.state_space.ssm_layer import SSMLayer
from labkit.state_space.streaming import last_state

_SMALL = (
    1e-7  # a denominator e^{lambda Delta L} - 1 may vanish; the reference bounds its reciprocal the same way
)


def _reciprocal(x: Tensor) -> Tensor:
    return x.conj() / (x * x.conj() + _SMALL)


def dss_weights(
    Lambda: Complex[Tensor, "*modes half"],
    W: Complex[Tensor, "*heads half"],
    dt: Float[Tensor, "*heads"],
    length: int,
) -> tuple[Complex[Tensor, "*heads half"], Complex[Tensor, "*heads half"]]:
    """(weights, exponents) of the normalised modes: the kernel is 2 Re sum_n weights_n e^{exponents_n l}, or for
    Re lambda > 0 2 Re sum_n weights_n e^{exponents_n (L-1-l)}.

    K_l = sum_n W_n / lambda_n  e^{lambda_n Delta l} / sum_{r<L} e^{lambda_n Delta r}: a softmax over the lags for each
    mode. Its sum is geometric, (e^{lambda Delta L} - 1)/(e^{lambda Delta} - 1). For Re lambda > 0 every exponent is
    shifted by the largest, lambda Delta (L-1), so that nothing overflows; the lag then counts from the end.
    """
    z = dt[..., None] * Lambda
    z = torch.where(z.real > 0, -z, z)
    share = torch.expm1(z) * _reciprocal(torch.expm1(length * z))
    return W * _reciprocal(Lambda) * share, z


def dss_kernel(
    Lambda: Complex[Tensor, "*modes half"],
    W: Complex[Tensor, "*heads half"],
    dt: Float[Tensor, "*heads"],
    length: int,
    norm_length: int | None = None,
) -> Float[Tensor, "*heads length"]:
    """The kernel for lags l < length, normalised over `norm_length` lags (`length` if None).

    Raises ValueError for a length below 1, or norm_length < length where some Re lambda > 0 (it would overflow).
    """
    L = length if norm_length is None else norm_length
    if length < 1 or L < 1:
        raise ValueError(
            f"length and norm_length must be at least 1; got length={length}, norm_length={norm_length}"
        )
    growing = (Lambda.real > 0).expand_as(W)
    if length > L and bool(growing.any()):
        raise ValueError(
            f"norm_length must be at least length={length} where Re lambda > 0: growing modes are bounded only "
            f"inside it; got {L}"
        )
    weights, z = dss_weights(Lambda, W, dt, L)
    k = vandermonde(weights.masked_fill(growing, 0), z, length)
    if bool(growing.any()):
        k = k + vandermonde(weights.masked_fill(~growing, 0), z, L).flip(-1)[..., :length]
    return k


class DSSLayer(SSMLayer):
    """The frame of `S4Layer` around diagonal systems whose kernel is normalised by a softmax over the lags.

    d_state       N: the conjugate pairs of LegS's diagonal part to begin with, shared by all channels; real and
                  imaginary parts are free
    norm_length   the number of lags L in the softmax's sum. None: the length of the sequence at hand, as in the paper:
                  the kernel then depends on the length. A number makes kernel and recurrence independent of it
    Other arguments as for `S4Layer`. The recurrence needs a `norm_length`.

    Raises ValueError as `S4Layer` does, and for norm_length < 1.
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("log_dt", "decay", "frequency")

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        norm_length: int | None = None,
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        bidirectional: bool = False,
        dropout: float | int = 0.0,
        l_max: int | None = None,
        activation: str = "gelu",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__(d_model, d_state, dt_min, dt_max, None, bidirectional, dropout, l_max, activation)
        if norm_length is not None and norm_length < 1:
            raise ValueError(f"norm_length must be at least 1; got {norm_length}")
        self.norm_length = norm_length
        Lambda, _ = diagonal("legs", d_state)
        channels = 2 if bidirectional else 1
        W = torch.randn(
            channels, d_model, d_state // 2, 2, dtype=torch.float64, device="cpu", generator=generator
        )
        D = torch.randn(d_model, dtype=torch.float64, device="cpu", generator=generator)
        for name, value in (
            ("log_dt", self._log_steps(dt_min, dt_max, generator)),
            ("decay", Lambda.real),
            ("frequency", Lambda.imag),
            ("W", W / math.sqrt(2)),
            ("D", D),
        ):
            setattr(self, name, nn.Parameter(value.to(device=device, dtype=dtype).contiguous()))
        self._add_tail(dtype, device)

    def systems(
        self, rate: float | int = 1.0
    ) -> tuple[
        Complex[Tensor, "heads half"], Complex[Tensor, "channels heads half"], Float[Tensor, " heads"]
    ]:
        """(Lambda, W, Delta) of every channel; `rate` multiplies Delta."""
        Lambda = torch.complex(self.decay, self.frequency).expand(self.d_model, -1)
        return Lambda, torch.view_as_complex(self.W), self.log_dt.exp() * rate

    def _responses(
        self, length: int, rate: float | int, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        Lambda, W, dt = self.systems(rate)
        L = length if self.norm_length is None else self.norm_length
        if self.norm_length is not None and length > L and bool((Lambda.real > 0).any()):
            raise ValueError(f"length {length} exceeds norm_length {L}, and some modes grow")
        k = torch.stack([dss_kernel(Lambda, w, dt, length, L) for w in W])
        if state is None:
            return k, None
        C, z = self._modes(rate)
        return k, vandermonde(C * torch.exp(z) * state, z, length)

    def _modes(self, rate: float | int) -> tuple[Tensor, Tensor]:
        """(C, Delta Lambda) of the recurrence x_k = e^{Delta Lambda} x_{k-1} + u_k, y = 2 Re(C x)."""
        if self.norm_length is None:
            raise ValueError(
                "the softmax needs a length to be recurrent: build the layer with norm_length=..."
            )
        Lambda, W, dt = self.systems(rate)
        weights, z = dss_weights(Lambda, W[0], dt, self.norm_length)
        growing = Lambda.real > 0
        # e^{-z'(L-1)} turns a weight that counts lags from the end into one that counts from the beginning
        C = torch.where(growing, weights * torch.exp(z * (self.norm_length - 1)), weights)
        return C, torch.where(growing, -z, z)

    def _last_state(self, u: Tensor, state: Tensor, rate: float | int) -> Tensor:
        _, z = self._modes(rate)
        return last_state(torch.exp(z), torch.ones_like(z), u, state)

    def _recurrent_form(self, rate: float | int, mode: str) -> DiagonalStep:
        if mode not in ("linear", "diagonal"):
            raise ValueError(f"a diagonal layer steps in mode linear (or diagonal, the same); got {mode!r}")
        C, z = self._modes(rate)
        return DiagonalStep(torch.exp(z), torch.ones_like(z), 2 * C[None])

    def _state(self) -> Tensor:
        kind = COMPLEX[self.D.dtype]
        return torch.zeros(self.d_model, self.d_state // 2, dtype=kind, device=self.D.device)
