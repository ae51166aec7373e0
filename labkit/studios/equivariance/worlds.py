"""Three worlds (images, bodies in space, sequences): their models, their transformations, and how these act."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.datasets import digit_source
from labkit.device import seed_everything
from labkit.equivariance.actions import flow, rotate, shift
from labkit.equivariance.fernn.experiment.trained import build, weights
from labkit.equivariance.fernn.method import ring_velocities, velocity_grid
from labkit.equivariance.frame_averaging.method import FAGNN
from labkit.equivariance.graph_nets import EGNN, LinearDynamics, PlainGNN
from labkit.equivariance.group_conv import GroupConv2d, LiftingConv2d, pool_orientations
from labkit.equivariance.metrics import equivariance_error
from labkit.equivariance.moving_images import strip_sequences

SIZE, BODIES, RING, GIVEN = 24, 5, 24, 8
Act = Callable[[Any, Tensor], Tensor]


@dataclass(frozen=True)
class Action:
    """A group (or a part of it) that acts on a world.

    Attributes:
        elements: what is shown along the orbit. label: of the element, with its unit.
        on_input, on_output: what an element does to an input, and to an output of a model.
    """

    elements: tuple
    label: str
    on_input: Act
    on_output: Act

    def nearest(self, share: float) -> int:
        """The place of the element that lies so far along the orbit (0 to 1)."""
        return round(share * (len(self.elements) - 1))


@dataclass(frozen=True)
class Orbit:
    """Input, output and error of a model along an orbit.

    Attributes:
        x, moved: an input and g x. y, found, wanted: f(x), f(g x) and g f(x). errors: (elements,) of all g.
    """

    x: Tensor
    moved: Tensor
    y: Tensor
    found: Tensor
    wanted: Tensor
    errors: Float[Tensor, " elements"]


@torch.no_grad()
def orbit(model: Callable[[Tensor], Tensor], x: Tensor, action: Action, place: int) -> Orbit:
    """Follow one input (a batch of one) along an orbit; the model sees all of the orbit at once."""
    errors = equivariance_error(model, x, action.elements, action.on_input, action.on_output)[:, 0]
    g = action.elements[place]
    y, moved = model(x), action.on_input(g, x)
    return Orbit(x[0], moved[0], y[0], model(moved)[0], action.on_output(g, y)[0], errors)


# images


class _Plain(nn.Module):
    """Three convolutions; with stride 2 the middle one halves the image, which is then enlarged again."""

    def __init__(self, padding: str, stride: int = 1):
        super().__init__()
        self.padding, self.stride = padding, stride
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 5, bias=False) for i, o in ((1, 8), (8, 8), (8, 1)))

    def forward(self, x: Float[Tensor, "batch 1 H W"]) -> Float[Tensor, "batch 1 H W"]:
        for place, layer in enumerate(self.layers):
            x = F.pad(x, [2] * 4, mode="circular") if self.padding == "circular" else F.pad(x, [2] * 4)
            x = F.conv2d(x, layer.weight, stride=self.stride if place == 1 else 1)
            x = torch.tanh(2 * x) if place < 2 else x
        return F.interpolate(x, scale_factor=self.stride) if self.stride > 1 else x


class _Turning(nn.Module):
    """Group convolutions over translations and quarter turns, the orientations pooled at the end."""

    def __init__(self):
        super().__init__()
        self.lift = LiftingConv2d(1, 6, 5, 4, "circular")
        self.conv = GroupConv2d(6, 1, 5, 4, "circular")

    def forward(self, x: Float[Tensor, "batch 1 H W"]) -> Float[Tensor, "batch 1 H W"]:
        return pool_orientations(self.conv(torch.tanh(2 * self.lift(x))), "mean")


class _Dense(nn.Module):
    """Every pixel to every pixel."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(SIZE**2, 256), nn.Tanh(), nn.Linear(256, SIZE**2))

    def forward(self, x: Float[Tensor, "batch 1 H W"]) -> Float[Tensor, "batch 1 H W"]:
        return self.net(x.flatten(1)).view_as(x)


