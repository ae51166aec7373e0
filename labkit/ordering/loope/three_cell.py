"""The Three-Cell Experiment: images in which only *where* three coloured cells are tells the labels.

A black G x G grid with one red, one green and one blue cell. x is the column, y the row, both from 0.
"""

from functools import lru_cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

LABELS = ("d_RG > d_RB", "d_RB > d_RG", "orientation", "A_RG > A_RB", "A_RB > A_RG", "vector sum")
SCORES = {"distance": (0, 1), "orientation": (2,), "area": (3, 4), "vector_sum": (5,)}


def three_cell_batch(
    n: int, grid: int = 14, patch: int = 16, generator: torch.Generator | None = None, device="cpu"
) -> tuple[Float[Tensor, "n 3 side side"], Bool[Tensor, "n 6"], Int[Tensor, "n 3 2"]]:
    """Draw n images with their labels.

    A mode is drawn for each: both vectors from red of equal length; green nearer; green farther. Then red
    uniformly and the two vectors from their groups, until all cells are inside, distinct, and not in one line.

    Returns:
        images with (x, y) colours in {0, 1}, labels (see LABELS), and cells (n, 3, 2): (x, y) of red, green, blue.

    Raises:
        ValueError: `grid` < 4, `patch` < 1 or `n` < 0.
    """
    if n < 0 or patch < 1:
        raise ValueError(f"n must not be negative and patch at least 1; got n={n}, patch={patch}")
    cells, _ = draw_cells(n, grid, generator)
    cells = cells.to(device)
    return render(cells, grid, patch), three_cell_labels(cells, grid), cells


