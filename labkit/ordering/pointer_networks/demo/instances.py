"""Points, their solutions and the shipped networks' answers, for the pictures."""

import numpy as np
import torch
from torch import Tensor

from labkit.ordering.pointer_networks.data import solve
from labkit.ordering.pointer_networks.experiment.shipped import trained
from labkit.ordering.pointer_networks.experiment.training import longest
from labkit.ordering.pointer_networks.geometry import crossings

EXACT = 12


def uniform(n: int, seed: int) -> Tensor:
    """n points of the unit square."""
    return torch.rand(n, 2, generator=torch.Generator(device="cpu").manual_seed(seed), device="cpu")


def truth(task: str, points: Tensor) -> Tensor:
    """The flat target; tours of more than 12 points by the best heuristic."""
    return solve(task, points, "optimal" if len(points) <= EXACT else "A3")


def ask(task: str, points: Tensor, beam: int, constrained: bool) -> tuple[list[int], np.ndarray]:
    """A shipped network's answer (0-based, without END) and its probabilities (steps, n + 1)."""
    model = trained(task)
    rule = {"hull": "distinct", "tsp": "tour", "delaunay": None}[task] if constrained else None
    limit = min(longest(task, len(points)), 100)
    found = model.search(points[None], None, beam, rule, limit)
    tokens = found.tokens[0, 0]
    body = tokens[(tokens == 0).cumsum(0) == 0] - 1
    steps = min(len(body) + 1, len(tokens))
    return body.tolist(), found.probabilities[0, :steps].numpy()


def crossing_places(points: Tensor, tour: list[int]) -> list[tuple[float, float]]:
    """Where a tour's sides cross."""
    ring = points.double().numpy()[tour]
    places = []
    for i, j in crossings(ring):
        a, b, c, d = ring[i], ring[(i + 1) % len(ring)], ring[j], ring[(j + 1) % len(ring)]
        # a + t (b - a) = c + s (d - c)
        t, _ = np.linalg.solve(np.stack([b - a, c - d], 1), c - a)
        places.append(tuple(a + t * (b - a)))
    return places
