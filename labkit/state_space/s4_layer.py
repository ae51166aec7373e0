"""The S4 layer: H independent linear systems, a nonlinearity, and a mixing of channels (S4, section 3.4)."""

import math
from typing import ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from labkit.nn.convolution import bidirectional_conv, causal_conv
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
from labkit.state_space.recurrence import DiagonalStep, LowRankStep, dplr_step_params, recurrent_step
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


class S4Layer(nn.Module):
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
        super().__init__()
        n_ssm = d_model if n_ssm is None else n_ssm
        for name, value, choices in (
            ("mode", mode, MODES),
            ("init", init, INITS),
            ("discretization", discretization, ("zoh", "bilinear")),
            ("activation", activation, ("gelu", "none")),
        ):
            if value not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
        if d_model < 1 or n_ssm < 1 or d_model % n_ssm:
            raise ValueError(
                f"d_model must be at least 1 and divisible by n_ssm; got d_model={d_model}, n_ssm={n_ssm}"
            )
        if d_state < 2 or d_state % 2:
            raise ValueError(f"d_state must be even and at least 2 (conjugate pairs); got {d_state}")
        if not 0 < dt_min <= dt_max:
            raise ValueError(f"0 < dt_min <= dt_max is required; got dt_min={dt_min}, dt_max={dt_max}")
        if rank < 1 or (l_max is not None and l_max < 1):
            raise ValueError(f"rank and l_max must be at least 1; got rank={rank}, l_max={l_max}")
        if mode == "dplr" and init in ("lin", "inv", "real"):
            raise ValueError(
                f"init {init!r} has no low-rank term: use mode='diag', or legs, legt, fout, random"
            )
        if init == "legs+fout" and n_ssm < 2:
            raise ValueError(
                f"legs+fout splits the channels in halves: n_ssm must be at least 2; got {n_ssm}"
            )
        self.d_model, self.d_state, self.n_ssm, self.l_max = d_model, d_state, n_ssm, l_max
        self.mode, self.init, self.bidirectional, self.timescale = mode, init, bidirectional, timescale
        self.discretization = "bilinear" if mode == "dplr" else discretization
        self.dropout, self.kernel_length = dropout, 0
        self._form: LowRankStep | DiagonalStep | None = None

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

        spread = torch.rand(d_model, dtype=torch.float64, device="cpu", generator=generator)
        self.log_dt = parameter(math.log(dt_min) + spread * math.log(dt_max / dt_min))
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
        width = 2 * d_model if activation == "gelu" else d_model
        self.activation = activation
        self.mix = nn.Linear(d_model, width, dtype=dtype, device=device)

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

    def kernel(self, length: int, rate: float | int = 1.0) -> Float[Tensor, "channels heads length"]:
        """The convolution kernel of each channel, C Abar^l Bbar for l < length."""
        return self._responses(length, rate, None)[0]

    def _responses(
        self, length: int, rate: float | int, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """The kernel (channels, heads, length) and what a state adds to the output (batch, heads, length)."""
        if length < 1:
            raise ValueError(f"length must be at least 1; got {length}")
        if self.l_max is not None and length > self.l_max:
            raise ValueError(f"length {length} exceeds l_max {self.l_max}: call resize({length}) first")
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")
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

    def resize(self, length: int) -> None:
        """Allow sequences of this length, if l_max was shorter."""
        self.l_max = max(length, self.l_max or 0)

    def get_extra_state(self) -> Tensor:
        """The length that C^ stands for, saved with the parameters."""
        return torch.tensor(self.kernel_length, dtype=torch.int64, device="cpu")

    def set_extra_state(self, state: Tensor) -> None:
        """Restore the length that the loaded C^ stands for."""
        self.kernel_length = int(state)

    # --- in parallel
    # --------------------------------------------------------------------------------------------

    def forward(
        self,
        u: Float[Tensor, "batch length channels"],
        state: Complex[Tensor, "batches heads half"] | None = None,
        rate: float | int = 1.0,
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
        """The layer's output; with a state (`default_state` to begin with) also the state after the last
        step.

        `rate` multiplies Delta: 2 for a signal that was sampled half as often as in training.
        Raises ValueError for a wrong shape of u or state, rate <= 0, a sequence longer than l_max, and a
        state with a bidirectional layer; TypeError for integers.
        """
        if not u.is_floating_point():
            raise TypeError(f"u must hold floating-point numbers; got {u.dtype}")
        if u.ndim != 3 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, length, {self.d_model}); got {tuple(u.shape)}")
        if state is not None:
            self._check_state(state, u.shape[0])
        k, carried = self._responses(u.shape[1], rate, state)
        y = bidirectional_conv(u, k[0], k[1]) if self.bidirectional else causal_conv(u, k[0])
        if carried is not None:
            y = y + carried.mT
        y = self._output(y + self.D * u)
        return y if state is None else (y, self._last_state(u, state, rate))

    def _last_state(self, u: Tensor, state: Tensor, rate: float | int) -> Tensor:
        Lambda, P, B, dt = self.systems(rate)
        if self.mode == "diag":
            Abar, Bbar, _ = self._diagonal(Lambda, B, dt)
            return last_state(Abar, Bbar, u, state)
        Abar, Bbar = gbt(real_form(Lambda, P, P), real_input(B), dt)
        re, im = last_state(Abar, Bbar, u, real_input(state)).chunk(2, dim=-1)
        return torch.complex(re, im)

    def _output(self, y: Tensor) -> Tensor:
        """GELU, dropout of whole channels, Linear and GLU (or Linear alone)."""
        if self.activation == "gelu":
            y = nn.functional.gelu(y)
        if self.dropout and self.training and y.ndim == 3:
            y = y * nn.functional.dropout(torch.ones_like(y[:, :1]), self.dropout)
        y = self.mix(y)
        return nn.functional.glu(y, dim=-1) if self.activation == "gelu" else y

    # --- step by step
    # -------------------------------------------------------------------------------------------

    def default_state(self, batch: int, max_length: int | None = None) -> Complex[Tensor, "batch heads half"]:
        """The state before the first sample: zero, and of one size for any `max_length`. Raises ValueError for a
        bidirectional layer.
        """
        self._check_causal()
        kind = torch.complex(self.D[:0], self.D[:0]).dtype
        return torch.zeros(batch, self.d_model, self.d_state // 2, dtype=kind, device=self.D.device)

    @torch.no_grad()
    def to_recurrent(self, rate: float | int = 1.0) -> "S4Layer":
        """Prepare `step` from the parameters as they are now; `train()` forgets it again."""
        self._check_causal()
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")
        Lambda, P, B, dt = self.systems(rate)
        C = self.readout()
        if self.mode == "dplr":
            self._form = dplr_step_params(Lambda, P, P, B, C, dt)
        else:
            Abar, Bbar, _ = self._diagonal(Lambda, B, dt)
            self._form = DiagonalStep(Abar, Bbar, 2 * C)
        return self

    def step(
        self, u: Float[Tensor, "batch channels"], state: Complex[Tensor, "batches heads half"]
    ) -> tuple[Float[Tensor, "batch channels"], Complex[Tensor, "batches heads half"]]:
        """(output, new state) for one sample, in O(N) per channel. Raises ValueError before
        `to_recurrent()`.
        """
        self._check_causal()
        if self._form is None:
            raise ValueError("step needs the recurrent form: call to_recurrent() first (train() drops it)")
        if u.ndim != 2 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, {self.d_model}) for one step; got {tuple(u.shape)}")
        self._check_state(state, u.shape[0])
        y, state = recurrent_step(self._form, state, u)
        return self._output(y[:, 0] + self.D * u), state

    def train(self, mode: bool = True) -> "S4Layer":
        """Training mode; the recurrent form, which holds old parameters, is dropped."""
        if mode:
            self._form = None
        return super().train(mode)

    def _check_causal(self) -> None:
        if self.bidirectional:
            raise ValueError("a bidirectional model has no recurrent mode")

    def _check_state(self, state: Tensor, batch: int) -> None:
        self._check_causal()
        expected = (batch, self.d_model, self.d_state // 2)
        if tuple(state.shape) != expected:
            raise ValueError(f"state must have shape {expected}; got {tuple(state.shape)}")
