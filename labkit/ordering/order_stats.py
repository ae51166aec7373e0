"""What an order does to neighbours: how far apart along the walk are cells that are close on the grid?"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.ordering.curves import order_path


def order_stats(rank: Int[Tensor, "height width"]) -> dict[str, Any]:
    """The locality of an order.

    Returns:
        neighbour_stretch: the mean |rank difference| over all pairs of 4-neighbours.
        max_stretch: the largest of them.
        unit_steps: the fraction of consecutive ranks that are 4-neighbours (1.0 on a single cell).
        longest_step: the longest step of the walk, in L1.
        stretch_by_distance: the mean |rank difference| for every rounded Euclidean distance from 1.
        distance_by_stretch: the mean Euclidean distance for every |rank difference| from 1.

    Raises:
        ValueError: `rank` is no rank grid.
    """
    path = order_path(rank)
    differences = torch.cat([rank.diff(dim=0).flatten(), rank.diff(dim=1).flatten()]).abs().double()
    steps = path.diff(dim=0).abs().sum(1)
    several = len(steps) > 0
    cells = path.double()  # in visiting order, so that |i - j| is the rank difference
    distance = torch.cdist(cells, cells, compute_mode="donot_use_mm_for_euclid_dist")
    order = torch.arange(len(cells), dtype=torch.float64, device=rank.device)
    stretch = (order[:, None] - order).abs()
    return {
        "neighbour_stretch": differences.mean().item() if several else 0.0,
        "max_stretch": int(differences.max()) if several else 0,
        "unit_steps": (steps == 1).double().mean().item() if several else 1.0,
        "longest_step": int(steps.max()) if several else 0,
        "stretch_by_distance": _mean_by(distance, stretch),
        "distance_by_stretch": _mean_by(stretch, distance),
    }


def _mean_by(key: Float[Tensor, "n n"], value: Float[Tensor, "n n"]) -> Float[Tensor, " keys"]:
    """The mean value for every rounded key from 1; NaN where no pair has it."""
    bins = key.round().long().flatten()
    count = torch.bincount(bins).double()
    total = torch.bincount(bins, weights=value.flatten())
    return (total / count)[1:]
