"""Orders of the cells of a grid: which cell of an h x w image is read first, second, third.

An order is a rank grid: rank[row, column] says when the cell is visited, from 0 to h w - 1. A path is the other
way to say the same: path[n] is the (row, column) of the cell that is visited n-th.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from labkit.ordering.gilbert import gilbert_path


def patch_order(name: str, height: int, width: int, *, seed: int = 0) -> Int[Tensor, "height width"]:
    """The rank grid of a named order: a permutation of 0 .. height * width - 1, int64, on the CPU.

    raster     row by row                      column    column by column
    snake      rows, every second backwards    diagonal  JPEG's zigzag: right, then down-left, and so on
    spiral     inwards, clockwise              onion     ring by ring from the innermost, each clockwise
    morton     interleaved bits (Z)            hilbert, moore, peano   the curves of their names
    gilbert    Hilbert for any rectangle       random    a permutation drawn with `seed`

    Morton, Hilbert and Moore need sides 2^k, Peano 3^k: other grids are ranked by the smallest curve around them.

    Raises:
        ValueError: an unknown name (the known ones are listed), or a side that is not positive.
    """
    if name not in _PATHS:
        raise ValueError(f"unknown order: {name!r}; choose from {', '.join(ORDERS)}")
    if height < 1 or width < 1:
        raise ValueError(f"height and width must be positive; got {height} and {width}")
    return _rank(name, height, width, seed if name == "random" else 0).clone()


@lru_cache(maxsize=256)
def _rank(name: str, height: int, width: int, seed: int) -> Tensor:
    path = _PATHS[name](height, width, seed) if name == "random" else _PATHS[name](height, width)
    return rank_from_path(torch.from_numpy(np.ascontiguousarray(path)), height, width)


def order_path(rank: Int[Tensor, "height width"]) -> Int[Tensor, "cells 2"]:
    """The (row, column) of every cell in visiting order.

    Raises:
        ValueError: the grid is no permutation of 0 .. height * width - 1.
    """
    check_rank(rank)
    cells = rank.flatten().argsort()
    return torch.stack([cells // rank.shape[1], cells % rank.shape[1]], dim=1)


def rank_from_path(path: Int[Tensor, "cells 2"], height: int, width: int) -> Int[Tensor, "height width"]:
    """The rank grid of a path; the inverse of `order_path`.

    Raises:
        ValueError: the path does not visit every cell of the grid once.
    """
    inside = ((path >= 0) & (path < torch.tensor([height, width], device=path.device))).all()
    cells = path[:, 0] * width + path[:, 1]
    if not inside or len(path) != height * width or len(cells.unique()) != len(cells):
        raise ValueError(f"a path through a {height}x{width} grid visits each of its cells once")
    rank = torch.empty(height * width, dtype=torch.int64, device=path.device)
    rank[cells] = torch.arange(height * width, device=path.device)
    return rank.view(height, width)


def check_rank(rank: Tensor) -> None:
    """Refuse what is no rank grid.

    Raises:
        ValueError: the grid is no permutation of 0 .. height * width - 1.
    """
    if rank.dim() != 2 or rank.is_floating_point():
        raise ValueError(
            f"rank must be a grid (height, width) of integers; got {tuple(rank.shape)}, {rank.dtype}"
        )
    wanted = torch.arange(rank.numel(), device=rank.device)
    if not torch.equal(rank.flatten().sort().values, wanted.to(rank.dtype)):
        raise ValueError(f"rank must hold each of 0 .. {rank.numel() - 1} once")


# --- the walks: cells (row, column) in visiting order -----------------------------------------------------------


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    row, column = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return row.ravel(), column.ravel()


def _sorted(height: int, width: int, *keys: np.ndarray) -> np.ndarray:
    """The cells sorted by several keys, the first counting most."""
    order = np.lexsort(keys[::-1])
    return np.stack(_grid(height, width), axis=1)[order]


def _raster(height: int, width: int) -> np.ndarray:
    return _sorted(height, width, *_grid(height, width))


def _column(height: int, width: int) -> np.ndarray:
    row, column = _grid(height, width)
    return _sorted(height, width, column, row)


def _snake(height: int, width: int) -> np.ndarray:
    row, column = _grid(height, width)
    return _sorted(height, width, row, np.where(row % 2, -column, column))


def _diagonal(height: int, width: int) -> np.ndarray:
    # diagonal 0, then 1 downwards (first step right, then down-left), 2 upwards, ...
    row, column = _grid(height, width)
    diagonal = row + column
    return _sorted(height, width, diagonal, np.where(diagonal % 2, row, column))


def _around(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Each cell's ring (0 is the outermost) and its place on the ring, clockwise from the ring's first corner."""
    row, column = _grid(height, width)
    ring = np.minimum(np.minimum(row, height - 1 - row), np.minimum(column, width - 1 - column))
    r, c = row - ring, column - ring
    h, w = height - 2 * ring - 1, width - 2 * ring - 1  # the steps along the ring's sides
    place = np.where(
        r == 0, c, np.where(c == w, w + r, np.where(r == h, w + h + (w - c), w + h + w + (h - r)))
    )
    return ring, place


