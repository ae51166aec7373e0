"""The flow-equivariant recurrent cell, and its baseline G-RNN, the same cell with V = {0} (section 4)."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.equivariance.actions import shift_channels
from labkit.equivariance.fernn.method.velocities import check_velocities, velocity_grid

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda x: x}
CONV = {1: nn.Conv1d, 2: nn.Conv2d}
convolve = {1: F.conv1d, 2: F.conv2d}


def check_frame(frame: Tensor, channels: int, dims: int, name: str = "frame") -> None:
    """Refuse a frame that is not (batch, channels, *space); the message gives the shape."""
    axes = ("W",) if dims == 1 else ("H", "W")
    if frame.ndim != 2 + dims:
        raise ValueError(f"{name} must have the shape (B, C, {', '.join(axes)}); got {tuple(frame.shape)}")
    if frame.shape[1] != channels:
        raise ValueError(
            f"{name} has {frame.shape[1]} channels; the cell takes {channels}; got {tuple(frame.shape)}"
        )


class FlowCell(nn.Module):
    """One step of a FERNN: |V| copies of a convolutional state, each drifting with its own velocity.

    State (batch, |V|, hidden, *space); W and U are shared by all velocities, so the number of parameters does not
    depend on V. `step` is the number of frames consumed before this one.

    in_ch       channels of a frame
    velocities  V, tuples (vx,) or (vx, vy) in whole pixels a frame
    dims        1 (a ring) or 2 (a torus)
    kernel      odd; all convolutions are circular and have no bias
    mix_radius  > 0: the recurrent kernel also mixes channels, by velocity difference (the general form)
    activation  "relu", "tanh" or "identity"
    shift       "roll": the state drifts (trivial lift); "moving": it is kept in the frame that moves with its
                velocity, and the input is stabilised instead. `lab` gives the same states for both.
    lift        a module in place of the convolution U

    Raises ValueError for bad velocities, an even kernel, an unknown activation or shift.
    """

    def __init__(
        self,
        in_ch: int,
        hidden: int,
        velocities: Sequence,
        dims: int = 2,
        kernel: int = 3,
        mix_radius: int = 0,
        activation: str = "relu",
        shift: str = "roll",
        lift: nn.Module | None = None,
    ):
        super().__init__()
        if dims not in (1, 2):
            raise ValueError(f"dims must be 1 or 2; got {dims}")
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd and at least 1; got {kernel}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"unknown activation: {activation!r}; choose from {', '.join(ACTIVATIONS)}")
        if shift not in ("roll", "moving"):
            raise ValueError(f"unknown shift: {shift!r}; choose from roll, moving")
        if in_ch < 1 or hidden < 1:
            raise ValueError(f"in_ch and hidden must be at least 1; got {in_ch} and {hidden}")
        if mix_radius < 0:
            raise ValueError(f"mix_radius must be at least 0; got {mix_radius}")
        self.velocities = check_velocities(velocities, dims)
        self.in_ch, self.hidden, self.dims, self.kernel = in_ch, hidden, dims, kernel
        self.mix_radius, self.activation, self.shift = mix_radius, activation, shift
        self.register_buffer(
            "velocity", torch.tensor(self.velocities, dtype=torch.long, device="cpu"), persistent=False
        )
        options = {"padding": kernel // 2, "padding_mode": "circular", "bias": False}
        self.conv_u = lift or CONV[dims](in_ch, hidden, kernel, **options)
        self.conv_h = CONV[dims](hidden, hidden, kernel, **options)
        self.offsets = [d for d in velocity_grid(mix_radius, dims) if any(d)]
        if self.offsets:
            self.mix = nn.Parameter(torch.empty(len(self.offsets), hidden, hidden, *[kernel] * dims))
            nn.init.kaiming_uniform_(self.mix.view(-1, *self.mix.shape[2:]), a=math.sqrt(5))
            self._sources = self._mixing_sources()

    def _mixing_sources(self) -> list[list[int]]:
        """For each offset d and each channel nu, the channel nu + d; |V|, a channel of zeros, where V lacks it."""
        index = {v: i for i, v in enumerate(self.velocities)}
        return [
            [
                index.get(tuple(a + b for a, b in zip(v, d, strict=True)), len(self.velocities))
                for v in self.velocities
            ]
            for d in self.offsets
        ]

    def start(self, frame: Tensor) -> Tensor:
        """The state h_0 = 0 before a frame."""
        return frame.new_zeros(len(frame), len(self.velocities), self.hidden, *frame.shape[2:])

    def forward(self, frame: Tensor, state: Tensor | None = None, step: int = 0) -> Tensor:
        """The state after one more frame (batch, in_ch, *space).

        Raises:
            ValueError: a frame or a state of another shape; the message gives it.
        """
        check_frame(frame, self.in_ch, self.dims)
        state = self.start(frame) if state is None else state
        wanted = (len(frame), len(self.velocities), self.hidden, *frame.shape[2:])
        if state.shape != wanted:
            raise ValueError(f"state must have the shape {wanted}; got {tuple(state.shape)}")
        if self.shift == "moving":
            return self._moving(frame, state, step)
        # h_{t+1}(nu) = sigma( W * [psi_1(nu) . h_t(nu)] + U * f_t )
        recurrent = self._recurrent(state, amount=1)
        return ACTIVATIONS[self.activation](recurrent + self.conv_u(frame)[:, None])

    def _moving(self, frame: Tensor, state: Tensor, step: int) -> Tensor:
        # g_{t+1}(nu) = sigma( W * g_t(nu) + U * [psi_t(nu)^{-1} . f_t] ),  g_{t+1}(nu) = psi_t(nu)^{-1} . h_{t+1}(nu)
        many = frame[:, None].expand(-1, len(self.velocities), *[-1] * (1 + self.dims))
        stabilised = shift_channels(many, self.velocity, -step)
        lifted = self.conv_u(stabilised.flatten(0, 1)).unflatten(0, stabilised.shape[:2])
        recurrent = self._recurrent(state, amount=0)
        if self.offsets and step > 0:
            # other channels' frames move relative to this one: mix in the laboratory, then come back
            mixed = self._mixed(shift_channels(state, self.velocity, step - 1))
            own = self._recurrent_own(state, amount=0)
            recurrent = own + shift_channels(mixed, self.velocity, -(step - 1))
        return ACTIVATIONS[self.activation](recurrent + lifted)

    def _recurrent(self, state: Tensor, amount: int) -> Tensor:
        own = self._recurrent_own(state, amount)
        if not self.offsets:
            return own
        # psi_1(nu) . sum over nu' of W_{nu' - nu} * h(nu'); the difference 0 is conv_h
        return own + shift_channels(self._mixed(state), self.velocity, amount)

    def _recurrent_own(self, state: Tensor, amount: int) -> Tensor:
        padded = self.transport(state, amount)
        return convolve[self.dims](padded.flatten(0, 1), self.conv_h.weight).unflatten(0, state.shape[:2])

    def transport(self, state: Tensor, amount: int) -> Tensor:
        """The state with every channel moved by amount * (its velocity), padded circularly for the convolution."""
        return shift_channels(state, self.velocity, amount, pad=self.kernel // 2)

    def _mixed(self, state: Tensor) -> Tensor:
        padded = shift_channels(state, self.velocity, 0, pad=self.kernel // 2)
        padded = torch.cat([padded, torch.zeros_like(padded[:, :1])], dim=1)
        total = torch.zeros_like(state)
        for weight, sources in zip(self.mix, self._sources, strict=True):
            picked = padded[:, sources]
            total = total + convolve[self.dims](picked.flatten(0, 1), weight).unflatten(0, state.shape[:2])
        return total

    def lab(self, state: Tensor, step: int) -> Tensor:
        """The state in the laboratory's frame: what "roll" would have; `step` frames were consumed before the last."""
        return shift_channels(state, self.velocity, step) if self.shift == "moving" else state

    def ahead(self, state: Float[Tensor, "batch channels hidden *space"]) -> Tensor:
        """psi_1(nu) . h(nu): a laboratory state as it will be aligned with the next frame."""
        return shift_channels(state, self.velocity, 1)

    @staticmethod
    def image(pooled: Tensor) -> Tensor:
        """What a decoder sees of a pooled state: here, itself."""
        return pooled


