"""The S4 layer: H independent linear systems, a nonlinearity, and a mixing of channels (S4, section 3.4)."""

import math
from typing import ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from labkit.state_space.discretize import ALPHA, discretize_diagonal, gbt
from labkit.state_space.inits import diagonal
from labkit.state_space.kernels.dplr import (
    dplr_responses,
    extend_readout,
    real_form,
    real_input,
    truncate_readout,
    untruncate_readout,
)
from labkit.state_space.kernels.vandermonde import vandermonde
from labkit.state_space.matrices import dplr
from labkit.state_space.recurrence import DenseStep, DiagonalStep, LowRankStep, dplr_step_params
from labkit.state_space.ssm_layer import SSMLayer
from labkit.state_space.streaming import last_state

MODES = ("dplr", "diag")
HIPPO_INITS = {"legs": "LegS", "legt": "LegT", "fout": "FouT", "lagt": "LagT"}
INITS = (*HIPPO_INITS, "legs+fout", "lin", "inv", "real", "random")
SLOWEST = 1e-4  # FouT, LegT and LagT have Re Lambda = 0, which -exp(.) cannot reach


def _initial_systems(
    mode: str, init: str, N: int, rank: int, timescale: str, generator: torch.Generator | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Lambda (half), P (rank, half), B (half) in complex128 on the CPU for one named start."""
    if init in HIPPO_INITS:
        if mode == "dplr":
            return dplr(HIPPO_INITS[init], N, rank, timescale)[:3]
        Lambda, _, B, _ = dplr(HIPPO_INITS[init], N, 2 if init == "legt" else 1, timescale)
    else:
        Lambda, B = diagonal(init, N, generator=generator)
    P = torch.randn(rank, N // 2, dtype=torch.complex128, generator=generator, device="cpu")
    return Lambda, P, B


class S4Layer(SSMLayer):
    """y = GLU(Linear(Dropout(GELU(SSM(u) + D u)))) for a sequence u of `d_model` channels, each its own SSM.

    x' = A x + B u, y = Re(C x) per channel, with A = diag(Lambda) - P P^* (mode "dplr", bilinear) or
    diag(Lambda) (mode "diag": S4D). Trained and run in parallel as a convolution; run step by step after
    `to_recurrent()`.

    d_model         channels H
    d_state         N, even; half of the conjugate pairs are stored
    mode            "dplr" or "diag"
    init            legs, legt, fout, lagt (HiPPO; "diag" drops the low-rank term), legs+fout (half the
                    channels each), random, and for "diag" also lin, inv, real
    rank            of the low-rank term; LegT needs 2
    dt_min, dt_max  log Delta is drawn uniformly between their logarithms: memory reaches 1/Delta steps back
    bidirectional   a second kernel runs on the reversed sequence; there is then no recurrent mode
    dropout         drops whole channels, the same ones at every step
    l_max           the longest sequence; None lets the layer grow with its input
    n_ssm           number of different (A, B); channels take turns (None: one each, 1: all the same)
    frozen          keeps Lambda, P and B as they start
    discretization  of mode "diag": zoh or bilinear
    timescale       window or unit (see `matrices.transition`)
    activation      "gelu", or "none" for a linear layer: y = Linear(SSM(u) + D u)

    In mode "dplr" the parameter C is the truncated readout C^ = C (I - Abar^L) once a first kernel of length
    L has been asked for (`kernel_length`, 0 before); `readout()` gives C in either case.

    Raises ValueError for an unknown mode, init, discretization or activation, an odd d_state, d_model < 1,
    0 < dt_min <= dt_max violated, a rank too small, and a diagonal init in mode "dplr".
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("log_dt", "log_decay", "frequency", "P", "B")

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        mode: str = "dplr",
        init: str = "legs",
        rank: int = 1,
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        bidirectional: bool = False,
        dropout: float | int = 0.0,
        l_max: int | None = None,
        n_ssm: int | None = None,
        frozen: bool = False,
        discretization: str = "zoh",
        timescale: str = "window",
        activation: str = "gelu",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__(d_model, d_state, dt_min, dt_max, n_ssm, bidirectional, dropout, l_max, activation)
        n_ssm = self.n_ssm
        for name, value, choices in (
            ("mode", mode, MODES),
            ("init", init, INITS),
            ("discretization", discretization, ("zoh", "bilinear")),
        ):
            if value not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
        if d_state < 2 or d_state % 2:
            raise ValueError(f"d_state must be even and at least 2 (conjugate pairs); got {d_state}")
        if rank < 1:
            raise ValueError(f"rank must be at least 1; got {rank}")
        if mode == "dplr" and init in ("lin", "inv", "real"):
            raise ValueError(
                f"init {init!r} has no low-rank term: use mode='diag', or legs, legt, fout, random"
            )
        if init == "legs+fout" and n_ssm < 2:
            raise ValueError(
                f"legs+fout splits the channels in halves: n_ssm must be at least 2; got {n_ssm}"
            )
        self.mode, self.init, self.timescale = mode, init, timescale
        self.discretization = "bilinear" if mode == "dplr" else discretization
        self.kernel_length = 0

        built = {}
        parts = []
        for start in self.starts()[:n_ssm]:
            if start not in built or start == "random":
                built[start] = _initial_systems(mode, start, d_state, rank, timescale, generator)
            parts.append(built[start])
        Lambda, P, B = (torch.stack([part[i] for part in parts], dim=-2) for i in range(3))

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=torch.float64, device="cpu", generator=generator)

        def parameter(value: Tensor, learn: bool = True) -> nn.Parameter:
            value = torch.view_as_real(value.resolve_conj().contiguous()) if value.is_complex() else value
            return nn.Parameter(value.to(device=device, dtype=dtype).contiguous(), requires_grad=learn)

        self.log_dt = parameter(self._log_steps(dt_min, dt_max, generator))
        self.log_decay = parameter((-Lambda.real).clamp(min=SLOWEST).log(), not frozen)
        self.frequency = parameter(Lambda.imag, not frozen)
        self.B = parameter(B, not frozen)
        self.P = parameter(P, not frozen) if mode == "dplr" else None
        channels = 2 if bidirectional else 1
        self.C = parameter(torch.view_as_complex(normal(channels, d_model, d_state // 2, 2)) / math.sqrt(2))
        self.D = parameter(normal(d_model))
        # FouT's state 1, the sine of frequency 0, is the imaginary part of its first mode: nothing feeds it and
        # it never fades. Kept out, it cannot come alive in training, where the readout C^ = C (I - Abar^L), tiny
        # there, would make it enormous.
        alive = torch.ones(n_ssm, d_state // 2, 2, dtype=dtype, device=device)
        alive[[start == "fout" for start in self.starts()[:n_ssm]], 0, 1] = 0.0
        self.register_buffer("alive", alive, persistent=False)
        self._add_tail(dtype, device)

    # --- the systems
    # -------------------------------------------------------------------------------------------

    def systems(
        self, rate: float | int = 1.0
    ) -> tuple[
        Complex[Tensor, "heads half"],
        Complex[Tensor, "rank heads half"],
        Complex[Tensor, "heads half"],
        Float[Tensor, " heads"],
    ]:
        """(Lambda, P, B, Delta) of every channel; P has rank 0 in mode "diag". `rate` multiplies Delta."""
        copies = self.d_model // self.n_ssm
        frequency = self.frequency * self.alive[..., 1]
        Lambda = torch.complex(-self.log_decay.exp(), frequency).repeat(copies, 1)
        B = torch.view_as_complex(self.B * self.alive).repeat(copies, 1)
        P = Lambda[None][:0]
        if self.P is not None:
            P = torch.view_as_complex(self.P * self.alive).repeat(1, copies, 1)
        return Lambda, P, B, self.log_dt.exp() * rate

    def starts(self) -> list[str]:
        """The name of each channel's start: `init`, or legs and fout in halves."""
        half = self.n_ssm // 2
        names = (
            ["legs"] * half + ["fout"] * (self.n_ssm - half)
            if self.init == "legs+fout"
            else [self.init] * self.n_ssm
        )
        return names * (self.d_model // self.n_ssm)

    def _learnt_readout(self) -> Complex[Tensor, "channels heads half"]:
        """C, or C^ once a first kernel has been asked for."""
        return torch.view_as_complex(self.C * self.alive.repeat(self.d_model // self.n_ssm, 1, 1))

    def readout(self) -> Complex[Tensor, "channels heads half"]:
        """C, recovered from the truncated readout where that is what the layer has learnt."""
        C = self._learnt_readout()
        if not self.kernel_length:
            return C
        Lambda, P, _, dt = self.systems()
        return untruncate_readout(C, Lambda, P, P, dt, self.kernel_length)

    def _responses(
        self, length: int, rate: float | int, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """The kernel (channels, heads, length) and what a state adds to the output (batch, heads, length)."""
        Lambda, P, B, dt = self.systems(rate)
        if self.mode == "diag":
            C = self._learnt_readout()
            Abar, Bbar, exponent = self._diagonal(Lambda, B, dt)
            k = vandermonde(C * Bbar, exponent, length)
            # after l + 1 steps a state has become Abar^{l+1} x
            return k, None if state is None else vandermonde(C[0] * Abar * state, exponent, length)
        if rate == 1:
            self._grow(length)
            C_hat, period = self._learnt_readout(), self.kernel_length
        else:
            C_hat, period = truncate_readout(self.readout(), Lambda, P, P, dt, length), length
        inputs = B[None]
        if state is not None:
            # (I - Abar w)^{-1} Abar x is the response to the input vector (2/Delta + A) x / 2
            inner = 2 * torch.einsum("rhn,bhn->rbh", P.conj(), state).real
            moved = Lambda * state - torch.einsum("rhn,rbh->bhn", P, inner.to(P.dtype))
            inputs = torch.cat([inputs, state / dt[:, None] + moved / 2])
        k = dplr_responses(Lambda, P, P, inputs, C_hat, dt, period)[..., :length]
        return k[:, 0], None if state is None else k[0, 1:]

    def _diagonal(self, Lambda: Tensor, B: Tensor, dt: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        Abar, Bbar = discretize_diagonal(Lambda, B, dt[:, None], self.discretization)
        return Abar, Bbar, Abar.log() if self.discretization in ALPHA else dt[:, None] * Lambda

    @torch.no_grad()
    def _grow(self, length: int) -> None:
        """Turn C into C^ at the first call, and double the length that C^ stands for until it suffices."""
        if self.kernel_length >= length:
            return
        Lambda, P, _, dt = self.systems()
        C = self._learnt_readout()
        if not self.kernel_length:
            self.kernel_length = self.l_max or length
            C = truncate_readout(C, Lambda, P, P, dt, self.kernel_length)
        while self.kernel_length < length:
            C = extend_readout(C, Lambda, P, P, dt, self.kernel_length)
            self.kernel_length *= 2
        self.C.copy_(torch.view_as_real(C.resolve_conj()))

    def get_extra_state(self) -> Tensor:
        """The length that C^ stands for, saved with the parameters."""
        return torch.tensor(self.kernel_length, dtype=torch.int64, device="cpu")

    def set_extra_state(self, state: Tensor) -> None:
        """Restore the length that the loaded C^ stands for."""
        self.kernel_length = int(state)

    def _last_state(self, u: Tensor, state: Tensor, rate: float | int) -> Tensor:
        Lambda, P, B, dt = self.systems(rate)
        if self.mode == "diag":
            Abar, Bbar, _ = self._diagonal(Lambda, B, dt)
            return last_state(Abar, Bbar, u, state)
        Abar, Bbar = gbt(real_form(Lambda, P, P), real_input(B), dt)
        re, im = last_state(Abar, Bbar, u, real_input(state)).chunk(2, dim=-1)
        return torch.complex(re, im)

    def _state(self) -> Tensor:
        kind = torch.complex(self.D[:0], self.D[:0]).dtype
        return torch.zeros(self.d_model, self.d_state // 2, dtype=kind, device=self.D.device)

    def _recurrent_form(self, rate: float | int, mode: str) -> LowRankStep | DenseStep | DiagonalStep:
        Lambda, P, B, dt = self.systems(rate)
        C = self.readout()
        if self.mode == "dplr":
            return dplr_step_params(Lambda, P, P, B, C, dt, mode)
        if mode not in ("linear", "diagonal"):
            raise ValueError(f"a diagonal layer steps in mode linear (or diagonal, the same); got {mode!r}")
        Abar, Bbar, _ = self._diagonal(Lambda, B, dt)
        return DiagonalStep(Abar, Bbar, 2 * C)

    @torch.no_grad()
    def rescale(self, rate: float | int) -> "S4Layer":
        """Multiply Delta by `rate` for good: `forward` then does what `forward(rate=rate)` did before.

        The readout C stays; the truncated C^ is computed anew for the length that it stood for. Raises
        ValueError for rate <= 0.
        """
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")
        C = self.readout()
        self.log_dt += math.log(rate)
        self._form = None
        if self.kernel_length:
            Lambda, P, _, dt = self.systems()
            C = truncate_readout(C, Lambda, P, P, dt, self.kernel_length)
        self.C.copy_(torch.view_as_real(C.resolve_conj()))
        return self
