"""Layers over videos: ConvS5 with its nonlinearities, and ConvLSTM, the sequential baseline.

Every layer maps (batch, length, U, H, W) to the same shape with (output, state) = layer(u, state), one frame with
`step`, and has a `default_state`. Both are post-norm: LayerNorm(u + f(u)) over channels.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.state_space.convs5.method.scan import check_kernel_size
from labkit.state_space.convs5.method.ssm import ConvS5SSM

NONLINEARITIES = ("resnet", "diag_resnet", "standard", "half_glu")


def group_norm(channels: int, groups: int | None = None, **place) -> nn.GroupNorm:
    """GroupNorm; by default the most groups, up to 32, that divide the channels and have 4 or more of them.

    Raises ValueError for groups that do not divide the channels.
    """
    if groups is None:
        groups = max(g for g in range(1, 33) if channels % g == 0 and (channels // g >= 4 or g == 1))
    if groups < 1 or channels % groups:
        raise ValueError(f"groups must divide the {channels} channels; got {groups}")
    return nn.GroupNorm(groups, channels, **place)


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of (..., channels, H, W), at every pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(-3, -1)).movedim(-1, -3)


class Nonlinearity(nn.Module):
    """What stands between two ConvS5 systems (section 3.3 and appendix B), frame by frame.

    resnet       y -> GN, GELU, conv 3x3, GN, GELU, conv 3x3, + y, GELU: the one that the paper uses
    diag_resnet  the same without the second convolution
    standard     GELU(GN(y + D u)), D a number for each channel
    half_glu     g = GELU(y), g * sigmoid(W g), W a 1x1 convolution

    Raises ValueError for an unknown kind.
    """

    def __init__(self, kind: str, channels: int, groups: int | None = None, **place):
        super().__init__()
        if kind not in NONLINEARITIES:
            raise ValueError(f"nonlinearity must be one of {', '.join(NONLINEARITIES)}; got {kind!r}")
        self.kind = kind
        if kind != "half_glu":
            self.norm1 = group_norm(channels, groups, **place)
        if "resnet" in kind:
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, **place)
            self.norm2 = group_norm(channels, groups, **place)
        if kind == "resnet":
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, **place)
        if kind == "standard":
            self.D = nn.Parameter(torch.randn(channels, device="cpu").to(**place))
        if kind == "half_glu":
            self.gate = nn.Conv2d(channels, channels, 1, **place)

    def forward(
        self, y: Float[Tensor, "frames channels H W"], u: Float[Tensor, "frames channels H W"]
    ) -> Float[Tensor, "frames channels H W"]:
        """The layer's branch, from the system's output y and its input u."""
        if self.kind == "standard":
            return F.gelu(self.norm1(y + self.D[:, None, None] * u))
        if self.kind == "half_glu":
            g = F.gelu(y)
            return g * self.gate(g).sigmoid()
        z = F.gelu(self.norm2(self.conv1(F.gelu(self.norm1(y)))))
        return F.gelu(y + (self.conv2(z) if self.kind == "resnet" else z))


class ConvS5Layer(nn.Module):
    """LayerNorm(u + nonlinearity(ConvS5SSM(u))) (section 3.3). The options are `ConvS5SSM`'s and `Nonlinearity`'s."""

    def __init__(
        self,
        U: int,
        P: int,
        k_B: int = 3,
        k_C: int = 3,
        nonlinearity: str = "resnet",
        groups: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        **ssm,
    ):
        super().__init__()
        place = {"dtype": dtype, "device": device}
        self.ssm = ConvS5SSM(U, P, k_B, k_C, **ssm, **place)
        self.nonlinearity = Nonlinearity(nonlinearity, U, groups, **place)
        self.norm = ChannelNorm(U, **place)

    def forward(
        self, u: Float[Tensor, "batch length U H W"], state: Tensor | None = None, mode: str = "parallel"
    ) -> tuple[Float[Tensor, "batch length U H W"], Tensor]:
        """(output, last state), from a zero state if None."""
        y, state = self.ssm(u, state, mode)
        z = self.nonlinearity(y.flatten(0, 1), u.flatten(0, 1)).view_as(u)
        return self.norm(u + z), state

    def step(
        self, u: Float[Tensor, "batch U H W"], state: Tensor
    ) -> tuple[Float[Tensor, "batch U H W"], Tensor]:
        """(output, new state) for one frame."""
        y, state = self.ssm.step(u, state)
        return self.norm(u + self.nonlinearity(y, u)), state

    def default_state(self, batch: int, height: int, width: int, max_length: int | None = None) -> Tensor:
        """The state before the first frame."""
        return self.ssm.default_state(batch, height, width)


class ConvLSTMLayer(nn.Module):
    """LayerNorm(u + h), h from a ConvLSTM (Shi et al. 2015, without peepholes): the sequential baseline.

        (i, f, o, g) = W * [u_k, h_{k-1}]    one k x k convolution without bias, He-normal
        c_k = sigma(f) c_{k-1} + sigma(i) tanh(g),   h_k = sigma(o) tanh(c_k)

    h is as wide as u. The state is (batch, 2, U, H, W): h and c. The part of W that reads u runs for all frames at
    once; the rest must wait for h_{k-1}. Raises ValueError for an even kernel and U < 1.
    """

    def __init__(
        self,
        U: int,
        kernel: int = 3,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        check_kernel_size("kernel", kernel)
        if U < 1:
            raise ValueError(f"U must be at least 1; got {U}")
        self.U, self.kernel = U, kernel
        drawn = torch.randn(
            4 * U, 2 * U, kernel, kernel, dtype=torch.float64, device="cpu", generator=generator
        )
        scale = math.sqrt(2 / (2 * U * kernel**2))
        self.weight = nn.Parameter((scale * drawn).to(dtype=dtype, device=device))
        self.norm = ChannelNorm(U, dtype=dtype, device=device)

    def forward(
        self, u: Float[Tensor, "batch length U H W"], state: Tensor | None = None
    ) -> tuple[Float[Tensor, "batch length U H W"], Tensor]:
        """(output, last state), from a zero state if None. Raises ValueError for another width or an empty video."""
        if u.ndim != 5 or u.shape[2] != self.U or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.U}, H, W) and not empty; got {tuple(u.shape)}")
        if state is None:
            state = self.default_state(len(u), u.shape[-2], u.shape[-1])
        self._check_state(state, u[:, 0])
        reading = F.conv2d(u.flatten(0, 1), self.weight[:, : self.U], padding=self.kernel // 2)
        h, c = state.unbind(1)
        outputs = []
        for gates in reading.unflatten(0, u.shape[:2]).unbind(1):
            h, c = self._cell(gates, h, c)
            outputs.append(h)
        return self.norm(u + torch.stack(outputs, dim=1)), torch.stack([h, c], dim=1)

    def step(
        self, u: Float[Tensor, "batch U H W"], state: Tensor
    ) -> tuple[Float[Tensor, "batch U H W"], Tensor]:
        """(output, new state) for one frame."""
        y, state = self(u[:, None], state)
        return y[:, 0], state

    def _cell(self, reading: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        gates = reading + F.conv2d(h, self.weight[:, self.U :], padding=self.kernel // 2)
        i, f, o, g = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def default_state(self, batch: int, height: int, width: int, max_length: int | None = None) -> Tensor:
        """Zero h and c."""
        return self.weight.detach().new_zeros(batch, 2, self.U, height, width)

    def _check_state(self, state: Tensor, frame: Tensor) -> None:
        expected = (len(frame), 2, *frame.shape[1:])
        if tuple(state.shape) != expected:
            raise ValueError(f"state must have shape {expected}; got {tuple(state.shape)}")


class LayerStack(nn.Module):
    """`n_layers` layers one after the other; its state is the list of theirs. Raises ValueError for n_layers < 1."""

    def __init__(self, layer: Callable[[], nn.Module], n_layers: int):
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers must be at least 1; got {n_layers}")
        self.layers = nn.ModuleList(layer() for _ in range(n_layers))

    def forward(
        self, u: Float[Tensor, "batch length U H W"], states: list | None = None
    ) -> tuple[Float[Tensor, "batch length U H W"], list]:
        """(output, each layer's last state)."""
        after = []
        for layer, state in zip(self.layers, states or [None] * len(self.layers), strict=True):
            u, state = layer(u, state)
            after.append(state)
        return u, after

    def step(
        self, u: Float[Tensor, "batch U H W"], states: list
    ) -> tuple[Float[Tensor, "batch U H W"], list]:
        """(output, new states) for one frame."""
        after = []
        for layer, state in zip(self.layers, states, strict=True):
            u, state = layer.step(u, state)
            after.append(state)
        return u, after

    def default_state(self, batch: int, height: int, width: int, max_length: int | None = None) -> list:
        """Each layer's state before the first frame."""
        return [layer.default_state(batch, height, width, max_length) for layer in self.layers]
