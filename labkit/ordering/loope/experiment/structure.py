"""The stage that trains nothing: structural metrics of every order (Table 5), recomputed."""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.experiment import Run
from labkit.ordering.curves import ORDERS, patch_order
from labkit.ordering.loope.experiment.settings import LoopeSettings
from labkit.ordering.loope.method import sinusoid
from labkit.ordering.loope.pesi import (
    asymmetry_of,
    directed_of,
    frequency_sensitivity,
    frequency_sets,
    monotonicity_of,
    occupancy_ceiling,
    similarities,
    undirected_asymmetry,
    undirected_monotonicity,
)
from labkit.ordering.loope.three_cell import three_cell_batch
from labkit.ordering.order_stats import order_stats


def gaussian_embedding(height: int, width: int, scale: float = 6.0) -> Float[Tensor, "height width n"]:
    """An embedding whose similarities are exp(-d^2 / (2 scale^2)): perfectly monotone, perfectly even; float64."""
    cells = torch.cartesian_prod(
        torch.arange(height, dtype=torch.float64, device="cpu"),
        torch.arange(width, dtype=torch.float64, device="cpu"),
    )
    gram = torch.exp(
        -(torch.cdist(cells, cells, compute_mode="donot_use_mm_for_euclid_dist") ** 2) / (2 * scale**2)
    )
    values, vectors = torch.linalg.eigh(gram)
    return (vectors * values.clamp(min=0).sqrt()).view(height, width, -1)


def metrics(settings: LoopeSettings, run: Run) -> None:
    """M_U, M_D, A_SU and locality of every order, M_D against N, and the metrics' dependence on frequencies."""
    grid = (settings.side, settings.side)
    embeddings = {
        name: sinusoid(patch_order(name, *grid, seed=run.seed).double() + 1, settings.dim) for name in ORDERS
    }
    embeddings["gaussian"] = gaussian_embedding(*grid)
    for position, (name, P) in enumerate(embeddings.items()):
        S = similarities(P.to(run.device))
        run.measure("M_U", monotonicity_of(S, grid), order=name)
        run.measure("A_SU", asymmetry_of(S, grid), order=name)
        for N in sorted({*settings.sweep, 1, settings.buckets}):
            run.measure("M_D", directed_of(S, grid, N), order=name, buckets=N)
        run.measure("M_D skip", directed_of(S, grid, settings.buckets, "skip"), order=name)
        if name in ORDERS:
            stats = order_stats(patch_order(name, *grid, seed=run.seed))
            for metric in ("neighbour_stretch", "max_stretch", "unit_steps", "longest_step"):
                run.measure(metric, stats[metric], order=name)
        run.progress((position + 1) / len(embeddings), name)
    for N in settings.sweep:
        run.measure("ceiling", occupancy_ceiling(grid, N), buckets=N)
    ranks = patch_order("gilbert", *grid).double() + 1
    for metric in (undirected_monotonicity, undirected_asymmetry):
        value = frequency_sensitivity(
            lambda w, metric=metric: metric(sinusoid(ranks, 2 * len(w), w=w)),
            frequency_sets(settings.dim // 2),
        )
        run.measure(f"sensitivity of {metric.__name__}", value)
    _, labels, _ = three_cell_batch(10_000, settings.side, 1, run.generator(2))
    equal = ~(labels[:, 3] | labels[:, 4])
    run.measure("equal areas", equal.double().mean().item())
