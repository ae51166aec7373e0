"""What the demos share: small instances, made once, and the algorithms as they go along."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from labkit.ordering.top_eigenvector.method import (
    BlockPower,
    HeavyAndLight,
    OjaRates,
    correlation,
    top_eigenvector,
)
from labkit.ordering.top_eigenvector.streams import heavy_and_light, spiked

ROWS = 2000
POINTS = 50


def seeded(seed: int) -> torch.Generator:
    """A CPU generator."""
    return torch.Generator(device="cpu").manual_seed(seed)


@lru_cache(maxsize=64)
def instance(d: int, gap: float, heavy: int, seed: int, rows: int = ROWS) -> tuple[Tensor, Tensor]:
    """Rows, spiked or with heavy ones, turned to a random basis; and v_1."""
    generator = seeded(seed)
    if heavy:
        matrix = heavy_and_light(rows - heavy, d, heavy, gap, generator=generator, rotate=True)
    else:
        matrix = spiked(rows, d, gap, generator, rotate=True)
    return matrix, top_eigenvector(matrix)


def sphere(d: int, seed: int) -> Tensor:
    """A start that depends on nothing but the seed."""
    v = torch.randn(d, dtype=torch.float64, device="cpu", generator=seeded(7919 + seed))
    return v / v.norm()


def follow(
    rows: Tensor, truth: Tensor, start: Tensor, etas: list[float], blocks: int, threshold: float
) -> tuple[list[int], dict[str, list[float]], HeavyAndLight]:
    """Correlations of all algorithms along the stream, at 50 places."""
    n = len(rows)
    alone = BlockPower(n, blocks, start[None])
    ours = HeavyAndLight(threshold, BlockPower(n, blocks + 1, start[None], weighing=1, quiet=True), None)
    runner = OjaRates(torch.tensor(etas, dtype=torch.float64, device="cpu"), start)
    seen = [0]
    at_first = correlation(start, truth).item()
    names = [f"Oja, η = {eta:.3g}" for eta in etas]
    curves = {name: [at_first] for name in ("heavy rows + blocks", "block power alone", *names)}
    step = math.ceil(n / POINTS)
    for first in range(0, n, step):
        part = rows[first : first + step]
        alone.update(part, first)
        ours.update(part, part.square().sum(1), first)
        runner.update(part)
        seen.append(first + len(part))
        curves["heavy rows + blocks"].append(correlation(ours.answer(len(start), 0.0).vector, truth).item())
        curves["block power alone"].append(correlation(alone.best, truth).item())
        for name, vector in zip(names, runner.vectors, strict=True):
            curves[name].append(correlation(vector, truth).item())
    return seen, curves, ours
