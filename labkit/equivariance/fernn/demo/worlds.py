"""What the pictures share: controls, stimuli with a known velocity, models with random or trained weights."""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor, nn

from labkit.datasets import digit_source
from labkit.demo import Label
from labkit.equivariance.actions import flow, shift
from labkit.equivariance.fernn.experiment.trained import PLANE, STRIP, build, has_weights, weights
from labkit.equivariance.moving_images import strip_sequences

Speed = Annotated[int, Interval(ge=-3, le=3), Unit("pixels a frame"), Label("stimulus vx")]
SpeedY = Annotated[int, Interval(ge=-3, le=3), Unit("pixels a frame"), Label("stimulus vy")]
Radius = Annotated[
    int, Interval(ge=0, le=2), Label("V radius"), doc("V holds the velocities {-r..r} in each direction")
]
Model = Annotated[
    Literal["RNN", "G-RNN", "FERNN", "G-RNN+"],
    doc("RNN: flat; G-RNN: convolutional, V = {0}; G-RNN+: as many copies as FERNN, with learned shifts"),
]
Weights = Annotated[Literal["trained", "random"], doc("the equivariance does not depend on training")]
Seed = Annotated[int, Interval(ge=0, le=99), doc("another stimulus, and other random weights")]
Frame = Annotated[
    Literal["laboratory", "moving"],
    Label("seen from"),
    doc("moving: every channel is shown at rest with its velocity"),
]
Stimulus = Annotated[
    Literal["digit", "bar", "two digits"], doc("of two digits, the second moves the opposite way")
]


def model_of(
    world: str, kind: str, velocities: Sequence, weights_: str, seed: int, readout: str = "reference"
) -> nn.Module:
    """A model in evaluation mode, in double precision; random weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(world, kind, velocities, readout)
    if weights_ == "trained" and has_weights(world, kind, velocities):
        model.load_state_dict(weights(world, kind))
    return model.double().eval().requires_grad_(False)


def weights_in_words(world: str, kind: str, velocities: Sequence, weights_: str) -> str:
    """What the weights are: a G-RNN+ was trained with one V only."""
    if weights_ == "random" or not has_weights(world, kind, velocities):
        return "random weights" if weights_ == "random" else "random weights (none were trained with this V)"
    return "trained weights"


def torus(kind: str, velocity: tuple[int, int], length: int, seed: int) -> Tensor:
    """A stimulus on the torus: (1, length, 1, 16, 16)."""
    generator = torch.Generator(device="cpu").manual_seed(seed)

    def still() -> Tensor:
        image = torch.zeros(1, PLANE, PLANE, dtype=torch.float64, device="cpu")
        if kind == "bar":
            image[:, 5:11, 7:9] = 1.0
            return image
        source = digit_source(8, "test")
        image[0, 4:12, 4:12] = source.images[
            int(torch.randint(0, 297, (1,), generator=generator, device="cpu"))
        ]
        return image

    def moved(image: Tensor, v: tuple[int, int]) -> Tensor:
        return flow(image[None, None].expand(1, length, 1, PLANE, PLANE), v)

    first = moved(still(), velocity)
    if kind != "two digits":
        return first
    second = moved(shift(still(), (PLANE // 2, PLANE // 2)), (-velocity[0], -velocity[1]))
    return (first + second).clamp(0, 1)


def ring(velocity: int, length: int, seed: int) -> Tensor:
    """One bar on the ring: (1, length, 1, 24)."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return strip_sequences(1, length, STRIP, [velocity], 1, generator=generator)[0].double()


def named(v: Sequence[int]) -> str:
    """A velocity in words."""
    return (f"ν = {v[0]:+d}" if v[0] else "ν = 0") if len(v) == 1 else f"ν = ({v[0]}, {v[1]})"
