"""Mamba's block: projections, a short convolution, a selective state-space model, and a gate (Mamba, section 3.4)."""

import math
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.convolution import causal_conv
from labkit.state_space.kernels.vandermonde import vandermonde
from labkit.state_space.selective_scan import selective_scan, selective_step

SELECTIVE = ("delta", "B", "C")


class MambaState(NamedTuple):
    """What a block carries from step to step: the last samples of its convolution, and the state-space state."""

    conv: Tensor  # (batch, channels, d_conv - 1)
    ssm: Tensor  # (batch, channels, states)


def initial_steps(
    channels: int,
    dt_min: float | int,
    dt_max: float | int,
    floor: float | int = 1e-4,
    generator: torch.Generator | None = None,
) -> Float[Tensor, " channels"]:
    """Delta log-uniform between dt_min and dt_max, at least `floor`, in float64 on the CPU."""
    spread = torch.rand(channels, dtype=torch.float64, device="cpu", generator=generator)
    return (math.log(dt_min) + spread * math.log(dt_max / dt_min)).exp().clamp(min=floor)


def inverse_softplus(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """log(e^x - 1), without overflow: softplus of it is x."""
    return x + torch.log(-torch.expm1(-x))


class SelectiveSSM(nn.Module):
    """The selective state-space model (S6): y = scan of u with Delta, B and C made from u itself, plus D u.

    d_inner      channels E
    d_state      N; A is diagonal and real, A_en = -(n+1) to begin with, kept as A_log
    dt_rank      Delta = softplus(Linear(low)) with `low` of this width
    selective    which of delta, B and C depend on the input; the others are learnt constants (Delta one a channel,
                 B and C one a state): for the ablation. With none of them see `FixedSSM`
    inner_norm   RMSNorm on low, B and C (Jamba)
    dt_min, dt_max, dt_init_floor   the bias of Delta starts as the inverse softplus of a log-uniform step

    A_log and D must not decay: they stand in SSM_PARAMETERS. Raises ValueError for sizes below 1, dt_min > dt_max and
    unknown names in `selective`.
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("A_log", "D", "dt_bias")

    def __init__(
        self,
        d_inner: int,
        d_state: int = 16,
        dt_rank: int = 1,
        selective: tuple[str, ...] = SELECTIVE,
        inner_norm: bool = False,
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        dt_init_floor: float | int = 1e-4,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        _check_sizes(d_inner=d_inner, d_state=d_state, dt_rank=dt_rank)
        _check_steps(dt_min, dt_max)
        if not set(selective) <= set(SELECTIVE):
            raise ValueError(f"selective may name {', '.join(SELECTIVE)}; got {selective!r}")
        self.d_inner, self.d_state, self.dt_rank, self.selective = d_inner, d_state, dt_rank, selective
        place = {"dtype": dtype, "device": device}
        self.widths = [dt_rank * ("delta" in selective)] + [d_state * (name in selective) for name in "BC"]
        self.x_proj = nn.Linear(d_inner, sum(self.widths), bias=False, **place)
        self.dt_proj = None
        if "delta" in selective:
            self.dt_proj = nn.Linear(dt_rank, d_inner, bias=False, **place)
            nn.init.uniform_(self.dt_proj.weight, -(dt_rank**-0.5), dt_rank**-0.5)
        # the bias is a parameter of its own: no later initialisation of Linear layers can set it to 0
        steps = initial_steps(d_inner, dt_min, dt_max, dt_init_floor, generator)
        self.dt_bias = nn.Parameter(inverse_softplus(steps).to(**place))
        for name in "BC":
            fixed = None if name in selective else nn.Parameter(torch.ones(d_state, **place))
            setattr(self, f"{name}_fixed", fixed)
        n = torch.arange(1, d_state + 1, **place)
        self.A_log = nn.Parameter(n.log().expand(d_inner, -1).clone())
        self.D = nn.Parameter(torch.ones(d_inner, **place))
        self.norms = None
        if inner_norm:
            sizes = (dt_rank, d_state, d_state)
            self.norms = nn.ModuleList(nn.RMSNorm(size, eps=1e-6, **place) for size in sizes)

    def coefficients(
        self, u: Float[Tensor, "*batch channels"]
    ) -> tuple[
        Float[Tensor, "*batch channels"], Float[Tensor, "*batch states"], Float[Tensor, "*batch states"]
    ]:
        """(Delta, B, C) for every sample of u."""
        parts = list(self.x_proj(u).split(self.widths, dim=-1))
        if self.norms is not None:
            parts = [norm(part) for norm, part in zip(self.norms, parts, strict=True)]
        low, B, C = parts
        free = self.dt_bias if self.dt_proj is None else self.dt_proj(low) + self.dt_bias
        delta = nn.functional.softplus(free).expand(u.shape)
        shape = (*u.shape[:-1], self.d_state)
        B = B if self.B_fixed is None else self.B_fixed.expand(shape)
        C = C if self.C_fixed is None else self.C_fixed.expand(shape)
        return delta, B, C

    def transition(self) -> Float[Tensor, "channels states"]:
        """A = -exp(A_log)."""
        return -self.A_log.exp()

    def forward(
        self,
        u: Float[Tensor, "batch length channels"],
        state: Float[Tensor, "batch channels states"] | None = None,
        z: Float[Tensor, "batch length channels"] | None = None,
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
        """y, gated by SiLU(z) where z is given; with a state also the state after the last step."""
        delta, B, C = self.coefficients(u)
        return selective_scan(
            u, delta, self.transition(), B, C, self.D, z, return_last_state=state is not None, state=state
        )

    def step(
        self, u: Float[Tensor, "batch channels"], state: Float[Tensor, "batch channels states"]
    ) -> tuple[Float[Tensor, "batch channels"], Float[Tensor, "batch channels states"]]:
        """(y, new state) for one sample, without the gate."""
        delta, B, C = self.coefficients(u)
        y, state = selective_step(u, delta, self.transition(), B, C, state)
        return y + self.D * u, state


class FixedSSM(nn.Module):
    """The same system with constant Delta (channels), B and C (channels, states): linear and time-invariant, so that
    it runs as one convolution. What is left of a Mamba block without its selectivity.

    Arguments as for `SelectiveSSM`. B starts as ones, C as normal numbers over sqrt(N).
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("A_log", "D", "dt_bias", "B")

    def __init__(
        self,
        d_inner: int,
        d_state: int = 16,
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        dt_init_floor: float | int = 1e-4,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        _check_sizes(d_inner=d_inner, d_state=d_state)
        _check_steps(dt_min, dt_max)
        place = {"dtype": dtype, "device": device}
        steps = initial_steps(d_inner, dt_min, dt_max, dt_init_floor, generator)
        self.dt_bias = nn.Parameter(inverse_softplus(steps).to(**place))
        n = torch.arange(1, d_state + 1, **place)
        self.A_log = nn.Parameter(n.log().expand(d_inner, -1).clone())
        self.B = nn.Parameter(torch.ones(d_inner, d_state, **place))
        C = torch.randn(d_inner, d_state, dtype=torch.float64, device="cpu", generator=generator)
        self.C = nn.Parameter((C / math.sqrt(d_state)).to(**place))
        self.D = nn.Parameter(torch.ones(d_inner, **place))
        self.d_state = d_state

    def kernel(self, length: int) -> Float[Tensor, "channels length"]:
        """K_l = sum_n C_n e^{l Delta A_n} Delta B_n for l < length."""
        dt = nn.functional.softplus(self.dt_bias)[:, None]
        weights = self.C * self.B * dt
        zero = torch.zeros_like(weights)
        # real modes have no conjugate: half of each, for the sum is twice the real part
        c = torch.complex(weights / 2, zero)
        return vandermonde(c, torch.complex(-self.A_log.exp() * dt, zero), length)

    def forward(
        self,
        u: Float[Tensor, "batch length channels"],
        state: Float[Tensor, "batch channels states"] | None = None,
        z: Float[Tensor, "batch length channels"] | None = None,
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
        """y, gated by SiLU(z) where z is given; with a state also the state after the last step."""
        length = u.shape[1]
        y = causal_conv(u, self.kernel(length)) + self.D * u
        if state is not None:
            dt = nn.functional.softplus(self.dt_bias)[:, None]
            lags = torch.arange(1, length + 1, device=u.device)
            # what the state adds is C Abar^{l+1} x; the last state sums Abar^{L-1-j} Bbar u_j
            powers = torch.exp(-self.A_log.exp()[..., None] * dt[..., None] * lags)
            y = y + torch.einsum("en,enl,ben->ble", self.C, powers, state)
            fade = torch.cat([torch.ones_like(powers[..., :1]), powers[..., :-1]], dim=-1).flip(-1)
            state = powers[..., -1] * state + torch.einsum("enl,ble,en->ben", fade, u, dt * self.B)
        if z is not None:
            y = y * nn.functional.silu(z)
        return y if state is None else (y, state)

    def step(
        self, u: Float[Tensor, "batch channels"], state: Float[Tensor, "batch channels states"]
    ) -> tuple[Float[Tensor, "batch channels"], Float[Tensor, "batch channels states"]]:
        """(y, new state) for one sample, without the gate."""
        dt = nn.functional.softplus(self.dt_bias)[:, None]
        state = torch.exp(-dt * self.A_log.exp()) * state + dt * self.B * u[..., None]
        return (state * self.C).sum(-1) + self.D * u, state


class MambaBlock(nn.Module):
    """(B, L, d_model) -> (B, L, d_model): in_proj -> x, z; x -> causal depthwise convolution, SiLU, S6; times SiLU(z);
    out_proj.

    d_state, d_conv, expand, dt_rank   N; taps of the convolution; E = expand d_model; ceil(d_model/16) if None
    selective    ("delta", "B", "C"), or fewer for the ablation; () makes the system time-invariant (`FixedSSM`)
    inner_norm   RMSNorm on Delta's low part, B and C, as in Jamba
    n_layers     how many residual blocks stand above one another: out_proj starts divided by sqrt(n_layers)

    The state is a `MambaState`: of one size, however long the sequence. Raises ValueError for sizes below 1.
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dt_rank: int | None = None,
        selective: tuple[str, ...] = SELECTIVE,
        inner_norm: bool = False,
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        dt_init_floor: float | int = 1e-4,
        n_layers: int = 1,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        _check_sizes(d_model=d_model, d_state=d_state, d_conv=d_conv, expand=expand, n_layers=n_layers)
        place = {"dtype": dtype, "device": device}
        d_inner = expand * d_model
        self.d_model, self.d_inner, self.d_state, self.d_conv = d_model, d_inner, d_state, d_conv
        self.in_proj = nn.Linear(d_model, 2 * d_inner, bias=False, **place)
        self.conv = nn.Conv1d(d_inner, d_inner, d_conv, groups=d_inner, **place)
        steps = {"dt_min": dt_min, "dt_max": dt_max, "dt_init_floor": dt_init_floor, "generator": generator}
        if selective:
            rank = math.ceil(d_model / 16) if dt_rank is None else dt_rank
            self.ssm = SelectiveSSM(d_inner, d_state, rank, selective, inner_norm, **steps, **place)
        else:
            self.ssm = FixedSSM(d_inner, d_state, **steps, **place)
        self.out_proj = nn.Linear(d_inner, d_model, bias=False, **place)
        with torch.no_grad():
            self.out_proj.weight /= math.sqrt(n_layers)

    def inside(
        self, u: Float[Tensor, "batch length channels"], before: Tensor | None = None
    ) -> tuple[Float[Tensor, "batch length inner"], Float[Tensor, "batch length inner"], Tensor]:
        """(what the state-space model reads, the gate z, the convolution's last samples)."""
        x, z = self.in_proj(u).chunk(2, dim=-1)
        if before is None:
            before = x.new_zeros(len(u), self.d_inner, self.d_conv - 1)
        padded = torch.cat([before, x.mT], dim=-1)
        x = nn.functional.silu(self.conv(padded)).mT
        return x, z, padded[..., padded.shape[-1] - (self.d_conv - 1) :]

    def forward(
        self, u: Float[Tensor, "batch length channels"], state: MambaState | None = None
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, MambaState]:
        """The output; with a state (`default_state` to begin with) also the state after the last step.

        Raises ValueError for another width, an empty sequence, or a state of another shape.
        """
        if u.ndim != 3 or u.shape[-1] != self.d_model or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.d_model}) and not empty; got {tuple(u.shape)}")
        if state is None:
            x, z, _ = self.inside(u)
            return self.out_proj(self.ssm(x, z=z))
        self._check_state(state, len(u))
        x, z, conv = self.inside(u, state.conv)
        y, ssm = self.ssm(x, state.ssm, z)
        return self.out_proj(y), MambaState(conv, ssm)

    def step(
        self, u: Float[Tensor, "batch channels"], state: MambaState
    ) -> tuple[Float[Tensor, "batch channels"], MambaState]:
        """(output, new state) for one sample. Raises as `forward` does."""
        if u.ndim != 2 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, {self.d_model}) for one step; got {tuple(u.shape)}")
        self._check_state(state, len(u))
        x, z = self.in_proj(u).chunk(2, dim=-1)
        window = torch.cat([state.conv, x[..., None]], dim=-1)
        x = nn.functional.silu((window * self.conv.weight[:, 0]).sum(-1) + self.conv.bias)
        y, ssm = self.ssm.step(x, state.ssm)
        return self.out_proj(y * nn.functional.silu(z)), MambaState(window[..., 1:], ssm)

    def default_state(self, batch: int, max_length: int | None = None) -> MambaState:
        """The state before the first sample: zero, and of one size for any `max_length`."""
        if batch < 1:
            raise ValueError(f"batch must be at least 1; got {batch}")
        zeros = self.out_proj.weight.detach().new_zeros
        return MambaState(
            zeros(batch, self.d_inner, self.d_conv - 1), zeros(batch, self.d_inner, self.d_state)
        )

    def _check_state(self, state: MambaState, batch: int) -> None:
        for name, part, last in (("conv", state.conv, self.d_conv - 1), ("ssm", state.ssm, self.d_state)):
            expected = (batch, self.d_inner, last)
            if tuple(part.shape) != expected:
                raise ValueError(f"the state's {name} must have shape {expected}; got {tuple(part.shape)}")


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1; got {size}")


def _check_steps(dt_min: float | int, dt_max: float | int) -> None:
    if not 0 < dt_min <= dt_max:
        raise ValueError(f"0 < dt_min <= dt_max is required; got dt_min={dt_min}, dt_max={dt_max}")