def grnn_cell(in_ch: int, hidden: int, dims: int = 2, kernel: int = 3, activation: str = "relu") -> FlowCell:
    """The baseline G-RNN, h_{t+1} = sigma(W * h_t + U * f_t): the cell with V = {0} (section 3)."""
    return FlowCell(in_ch, hidden, [(0,) * dims], dims=dims, kernel=kernel, activation=activation)


class GRNNPlusCell(FlowCell):
    """G-RNN+: as many copies as V, but a learned depth-wise kernel (2r+1)^dims instead of the fixed shift.

    As much computation and more parameters, but no symmetry. Kernels start Kaiming-normal (fan_out).
    """

    def __init__(
        self, in_ch: int, hidden: int, radius: int, dims: int = 2, kernel: int = 3, activation: str = "relu"
    ):
        super().__init__(
            in_ch, hidden, velocity_grid(radius, dims), dims=dims, kernel=kernel, activation=activation
        )
        self.radius = radius
        extent = [2 * radius + 1] * dims
        self.moves = nn.Parameter(torch.empty(len(self.velocities) * hidden, 1, *extent))
        nn.init.kaiming_normal_(self.moves, mode="fan_out")

    def transport(self, state: Tensor, amount: int) -> Tensor:
        """Each channel moved by its learned kernel."""
        if amount:
            flat = F.pad(state.flatten(1, 2), [self.radius] * (2 * self.dims), mode="circular")
            moved = convolve[self.dims](flat, self.moves, groups=len(self.moves))
            state = moved.unflatten(1, state.shape[1:3])
        return super().transport(state, 0)

    def ahead(self, state: Tensor) -> Tensor:
        """The state itself: it has no velocity to go on with."""
        return state


def parameter_count(module: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(parameter.numel() for parameter in module.parameters())