IMAGE_MODELS: dict[str, Callable[[], nn.Module]] = {
    "convolution, circular": lambda: _Plain("circular"),
    "convolution, zero padding": lambda: _Plain("zeros"),
    "convolution, stride 2": lambda: _Plain("circular", 2),
    "group convolution (quarter turns)": _Turning,
    "fully connected": _Dense,
}


def _mirror(turn: int, x: Tensor) -> Tensor:
    """Mirror left and right, then turn by so many quarters."""
    return torch.rot90(x.flip(-1), turn, (-2, -1))


_SHIFT: Act = lambda g, x: shift(x, (g, 0))  # noqa: E731
_TURN: Act = lambda g, x: rotate(x, g)  # noqa: E731
IMAGE_ACTIONS = {
    "translation": Action(tuple(range(SIZE)), "shift (pixels)", _SHIFT, _SHIFT),
    "rotation": Action(tuple(range(0, 360, 15)), "angle (°)", _TURN, _TURN),
    "mirror and quarter turns": Action((0, 1, 2, 3), "quarter turns after the mirror", _mirror, _mirror),
}


@lru_cache(maxsize=32)
def image_model(name: str, seed: int) -> nn.Module:
    """An untrained model: equivariance is a matter of structure, not of training."""
    seed_everything(seed)
    return IMAGE_MODELS[name]().eval()


