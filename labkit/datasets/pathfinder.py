"""Pathfinder: are the two dots joined by a dashed line? Drawn exactly, at a size that fits (Linsley et al. 2018)."""

import math
import random
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Paths:
    """Images with their labels, on the CPU.

    Attributes:
        images: (n, side, side) in [0, 1]: dots 1, lines 0.5. joined: (n,) 1 if the dots end one line, 0 if two.
    """

    images: Float[Tensor, "n side side"]
    joined: Int[Tensor, " n"]


def _walk(
    generator: random.Random, side: int, steps: int, taken: set[tuple[int, int]]
) -> list[tuple[int, int]] | None:
    """A smooth walk of that many pixels that keeps a pixel's distance from all that is taken; None if it got stuck."""
    row, column = generator.uniform(1, side - 2), generator.uniform(1, side - 2)
    heading = generator.uniform(0, 2 * math.pi)
    cells: list[tuple[int, int]] = []
    while len(cells) < steps:
        cell = round(row), round(column)
        if not cells or cell != cells[-1]:
            near = {(cell[0] + i, cell[1] + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
            # the last two cells of the walk itself may be near, no other
            if near & (taken | set(cells[:-2])) or not all(0 <= part < side for part in cell):
                return None
            cells.append(cell)
        heading += generator.gauss(0, 0.25)
        row, column = row + 0.7 * math.sin(heading), column + 0.7 * math.cos(heading)
    return cells


def _image(
    generator: random.Random, side: int, steps: int, gap: int, distractors: int, joined: bool
) -> Tensor:
    while True:
        taken: set[tuple[int, int]] = set()
        walks = []
        # two long lines in every image: what tells the labels apart is only where the dots sit
        for length in (steps, steps, *[max(3, steps // 3)] * distractors):
            for _ in range(50):
                cells = _walk(generator, side, length, taken)
                if cells is not None:
                    break
            else:
                break
            walks.append(cells)
            taken |= set(cells)
        if len(walks) == 2 + distractors:
            break
    image = torch.zeros(side, side, device="cpu")
    for cells in walks:
        for i, cell in enumerate(cells):
            if not gap or i % (gap + 2) < 2:
                image[cell] = 0.5
    dots = (walks[0][0], walks[0][-1]) if joined else (walks[0][0], walks[1][-1])
    for cell in dots:
        image[cell] = 1.0
    return image


def pathfinder(
    n: int, side: int = 16, steps: int | None = None, gap: int = 1, distractors: int = 1, seed: int = 0
) -> Paths:
    """n images, half of them joined: two lines of `steps` pixels (2/3 of the side) that never touch, and shorter ones
    that distract; dashes of 2 pixels with `gap` between.

    The Long Range Arena's images are 32 x 32 (Pathfinder) and 128 x 128 (Path-X). Raises ValueError for n < 1, side
    < 8, and steps that a smooth line in the image cannot have.
    """
    steps = max(4, 2 * side // 3) if steps is None else steps
    if n < 1 or side < 8 or not 4 <= steps <= 2 * side or gap < 0 or distractors < 0:
        raise ValueError(
            f"n >= 1, side >= 8, 4 <= steps <= 2 side, gap >= 0 and distractors >= 0 are required; got n={n}, "
            f"side={side}, steps={steps}, gap={gap}, distractors={distractors}"
        )
    generator = random.Random(seed)
    joined = [i % 2 for i in range(n)]
    images = [_image(generator, side, steps, gap, distractors, bool(label)) for label in joined]
    return Paths(torch.stack(images), torch.tensor(joined, device="cpu"))
