"""What the pictures share: test scenes of springs and of a crowd, rotations by angles, controls."""

import math
from functools import lru_cache
from typing import Annotated

import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor

from labkit.datasets.pedestrians import Walks, crowd, focal_samples
from labkit.demo import Step
from labkit.equivariance.eqmotion.experiment import worlds
from labkit.equivariance.eqmotion.experiment.trained import CROWD, SPRINGS
from labkit.equivariance.eqmotion.experiment.training import World

MANY = 40
Scene = Annotated[int, Interval(ge=1, le=MANY), doc("which of the test scenes")]
Degrees = Annotated[int, Interval(ge=-180, le=180), Step(5), Unit("degrees")]


@lru_cache(maxsize=2)
def springs(seed: int = 0) -> World:
    """Test scenes of springs, (scenes, agents, 40, 3), in double precision."""
    generator = torch.Generator(device="cpu").manual_seed(20_000 + seed)
    found = worlds.springs(SPRINGS, MANY, generator)
    return World(found.scenes.double(), found.edges)


@lru_cache(maxsize=1)
def walks() -> Walks:
    """Test samples of a crowd."""
    generator = torch.Generator(device="cpu").manual_seed(30_000)
    return focal_samples(list(crowd(MANY // 4, generator, CROWD.agents)), CROWD.agents)


def plane(degrees: float) -> Tensor:
    """A rotation of the plane."""
    a = math.radians(degrees)
    return torch.tensor(
        [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=torch.float64, device="cpu"
    )


def space(yaw: float, pitch: float, roll: float) -> Tensor:
    """A rotation about z, then y, then x."""
    R = torch.eye(3, dtype=torch.float64, device="cpu")
    for axes, degrees in (((0, 1), yaw), ((2, 0), pitch), ((1, 2), roll)):
        one = torch.eye(3, dtype=torch.float64, device="cpu")
        i, j = axes
        one[[i, i, j, j], [i, j, i, j]] = plane(degrees).flatten()
        R = one @ R
    return R