def draw_cells(
    n: int, grid: int, generator: torch.Generator | None = None
) -> tuple[Int[Tensor, "n 3 2"], Int[Tensor, " n"]]:
    """Cells (x, y) of red, green, blue, and each sample's mode: 0 equal, 1 green nearer, 2 green farther."""
    if grid < 4:
        raise ValueError(f"grid must be at least 4; got {grid}")
    generator = generator or torch.Generator(device="cpu").manual_seed(0)
    vectors, start, size = _groups(grid)
    # the mode is drawn once for each sample and kept while its cells are rejected, so that modes stay equally likely
    mode = torch.randint(3, (n,), generator=generator, device="cpu")
    cells = torch.empty(n, 3, 2, dtype=torch.int64, device="cpu")
    waiting = torch.arange(n, device="cpu")
    while len(waiting):
        tries = min(256, max(8, 4 * n // len(waiting)))  # many for the few that wait long
        m = mode[waiting].repeat_interleave(tries)
        red, green, blue = _propose(m, grid, vectors, start, size, generator)
        drawn = torch.stack([red, green, blue], dim=1)
        good = (((drawn >= 0) & (drawn < grid)).all(-1).all(-1) & (_determinant(drawn) != 0)).view(-1, tries)
        first = good.to(torch.uint8).argmax(1)
        done = good.any(1)
        cells[waiting[done]] = drawn.view(-1, tries, 3, 2)[done, first[done]]
        waiting = waiting[~done]
    return cells, mode


def _propose(mode, grid, vectors, start, size, generator) -> tuple[Tensor, Tensor, Tensor]:
    def below(limit: Tensor) -> Tensor:
        uniform = torch.rand(len(mode), generator=generator, device="cpu", dtype=torch.float64)
        return (uniform * limit).long()

    groups = len(start)
    one = below(torch.full_like(mode, groups))
    two = below(torch.full_like(mode, groups - 1))
    two = two + (two >= one)  # another group than the first
    near, far = torch.minimum(one, two), torch.maximum(one, two)
    g = torch.where(mode == 0, one, torch.where(mode == 1, near, far))
    b = torch.where(mode == 0, one, torch.where(mode == 1, far, near))
    red = torch.stack([below(torch.full_like(mode, grid)) for _ in range(2)], dim=1)
    v1, v2 = vectors[start[g] + below(size[g])], vectors[start[b] + below(size[b])]
    return red, red + v1, red + v2


@lru_cache(maxsize=64)
def _groups(grid: int) -> tuple[Tensor, Tensor, Tensor]:
    """Difference vectors grouped by n = a^2 + b^2; groups with a single vector are removed."""
    side = torch.arange(-(grid - 1), grid, device="cpu")
    a, b = torch.meshgrid(side, side, indexing="ij")
    vectors = torch.stack([a.flatten(), b.flatten()], dim=1)
    length = vectors.square().sum(1)
    order = length.argsort(stable=True)
    vectors, length = vectors[order], length[order]
    _, counts = length.unique_consecutive(return_counts=True)
    start = counts.cumsum(0) - counts
    return vectors, start[counts > 1], counts[counts > 1]


def _determinant(cells: Int[Tensor, "n 3 2"]) -> Int[Tensor, " n"]:
    # (x_g - x_r)(y_b - y_r) - (y_g - y_r)(x_b - x_r)
    g, b = cells[:, 1] - cells[:, 0], cells[:, 2] - cells[:, 0]
    return g[:, 0] * b[:, 1] - g[:, 1] * b[:, 0]


def three_cell_labels(cells: Int[Tensor, "n 3 2"], grid: int) -> Bool[Tensor, "n 6"]:
    """The six labels of cells (x, y) of red, green, blue.

    Raises:
        ValueError: `grid` < 4, or a cell lies outside the grid.
    """
    if grid < 4:
        raise ValueError(f"grid must be at least 4; got {grid}")
    if len(cells) and not ((cells >= 0) & (cells < grid)).all():
        raise ValueError(
            f"cells must lie in 0 .. {grid - 1}; got {cells.min().item()} .. {cells.max().item()}"
        )
    red, green, blue = cells.unbind(1)
    d_rg, d_rb = (green - red).square().sum(1), (blue - red).square().sum(1)
    # A_UV = |(y_U + y_V)(x_V - x_U)| / 2, the shadow of the segment on the x axis; twice it here
    a_rg, a_rb = (((red[:, 1] + v[:, 1]) * (v[:, 0] - red[:, 0])).abs() for v in (green, blue))
    total = cells.sum(1)
    return torch.stack(
        [
            d_rg > d_rb,
            d_rb > d_rg,
            _determinant(cells) > 0,
            a_rg > a_rb,
            a_rb > a_rg,
            (total > grid - 1).all(1),  # x_s > G - 1 and y_s > G - 1
        ],
        dim=1,
    )


def render(cells: Int[Tensor, "n 3 2"], grid: int, patch: int) -> Float[Tensor, "n 3 side side"]:
    """Images of the cells on the cells' device: one channel a colour, blocks of patch x patch pixels."""
    n = len(cells)
    small = torch.zeros(n, 3, grid, grid, device=cells.device)
    sample = torch.arange(n, device=cells.device)[:, None]
    channel = torch.arange(3, device=cells.device)
    small[sample, channel, cells[..., 1], cells[..., 0]] = 1.0  # arr[y, x]
    return small.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


def three_cell_accuracy(logits: Float[Tensor, "n 6"], labels: Bool[Tensor, "n 6"]) -> dict[str, float]:
    """Four accuracies (distance and area are the mean of two bits) and their plain mean."""
    right = ((logits > 0) == labels).double().mean(0)
    found = {name: right[list(bits)].mean().item() for name, bits in SCORES.items()}
    return {**found, "average": sum(found.values()) / len(found)}


def majority_accuracy(labels: Bool[Tensor, "n 6"]) -> dict[str, float]:
    """What answering each label's more frequent value scores: chance for a model that cannot see where cells are."""
    often = labels.double().mean(0) > 0.5
    return three_cell_accuracy((often.float() * 2 - 1).expand(len(labels), -1), labels)
