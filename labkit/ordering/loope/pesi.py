"""PESI: structural metrics of a position embedding P (rows, columns, dim), all read off its cosine similarities.

Undirected monotonicity M_U: does similarity fall with distance? 2 is perfect. Directed monotonicity M_D(N): does it
in each of N directions? Undirected asymmetry A_SU: how unequal is it at equal distance? 0 is perfect.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Empty = Literal["zero", "skip"]
DIGITS = 9  # similarities equal to so many decimals are ties: rounding errors are no order


def similarities(P: Float[Tensor, "rows columns dim"]) -> Float[Tensor, "n n"]:
    """The cosine of every pair of patches, float64.

    Raises:
        ValueError: a patch's vector is zero (an embedding without positions has no similarity).
    """
    flat = P.flatten(0, 1).double()
    norms = flat.norm(dim=1)
    if (norms == 0).any():
        at = int((norms == 0).nonzero()[0])
        raise ValueError(
            f"patch ({at // P.shape[1]},{at % P.shape[1]}) has zero norm: its similarity is undefined"
        )
    unit = flat / norms[:, None]
    return unit @ unit.T


def similarity_map(
    P: Float[Tensor, "rows columns dim"], centre: tuple[int, int]
) -> Float[Tensor, "rows columns"]:
    """S_c(i, j): the cosine of P at the centre (row, column) with every patch.

    Raises:
        ValueError: a zero vector, or a centre outside the grid.
    """
    rows, columns = P.shape[:2]
    if not (0 <= centre[0] < rows and 0 <= centre[1] < columns):
        raise ValueError(f"centre must lie in the {rows}x{columns} grid; got {centre}")
    return similarities(P)[centre[0] * columns + centre[1]].view(rows, columns).to(P.dtype)


def undirected_monotonicity(P: Float[Tensor, "rows columns dim"]) -> float:
    """M_U = mean over centres c of 1 - rho_c, rho_c = Spearman(radius, mean similarity at the radius).

    Radii are rounded Euclidean distances, the centre's 0 included. 2 is perfect.
    """
    return monotonicity_of(similarities(P), tuple(P.shape[:2]))


def monotonicity_of(S: Float[Tensor, "n n"], grid: tuple[int, int]) -> float:
    """M_U from the similarities; see `undirected_monotonicity`."""
    total, count, present = _by_radius(S, grid)
    mean = (total / count.clamp(min=1)).mul(10**DIGITS).round()
    # ranks of the mean similarity among the radii that this centre has, ties averaged
    less = (mean[:, None, :] < mean[:, :, None]) & present[:, None, :]
    same = (mean[:, None, :] == mean[:, :, None]) & present[:, None, :]
    rank = less.sum(-1) + (same.sum(-1) + 1) / 2
    radius = present.cumsum(-1).double()
    return (1 - _pearson(radius, rank, present)).mean().item()


def undirected_asymmetry(P: Float[Tensor, "rows columns dim"]) -> float:
    """A_SU = mean over centres of the mean over rounded radii of std / mean of the similarities (population std)."""
    return asymmetry_of(similarities(P), tuple(P.shape[:2]))


def asymmetry_of(S: Float[Tensor, "n n"], grid: tuple[int, int]) -> float:
    """A_SU from the similarities; see `undirected_asymmetry`."""
    total, count, present = _by_radius(S, grid)
    mean = total / count.clamp(min=1)
    bins = _radii(*grid).to(S.device)
    squares = torch.zeros_like(total).scatter_add_(1, bins, (S - mean.gather(1, bins)).square())
    # a single cell's deviation is 0, whatever its rounding says
    ratio = torch.where(count > 1, (squares / count.clamp(min=1)).sqrt() / mean, 0.0)
    return (torch.where(present, ratio, 0.0).sum(1) / present.sum(1)).mean().item()


def directed_monotonicity(P: Float[Tensor, "rows columns dim"], buckets: int, empty: Empty = "zero") -> float:
    """M_D(N) = mean over centres of 1 - mean over N directions of Spearman(distance, similarity).

    A cell's direction is floor(theta / (2 pi / N)) with theta = atan2(columns away, rows away) (the first grid axis
    is x). The centre counts in direction 0.

    Args:
        empty: a direction with fewer than two cells counts as rho = 0 ("zero", the paper's algorithm), which puts a
            ceiling below 2 on M_D; "skip" leaves it out of the mean.

    Raises:
        ValueError: `buckets` < 1, an unknown `empty`, or a zero vector.
    """
    return directed_of(similarities(P), tuple(P.shape[:2]), buckets, empty)


def directed_of(S: Float[Tensor, "n n"], grid: tuple[int, int], buckets: int, empty: Empty = "zero") -> float:
    """M_D from the similarities; see `directed_monotonicity`."""
    if buckets < 1:
        raise ValueError(f"buckets must be at least 1; got {buckets}")
    if empty not in ("zero", "skip"):
        raise ValueError(f"empty must be 'zero' or 'skip'; got {empty!r}")
    group, distance_rank = (part.to(S.device) for part in _directions(*grid, buckets))
    rank = _ranks(S.flatten().mul(10**DIGITS).round(), group)
    rho, several = _group_pearson(distance_rank, rank, group, len(S) * buckets)
    rho, several = rho.view(len(S), buckets), several.view(len(S), buckets)
    by = buckets if empty == "zero" else several.sum(1).clamp(min=1)
    return (1 - rho.sum(1) / by).mean().item()


def occupancy_ceiling(grid: tuple[int, int], buckets: int) -> float:
    """The largest M_D(N) that any embedding can reach when empty directions count as 0: 1 + the occupied fraction."""
    group, _ = _directions(*grid, buckets)
    count = torch.bincount(group, minlength=grid[0] * grid[1] * buckets)
    return 1 + (count >= 2).double().mean().item()


def pesi(P: Float[Tensor, "rows columns dim"], buckets: int = 60) -> dict[str, float]:
    """All three metrics from one similarity matrix: M_U, M_D, A_SU."""
    S, grid = similarities(P), tuple(P.shape[:2])
    return {
        "M_U": monotonicity_of(S, grid),
        "M_D": directed_of(S, grid, buckets),
        "A_SU": asymmetry_of(S, grid),
    }


def frequency_sets(count: int, *, generator: torch.Generator | None = None) -> list[Float[Tensor, " count"]]:
    """The supplement's four sets of frequencies (A.6): 0.978^i, linear from 1 to 1e-4, 0.9^i, sorted uniform."""
    generator = generator or torch.Generator(device="cpu").manual_seed(0)
    i = torch.arange(count, dtype=torch.float64, device="cpu")
    uniform = torch.rand(count, generator=generator, dtype=torch.float64, device="cpu")
    return [
        0.978**i,
        torch.linspace(1, 1e-4, count, dtype=torch.float64, device="cpu"),
        0.9**i,
        uniform.sort(descending=True).values,
    ]


def frequency_sensitivity(
    metric: Callable[[Tensor], float], signals: Sequence[Float[Tensor, " count"]]
) -> float:
    """How much a metric depends on the frequencies rather than on the order (supplement A.6).

    sum_j |O_j - O_1| / sum_j (||f_j - f_1|| / ||f_1||), with O_j = metric(f_j).

    Raises:
        ValueError: fewer than two signals, or signals that are all alike.
    """
    if len(signals) < 2:
        raise ValueError(f"signals must be at least two; got {len(signals)}")
    first = signals[0]
    moved = sum(float((f - first).norm() / first.norm()) for f in signals[1:])
    if moved == 0:
        raise ValueError("signals must differ from the first; they are all alike")
    outputs = [metric(f) for f in signals]
    return sum(abs(output - outputs[0]) for output in outputs[1:]) / moved


# --- groups of cells, and ranks within them ---------------------------------------------------------------------


@lru_cache(maxsize=64)
def _radii(rows: int, columns: int) -> Tensor:
    """The rounded distance of every pair of cells, (n, n)."""
    return _distance(rows, columns).round().long()


@lru_cache(maxsize=64)
def _distance(rows: int, columns: int) -> Tensor:
    dx, dy = _offsets(rows, columns)
    return (dx.square() + dy.square()).double().sqrt()


def _offsets(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    cell = torch.arange(rows * columns, device="cpu")
    i, j = cell // columns, cell % columns
    return i - i[:, None], j - j[:, None]


@lru_cache(maxsize=256)
def _directions(rows: int, columns: int, buckets: int) -> tuple[Tensor, Tensor]:
    """For every (centre, cell): the group centre * N + direction, and the rank of the distance within the group."""
    if buckets < 1:
        raise ValueError(f"buckets must be at least 1; got {buckets}")
    dx, dy = _offsets(rows, columns)
    # k = floor(theta / delta + 1e-9) mod N
    delta = 2 * math.pi / buckets
    k = (torch.atan2(dy.double(), dx.double()) / delta + 1e-9).floor().long() % buckets
    group = (torch.arange(len(dx), device="cpu")[:, None] * buckets + k).flatten()
    squared = (dx.square() + dy.square()).flatten().double()
    return group, _ranks(squared, group)


def _ranks(value: Float[Tensor, " m"], group: Tensor) -> Float[Tensor, " m"]:
    """The rank of each value, a whole number, within its group, ties averaged."""
    # one sort of one key: the group, then the value
    whole = value.long()
    low = whole.min()
    key, order = (group * (whole.max() - low + 1) + whole - low).sort()
    place = torch.arange(len(key), device=key.device)
    new = torch.ones(len(key), dtype=torch.bool, device=key.device)
    new[1:] = key[1:] != key[:-1]
    run = new.cumsum(0) - 1
    start = place[new]
    length = torch.diff(start, append=place.new_tensor([len(key)]))
    # up to a shift that is the same for the whole group, which a correlation does not see
    average = (start + (length - 1) / 2)[run]
    return torch.empty_like(average, dtype=value.dtype).scatter_(0, order, average.to(value.dtype))


def _group_pearson(x: Tensor, y: Tensor, group: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Pearson's correlation in every group; 0 where it has fewer than two cells or does not vary. Who has two."""

    def total(values: Tensor) -> Tensor:
        return torch.zeros(groups, dtype=x.dtype, device=x.device).scatter_add_(0, group, values)

    count = total(torch.ones_like(x))
    x = x - (total(x) / count.clamp(min=1))[group]
    y = y - (total(y) / count.clamp(min=1))[group]
    size = (total(x * x) * total(y * y)).sqrt()
    rho = torch.where(size > 1e-9, total(x * y) / size.clamp(min=1e-9), 0.0)
    return rho, count >= 2


def _by_radius(S: Tensor, grid: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Sum and count of the similarities at each rounded radius, (n, radii), and which radii there are."""
    bins = _radii(*grid).to(S.device)
    shape = (len(S), int(bins.max()) + 1)
    total = torch.zeros(shape, dtype=S.dtype, device=S.device).scatter_add_(1, bins, S)
    count = torch.zeros(shape, dtype=S.dtype, device=S.device).scatter_add_(1, bins, torch.ones_like(S))
    return total, count, count > 0


def _pearson(x: Tensor, y: Tensor, present: Tensor) -> Tensor:
    """Pearson's correlation along the last axis of what is present; 0 where one does not vary."""
    count = present.sum(-1, keepdim=True)
    x = torch.where(present, x - torch.where(present, x, 0.0).sum(-1, keepdim=True) / count, 0.0)
    y = torch.where(present, y - torch.where(present, y, 0.0).sum(-1, keepdim=True) / count, 0.0)
    size = (x.square().sum(-1) * y.square().sum(-1)).sqrt()
    return torch.where(size > 1e-9, (x * y).sum(-1) / size.clamp(min=1e-9), 0.0)
