"""Exercise 1: two walks through a grid."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise
from labkit.ordering.curves import order_path, patch_order


def _snake(h, w):
    rank = torch.arange(h * w, device="cpu").view(h, w)
    rank[1::2] = rank[1::2].flip(1)
    return rank


def _hilbert(k):
    rank = torch.zeros(1, 1, dtype=torch.int64, device="cpu")
    for _ in range(k):
        size = rank.numel()
        first, last = rank.T, rank.T.flip(0, 1)
        left, right = torch.cat([first, rank + size]), torch.cat([last + 3 * size, rank + 2 * size])
        # quadrants: upper left, lower left, lower right, upper right
        rank = torch.cat([left, right], dim=1)
    return rank


def _snake_even(h, w):
    rank = torch.arange(h * w, device="cpu").view(h, w)
    rank[0::2] = rank[0::2].flip(1)
    return rank


def _snake_path(h, w):
    return order_path(_snake(h, w))


def _hilbert_path(k):
    return order_path(_hilbert(k))


def _hilbert_unturned(k):
    rank = torch.zeros(1, 1, dtype=torch.int64, device="cpu")
    for _ in range(k):
        size = rank.numel()
        rank = torch.cat(
            [torch.cat([rank, rank + size]), torch.cat([rank + 3 * size, rank + 2 * size])], dim=1
        )
    return rank


def _raster(h, w):
    return torch.arange(h * w, device="cpu").view(h, w)


MISTAKES = (
    Mistake(
        "even rows reversed",
        (_snake_even, _hilbert),
        "You reversed rows 0, 2, 4, ...: the first row must run left to right; reverse rows 1, 3, 5, ...",
    ),
    Mistake(
        "path instead of rank",
        (_snake_path, _hilbert),
        "You returned which cell comes n-th; the rank grid says when each cell is visited. Turn it inside out.",
    ),
    Mistake(
        "no row reversed",
        (_raster, _hilbert),
        "That is the raster order: at the end of a row it jumps back. A snake turns round instead.",
    ),
    Mistake(
        "quadrants not turned",
        (_snake, _hilbert_unturned),
        "Transpose the first quadrant, and the last one along its other diagonal, so that each ends where the "
        "next begins.",
    ),
)


def _grid(found, height: int, width: int, name: str) -> Tensor:
    """The answer as a rank grid; Wrong says what it is instead."""
    if not isinstance(found, torch.Tensor):
        raise Wrong(f"{name} should return a tensor, the rank grid; it returned a {type(found).__name__}.")
    found = found.detach().cpu()
    named = {mistake.name: mistake.message for mistake in MISTAKES}
    if tuple(found.shape) == (height * width, 2):
        raise Wrong(named["path instead of rank"])
    if tuple(found.shape) != (height, width):
        raise Wrong(
            f"{name} should return a grid of shape ({height}, {width}); yours has {tuple(found.shape)}."
        )
    wanted = torch.arange(height * width, device="cpu")
    if not torch.equal(found.flatten().sort().values.long(), wanted):
        raise Wrong(f"{name}: a rank grid holds each of 0 .. {height * width - 1} once; yours does not.")
    return found.long()


@exercise(
    "Two walks",
    level="easy",
    points=3,
    solution=(_snake, _hilbert),
    hints=(
        "Start the snake from `torch.arange(h * w).view(h, w)`, and `.flip(1)` every second row.",
        "Hilbert: a curve of level k is four of level k - 1, visited upper left, lower left, lower right, upper right.",
        "The first quarter is transposed (`rank.T`), the last is `rank.T.flip(0, 1)`; the two between are as they are.",
    ),
    mistakes=MISTAKES,
)
def two_walks(answer) -> str:
    r"""Write two orders as **rank grids**: entry $[r, c]$ says *when* the cell is visited, from 0.

    - `snake_order(h, w)`: row by row, every second row backwards; the first runs left to right;
    - `hilbert_order(k)`: Hilbert's curve on $2^k \times 2^k$, beginning in the upper left corner, each step to a
      neighbour. Either of its two mirror images at the diagonal will do.

    Answer with the pair `(snake_order, hilbert_order)`.
    """
    try:
        snake, hilbert = answer
    except (TypeError, ValueError):
        raise Wrong("Answer with the pair (snake_order, hilbert_order).") from None
    named = {mistake.name: mistake.message for mistake in MISTAKES}
    for h, w in ((4, 4), (3, 5), (1, 6)):
        found, wanted = _grid(snake(h, w), h, w, "snake_order"), patch_order("snake", h, w)
        if torch.equal(found, wanted):
            continue
        for name, mistaken in (("even rows reversed", _snake_even), ("no row reversed", _raster)):
            if torch.equal(found, mistaken(h, w)):
                raise Wrong(named[name])
        raise Wrong(
            f"snake_order({h}, {w}): row {int((found != wanted).any(1).nonzero()[0])} should be "
            f"{wanted[(found != wanted).any(1)][0].tolist()}; yours is {found[(found != wanted).any(1)][0].tolist()}."
        )
    for k in (1, 2, 3, 4):
        _judge_hilbert(_grid(hilbert(k), 2**k, 2**k, "hilbert_order"), k, named)
    return "Both walk every cell once, one step at a time."


def _judge_hilbert(found: Tensor, k: int, named: dict[str, str]) -> None:
    wanted = patch_order("hilbert", 2**k, 2**k)
    if any(torch.equal(found, one) for one in (wanted, wanted.T)):
        return
    steps = order_path(found).diff(dim=0).abs().sum(1)
    if (steps > 1).any():
        at = int((steps > 1).nonzero()[0])
        quarter = 4 ** (k - 1)
        where = (
            f"between quadrants {at // quarter} and {at // quarter + 1}"
            if (at + 1) % quarter == 0
            else f"between ranks {at} and {at + 1}"
        )
        raise Wrong(
            f"hilbert_order({k}): a jump of length {int(steps[at])} {where}. {named['quadrants not turned']}"
        )
    raise Wrong(
        f"hilbert_order({k}) is one step at a time, but not Hilbert's curve: each quarter of the square should be "
        "finished before the next is begun, and the walk begins in the upper left corner."
    )
