"""Pedestrians: the ETH and UCY recordings in their text files, and a generated crowd that stands in for them."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from labkit.datasets.registry import dataset

SCENES = ("eth", "hotel", "zara01")
PAST, FUTURE = 8, 12  # frames of 0.4 s: 3.2 s are read, 4.8 s predicted


@dataclass(frozen=True)
class Walks:
    """One sample for each pedestrian of each window; the pedestrian in question (the focal agent) is agent 0.

    Attributes:
        positions: (samples, agents, frames, 2) in metres, zero where there is nobody. present: (samples, agents).
    """

    positions: Float[Tensor, "samples agents frames 2"]
    present: Bool[Tensor, "samples agents"]


def read_tracks(path: str | Path) -> np.ndarray:
    """Rows (frame, pedestrian, x, y) of a recording, from its 4-column or its 17-column form (x at 13, y at 15).

    Raises:
        ValueError: another number of columns.
    """
    table = np.atleast_2d(np.loadtxt(path, dtype=np.float64))
    if table.shape[1] == 17:
        return table[:, [0, 1, 13, 15]]
    if table.shape[1] != 4:
        raise ValueError(f"{path} has {table.shape[1]} columns; an ETH-UCY recording has 4 or 17")
    return table


def windows(
    tracks: np.ndarray, length: int = PAST + FUTURE, stride: int = 1, least: int = 2
) -> list[Float[Tensor, "agents frames 2"]]:
    """The usual protocol: every run of so many recorded frames, with all who are there in each of them.

    Args:
        least: windows with fewer pedestrians are left out.
    """
    frames = np.unique(tracks[:, 0])
    rows = {frame: tracks[tracks[:, 0] == frame] for frame in frames}
    found = []
    for start in range(0, len(frames) - length + 1, stride):
        at = [rows[frame] for frame in frames[start : start + length]]
        stay = set.intersection(*(set(part[:, 1]) for part in at))
        if len(stay) < least:
            continue
        who = sorted(stay)
        places = []
        for part in at:
            where = dict(zip(part[:, 1], part[:, 2:4], strict=True))
            places.append([where[one] for one in who])
        found.append(torch.from_numpy(np.array(places, np.float32)).transpose(0, 1))
    return found


def focal_samples(scenes: list[Float[Tensor, "_ frames 2"]], agents: int = 6, past: int = PAST) -> Walks:
    """Each pedestrian of each window once as agent 0, with the nearest others (at the end of the past) after it."""
    length = scenes[0].shape[1]
    total = sum(len(scene) for scene in scenes)
    positions = torch.zeros(total, agents, length, 2, device="cpu")
    present = torch.zeros(total, agents, dtype=torch.bool, device="cpu")
    row = 0
    for scene in scenes:
        now = scene[:, past - 1]
        nearest = torch.cdist(now, now).fill_diagonal_(-1).argsort(1)[:, :agents]
        count = nearest.shape[1]
        positions[row : row + len(scene), :count] = scene[nearest]
        present[row : row + len(scene), :count] = True
        row += len(scene)
    return Walks(positions, present)


def eth_ucy(scene: str, agents: int = 6, stride: int = 1) -> Walks:
    """A recorded scene.

    Raises:
        ValueError: an unknown scene. Missing: its file is not here; says where it comes from.
    """
    if scene not in SCENES:
        raise ValueError(f"unknown scene: {scene!r}; choose from {', '.join(SCENES)}")
    return focal_samples(windows(read_tracks(dataset(f"eth-ucy-{scene}").path()), stride=stride), agents)


def eth_ucy_present() -> bool:
    """Whether the three recordings are on this machine."""
    return all(dataset(f"eth-ucy-{scene}").present() for scene in SCENES)


def crowd(
    count: int, generator: torch.Generator, agents: int = 6, frames: int = PAST + FUTURE, substeps: int = 10
) -> Float[Tensor, "count agents frames 2"]:
    """Walkers on crossing paths, by a social-force model: each is drawn to a goal, and pushed away by who is near.

    Positions in metres, every 0.4 s. Desired speeds are 0.8 to 1.6 m/s; the push falls off as exp(-distance / 0.5 m).
    """
    dt = 0.4 / substeps

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator, device="cpu")

    angle = uniform(0, 2 * math.pi, count, agents)
    heading = torch.stack([angle.cos(), angle.sin()], -1)
    speed = uniform(0.8, 1.6, count, agents, 1)
    x = -heading * uniform(2.0, 6.0, count, agents, 1) + uniform(-1.5, 1.5, count, agents, 2)
    goal = x + 14 * heading + uniform(-2, 2, count, agents, 2)
    v = speed * heading
    apart_from_self = torch.eye(agents, device="cpu")[None, :, :, None]
    recorded = []
    for _ in range(frames):
        recorded.append(x)
        for _ in range(substeps):
            way = goal - x
            wanted = speed * way / way.norm(dim=-1, keepdim=True).clamp(min=1e-3)
            offset = x[:, :, None] - x[:, None]
            distance = offset.norm(dim=-1, keepdim=True) + apart_from_self
            push = (offset / distance * (4 * (-distance / 0.5).exp())).sum(2)
            v = v + dt * ((wanted - v) / 0.5 + push)
            x = x + dt * v
    return torch.stack(recorded, 2)