def _spiral(height: int, width: int) -> np.ndarray:
    return _sorted(height, width, *_around(height, width))


def _onion(height: int, width: int) -> np.ndarray:
    ring, place = _around(height, width)
    return _sorted(height, width, -ring, place)


def _enclosing(height: int, width: int, base: int) -> int:
    side = 1
    while side < max(height, width):
        side *= base
    return side


def _cut(curve: np.ndarray, height: int, width: int) -> np.ndarray:
    """The part of an enclosing square's rank grid that covers the rectangle, as a walk."""
    return _sorted(height, width, curve[:height, :width].ravel())


def _morton(height: int, width: int) -> np.ndarray:
    row, column = _grid(height, width)
    code = np.zeros_like(row)
    for bit in range(max(height, width).bit_length()):
        code |= ((column >> bit) & 1) << (2 * bit) | ((row >> bit) & 1) << (2 * bit + 1)
    return _sorted(height, width, code)


def _hilbert_square(side: int) -> np.ndarray:
    """The Hilbert curve's rank grid, by the usual bit-twiddling form with x = column, y = row."""
    y, x = (part.copy() for part in np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
    rank = np.zeros_like(x)
    step = side // 2
    while step:
        right, down = (x & step) > 0, (y & step) > 0
        rank += step * step * ((3 * right) ^ down)
        # turn the quadrant: mirror it when it is the last, transpose it when it is the first or the last
        mirrored = right & ~down
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(down, x, y), np.where(down, y, x)
        step //= 2
    return rank


def _hilbert(height: int, width: int) -> np.ndarray:
    return _cut(_hilbert_square(_enclosing(height, width, 2)), height, width)


def _moore(height: int, width: int) -> np.ndarray:
    side = _enclosing(height, width, 2)
    if side == 1:
        return np.zeros((1, 2), dtype=np.int64)
    # a closed curve of four Hilbert curves: up the left half, down the right half
    part = _hilbert_square(side // 2)
    up, down, cells = np.flipud(np.rot90(part, -1)), part.T, part.size
    return _cut(np.block([[up + cells, down + 2 * cells], [up, down + 3 * cells]]), height, width)


def _peano(height: int, width: int) -> np.ndarray:
    side = _enclosing(height, width, 3)
    curve = np.zeros((1, 1), dtype=np.int64)
    while len(curve) < side:
        # nine copies, down one column of blocks and up the next, each mirrored so that it begins where the last ended
        blocks = [
            [
                np.flip(curve, [axis for axis, odd in ((1, i % 2), (0, j % 2)) if odd])
                + curve.size * (3 * j + (2 - i if j % 2 else i))
                for j in range(3)
            ]
            for i in range(3)
        ]
        curve = np.block(blocks)
    return _cut(curve, height, width)


def _random(height: int, width: int, seed: int) -> np.ndarray:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    order = torch.randperm(height * width, generator=generator, device="cpu").numpy()
    return np.stack(np.divmod(order, width), axis=1)


_PATHS: dict[str, Callable[..., np.ndarray]] = {
    "raster": _raster,
    "column": _column,
    "snake": _snake,
    "diagonal": _diagonal,
    "spiral": _spiral,
    "onion": _onion,
    "morton": _morton,
    "hilbert": _hilbert,
    "moore": _moore,
    "peano": _peano,
    "gilbert": gilbert_path,
    "random": _random,
}
ORDERS = tuple(_PATHS)
