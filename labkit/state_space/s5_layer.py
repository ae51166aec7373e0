"""The S5 layer: one linear system with many inputs and outputs, run by a parallel scan (S5, sections 3 and 4)."""

import math
from typing import ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from labkit.nn.scan import linear_scan
from labkit.state_space.discretize import discretize_diagonal
from labkit.state_space.matrices import COMPLEX, dplr

S5_ACTIVATIONS = ("full_glu", "half_glu1", "half_glu2", "gelu", "none")
LEAST_DECAY = 1e-4  # clip_eigs keeps Re Lambda at most -1e-4


def block_legs(
    d_state: int,
    blocks: int = 1,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[Complex[Tensor, " half"], Complex[Tensor, "state half"]]:
    """(Lambda, V) of the block-diagonal LegS-normal matrix, one of each conjugate pair (S5, sections 4.3 and B.1).

    Every block is S = A_LegS + P P^T of size d_state/blocks, which is normal: S = V diag(Lambda) V^* with unitary V.
    For real matrices B (state, inputs) and C (outputs, state) the system is the diagonal one with
        B~ = V^{-1} B = V^* B,   C~ = C V,   y = 2 Re(C~ x).
    The state in the old coordinates is 2 Re(V x). ConvS5 starts its kernels the same way. `dtype` is the real dtype.

    Raises ValueError for blocks < 1 and for a d_state that is no multiple of 2 blocks.
    """
    if blocks < 1 or d_state < 2 or d_state % (2 * blocks):
        raise ValueError(
            f"d_state must be a multiple of 2 blocks (conjugate pairs in every block); "
            f"got d_state={d_state}, blocks={blocks}"
        )
    Lambda, _, _, V = dplr("LegS", d_state // blocks, device=device)
    kind = COMPLEX[dtype]
    return Lambda.repeat(blocks).to(kind), torch.block_diag(*[V] * blocks).to(kind)


def lecun_normal(*shape: int, fan_in: int, generator: torch.Generator | None = None) -> Float[Tensor, "..."]:
    """Normal numbers of variance 1/fan_in, in float64 on the CPU."""
    drawn = torch.randn(*shape, dtype=torch.float64, device="cpu", generator=generator)
    return drawn / math.sqrt(fan_in)


class S5Layer(nn.Module):
    """x_k = Abar x_{k-1} + Bbar u_k, y_k = 2 Re(C~ x_k) + D u_k, then a gate: ONE system for all channels (S5).

    d_model      inputs and outputs H
    d_state      P; half of the conjugate pairs are stored. The state costs P, not N a channel
    blocks       LegS blocks on the diagonal that Lambda starts from
    dt_min, dt_max   log Delta, one for each mode, uniform between their logarithms
    clip_eigs    clamps Re Lambda to at most -1e-4 whenever it is used, so that training cannot make it unstable
    activation   full_glu    x = gelu(y), Linear(x) * sigmoid(Linear(x))
                 half_glu1   x = gelu(y), x * sigmoid(Linear(x))
                 half_glu2   y * sigmoid(Linear(gelu(y))): only the gate's input goes through the GELU
                 gelu        gelu(y); none: y itself, linear in u
    dropout      drops whole channels, the same ones at every step, as in `S4Layer`
    l_max        the longest sequence; None for any

    Discretised by zero-order hold: Abar = e^{Delta Lambda}, Bbar = Lambda^{-1} (Abar - 1) B~. B~ = V^{-1} B and
    C~ = C V for real, LeCun-normal B (P, H) and C (H, P); D is standard normal.

    Raises ValueError for d_model < 1, a d_state that is no multiple of 2 blocks, an unknown activation, and
    0 < dt_min <= dt_max violated.
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("log_dt", "decay", "frequency", "B")

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        blocks: int = 1,
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        clip_eigs: bool = True,
        activation: str = "half_glu1",
        dropout: float | int = 0.0,
        l_max: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        if d_model < 1:
            raise ValueError(f"d_model must be at least 1; got {d_model}")
        if activation not in S5_ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(S5_ACTIVATIONS)}; got {activation!r}")
        if not 0 < dt_min <= dt_max:
            raise ValueError(f"0 < dt_min <= dt_max is required; got dt_min={dt_min}, dt_max={dt_max}")
        if l_max is not None and l_max < 1:
            raise ValueError(f"l_max must be at least 1; got {l_max}")
        self.d_model, self.d_state, self.l_max = d_model, d_state, l_max
        self.clip_eigs, self.activation, self.dropout = clip_eigs, activation, dropout
        Lambda, V = block_legs(d_state, blocks, device="cpu")
        B = V.mH @ lecun_normal(d_state, d_model, fan_in=d_model, generator=generator).to(V.dtype)
        C = lecun_normal(d_model, d_state, fan_in=d_state, generator=generator).to(V.dtype) @ V
        D = torch.randn(d_model, dtype=torch.float64, device="cpu", generator=generator)
        spread = torch.rand(d_state // 2, dtype=torch.float64, device="cpu", generator=generator)

        def parameter(value: Tensor) -> nn.Parameter:
            value = torch.view_as_real(value.resolve_conj()) if value.is_complex() else value
            return nn.Parameter(value.to(device=device, dtype=dtype).contiguous())

        self.log_dt = parameter(math.log(dt_min) + spread * math.log(dt_max / dt_min))
        self.decay, self.frequency = parameter(Lambda.real), parameter(Lambda.imag)  # Re and Im of Lambda
        self.B, self.C, self.D = parameter(B), parameter(C), parameter(D)
        place = {"dtype": dtype, "device": device}
        self.gate = nn.Linear(d_model, d_model, **place) if "glu" in activation else None
        self.mix = nn.Linear(d_model, d_model, **place) if activation == "full_glu" else None
        self._form: tuple[Tensor, Tensor] | None = None

    def system(
        self, rate: float | int = 1.0
    ) -> tuple[Complex[Tensor, " half"], Complex[Tensor, "half inputs"]]:
        """(Abar, Bbar) by zero-order hold; `rate` multiplies Delta. Raises ValueError for rate <= 0."""
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")
        decay = self.decay.clamp(max=-LEAST_DECAY) if self.clip_eigs else self.decay
        Lambda = torch.complex(decay, self.frequency)
        # Bbar = Delta (e^z - 1)/z B~, z = Delta Lambda
        Abar, gain = discretize_diagonal(Lambda, torch.ones_like(Lambda), self.log_dt.exp() * rate, "zoh")
        return Abar, gain[:, None] * torch.view_as_complex(self.B)

    def readout(self) -> Complex[Tensor, "outputs half"]:
        """C~."""
        return torch.view_as_complex(self.C)

    def kernel(self, length: int, rate: float | int = 1.0) -> Float[Tensor, "outputs inputs length"]:
        """K_l = 2 Re(C~ Abar^l Bbar) for l < length: the response of each output to each input."""
        Abar, Bbar = self.system(rate)
        powers = Abar[:, None] ** torch.arange(length, device=Abar.device)
        return 2 * torch.einsum("op,pl,pi->oil", self.readout(), powers, Bbar).real

    def forward(
        self,
        u: Float[Tensor, "batch length channels"],
        state: Complex[Tensor, "batches half"] | None = None,
        rate: float | int = 1.0,
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
        """The layer's output; with a state (`default_state` to begin with) also the state after the last step.

        `rate` multiplies Delta: 2 for a signal that was sampled half as often as in training. Raises ValueError for
        a wrong shape of u or state, an empty sequence or one longer than l_max, and rate <= 0; TypeError for
        integers.
        """
        if not u.is_floating_point():
            raise TypeError(f"u must hold floating-point numbers; got {u.dtype}")
        if u.ndim != 3 or u.shape[-1] != self.d_model or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.d_model}) and not empty; got {tuple(u.shape)}")
        if self.l_max is not None and u.shape[1] > self.l_max:
            raise ValueError(f"length {u.shape[1]} exceeds l_max {self.l_max}")
        if state is not None:
            self._check_state(state, len(u))
        Abar, Bbar = self.system(rate)
        x = linear_scan(Abar[None, None], u.to(Bbar.dtype) @ Bbar.mT, state)
        y = self._output(x, u)
        return y if state is None else (y, x[:, -1])

    def _output(self, x: Tensor, u: Tensor) -> Tensor:
        """y = 2 Re(C~ x) + D u through the activation."""
        # Re(x C~) as one real product over both parts
        C = torch.cat([self.C[..., 0], -self.C[..., 1]], dim=-1)
        y = 2 * torch.cat([x.real, x.imag], dim=-1) @ C.mT + self.D * u
        if self.activation == "none":
            return y
        inner = self._drop(nn.functional.gelu(y))
        if self.activation == "gelu":
            return inner
        gate = self.gate(inner).sigmoid()
        if self.activation == "full_glu":
            return self._drop(self.mix(inner) * gate)
        return self._drop((inner if self.activation == "half_glu1" else y) * gate)

    def _drop(self, y: Tensor) -> Tensor:
        if self.dropout and self.training and y.ndim == 3:
            y = y * nn.functional.dropout(torch.ones_like(y[:, :1]), self.dropout)
        return y

    def resize(self, length: int) -> None:
        """Allow sequences of this length, if l_max was shorter."""
        self.l_max = max(length, self.l_max or 0)

    # --- step by step

    def default_state(self, batch: int, max_length: int | None = None) -> Complex[Tensor, "batch half"]:
        """The state before the first sample: zero, and of one size for any `max_length`."""
        if batch < 1:
            raise ValueError(f"batch must be at least 1; got {batch}")
        kind = COMPLEX.get(self.D.dtype, torch.complex64)
        return torch.zeros(batch, self.d_state // 2, dtype=kind, device=self.D.device)

    @torch.no_grad()
    def to_recurrent(self, rate: float | int = 1.0) -> "S5Layer":
        """Discretise once for many steps, at this rate; `train()` forgets it again."""
        self._form = self.system(rate)
        return self

    def step(
        self, u: Float[Tensor, "batch channels"], state: Complex[Tensor, "batches half"]
    ) -> tuple[Float[Tensor, "batch channels"], Complex[Tensor, "batch half"]]:
        """(output, new state) for one sample, O(P H). Raises ValueError for another width or state."""
        if u.ndim != 2 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, {self.d_model}) for one step; got {tuple(u.shape)}")
        self._check_state(state, len(u))
        Abar, Bbar = self._form or self.system()
        state = Abar * state + u.to(Bbar.dtype) @ Bbar.mT
        return self._output(state, u), state

    def train(self, mode: bool = True) -> "S5Layer":
        """Training mode; what was discretised from old parameters is dropped."""
        if mode:
            self._form = None
        return super().train(mode)

    def _check_state(self, state: Tensor, batch: int) -> None:
        expected = (batch, self.d_state // 2)
        if tuple(state.shape) != expected:
            raise ValueError(f"state must have shape {expected}; got {tuple(state.shape)}")