def image(seed: int) -> Float[Tensor, "1 1 H W"]:
    """A digit in the middle of an empty image."""
    digit = digit_source(12, "test").images[seed]
    return F.pad(digit, [(SIZE - 12) // 2] * 4)[None, None]


# bodies in space: (batch, n, 6) are positions and velocities; outputs are positions


class _Bodies(nn.Module):
    """A model of positions, velocities and charges, as a map of one tensor (batch, n, 6); the charges stay."""

    def __init__(self, net: nn.Module, charges: Tensor):
        super().__init__()
        self.net, self.charges = net, charges

    def forward(self, state: Float[Tensor, "batch n 6"]) -> Float[Tensor, "batch n 3"]:
        x, v = state.split(3, dim=-1)
        apart = (x[:, :, None] - x[:, None]).square().sum(-1)
        charges = self.charges.expand(len(state), -1)
        edges = torch.stack([charges[:, :, None] * charges[:, None], apart], dim=-1)
        return self.net(x, v, edges)


class _DenseBodies(nn.Module):
    """Every number of the state to every position."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6 * BODIES, 64), nn.Tanh(), nn.Linear(64, 3 * BODIES))

    def forward(self, x: Tensor, v: Tensor, edges: Tensor) -> Tensor:
        return x + self.net(torch.cat([x, v], dim=-1).flatten(1)).view_as(x)


BODY_MODELS: dict[str, Callable[[], nn.Module]] = {
    "FA-GNN (frame averaging)": lambda: FAGNN(30, 3),
    "EGNN": lambda: EGNN(32, 3),
    "graph network": lambda: PlainGNN(6, 32, 3),
    "uniform motion": LinearDynamics,
    "fully connected": _DenseBodies,
}


def _turned(axis: int, mirror: bool) -> tuple[Act, Act]:
    def matrix(degrees: float, like: Tensor) -> Tensor:
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        R = torch.eye(3, dtype=like.dtype, device=like.device)
        i, j = [k for k in range(3) if k != axis]
        R[i, i], R[i, j], R[j, i], R[j, j] = c, -s, s, c
        if mirror:
            R = R @ torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=like.dtype, device=like.device))
        return R

    def on_input(g: float, state: Tensor) -> Tensor:
        x, v = state.split(3, dim=-1)
        R = matrix(g, state)
        return torch.cat([x @ R.T, v @ R.T], dim=-1)

    return on_input, lambda g, y: y @ matrix(g, y).T


def _moved(g: float, state: Tensor) -> Tensor:
    away = torch.zeros(state.shape[-1], dtype=state.dtype, device=state.device)
    away[0] = g
    return state + away


_ROLL: Act = lambda g, x: torch.roll(x, g, dims=1)  # noqa: E731
BODY_ACTIONS = {
    "rotation about z": Action(tuple(range(0, 360, 15)), "angle (°)", *_turned(2, False)),
    "rotation about x": Action(tuple(range(0, 360, 15)), "angle (°)", *_turned(0, False)),
    "mirror, then rotation about z": Action(tuple(range(0, 360, 15)), "angle (°)", *_turned(2, True)),
    "translation along x": Action(tuple(x / 4 for x in range(-12, 13)), "distance", _moved, _moved),
    "renaming the bodies": Action(tuple(range(BODIES)), "places by which the names move on", _ROLL, _ROLL),
}


@lru_cache(maxsize=64)
def body_model(name: str, seed: int, alike: bool) -> nn.Module:
    """An untrained model, in double precision; all charges alike or not."""
    seed_everything(seed)
    charges = torch.tensor([1.0, 1, 1, 1, 1] if alike else [1.0, -1, 1, 1, -1], device="cpu")
    return _Bodies(BODY_MODELS[name](), charges).double().eval()


def bodies(seed: int) -> Float[Tensor, "1 n 6"]:
    """Five bodies and their velocities."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return torch.randn(1, BODIES, 6, dtype=torch.float64, generator=generator, device="cpu")


# sequences on a ring: (batch, T, 1, RING); outputs are the frames that follow


# each: the kind of model, V (None: the kind's own), and the read-out
SEQUENCE_MODELS = {
    "FERNN, all velocities": ("FERNN", ring_velocities(RING), "aligned"),
    "FERNN, the reference's read-out": ("FERNN", ring_velocities(RING), "reference"),
    "FERNN, velocities -1 to 1": ("FERNN", velocity_grid(1, 1), "aligned"),
    "G-RNN": ("G-RNN", velocity_grid(2, 1), "reference"),
    "RNN": ("RNN", velocity_grid(2, 1), "reference"),
}


def _flowing(start: int) -> Act:
    return lambda g, x: flow(x, (g,), start=start)


SEQUENCE_ACTIONS = {
    "flow (a velocity)": Action(
        (-3, -2, -1, 0, 1, 2, 3), "velocity (pixels a frame)", _flowing(0), _flowing(GIVEN)
    ),
    "translation": Action(
        tuple(range(RING)), "shift (pixels)", *([lambda g, x: flow(x, (0,)).roll(g, -1)] * 2)
    ),
}


@lru_cache(maxsize=8)
def sequence_model(name: str) -> nn.Module:
    """A trained model of the FERNN paper, as a map from the frames seen to the frames that follow."""
    kind, V, readout = SEQUENCE_MODELS[name]
    net = build("strips", kind, V, readout)
    net.load_state_dict(weights("strips", kind))
    return net.eval()


def sequence_map(name: str, ahead: int) -> Callable[[Tensor], Tensor]:
    """The model's forecast of so many frames."""
    net = sequence_model(name)
    return lambda frames: net(frames, ahead)


def sequence(seed: int) -> Float[Tensor, "1 T 1 ring"]:
    """A bar pattern that stands still; a flow sets it in motion."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return strip_sequences(1, GIVEN, RING, [0], 1, generator=generator)[0]


def errors_of(
    models: Sequence[tuple[str, Callable[[Tensor], Tensor]]], x: Tensor, action: Action
) -> dict[str, Float[Tensor, " elements"]]:
    """Every model's errors along an orbit."""
    with torch.no_grad():
        return {
            name: equivariance_error(model, x, action.elements, action.on_input, action.on_output)[:, 0]
            for name, model in models
        }
