"""How good decoded answers are: the paper's accuracy, area, coverage and tour length (Tables 1 and 2)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from labkit.ordering.pointer_networks.geometry import is_simple, open_ring, polygon_area, same_cycle
from labkit.ordering.pointer_networks.tours import tour_length


def hull_scores(
    points: Sequence[Tensor], answers: Sequence[Tensor], truths: Sequence[Tensor]
) -> dict[str, float]:
    """Accuracy (the same polygon, wherever it starts), mean area over simple polygons / true area, and their share.

    `outline` counts the same polygon in either direction. `fail` is 1 where more than 1% of the answers are no simple
    polygons: the paper's FAIL.
    """
    exact, outline, areas = [], [], []
    for p, answer, truth in zip(points, answers, truths, strict=True):
        exact.append(same_cycle(answer, truth))
        outline.append(exact[-1] or same_cycle(answer.flip(0), truth))
        if is_simple(p, answer):
            areas.append(abs(polygon_area(p, open_ring(answer.cpu()))) / polygon_area(p, truth))
    simple = len(areas) / len(exact)
    area = sum(areas) / len(areas) if areas else float("nan")
    return {
        "accuracy": sum(exact) / len(exact),
        "outline": sum(outline) / len(exact),
        "area": area,
        "simple": simple,
        "fail": float(simple < 0.99),
    }


def delaunay_scores(answers: Sequence[Tensor], truths: Sequence[Tensor]) -> dict[str, float]:
    """Accuracy (the same set of triangles) and coverage (the share of the true triangles that were given).

    Answers are flat, three pointers a triangle; an incomplete last triangle counts as wrong.
    """
    exact = covered = 0.0
    for answer, truth in zip(answers, truths, strict=True):
        found, right = triangle_set(answer), triangle_set(truth)
        exact += found == right and len(answer) % 3 == 0
        covered += len(found & right) / len(right)
    return {"accuracy": exact / len(answers), "coverage": covered / len(answers)}


def triangle_set(flat: Tensor) -> set[tuple[int, ...]]:
    """Flat pointers as a set of triangles (sorted triples)."""
    whole = flat.flatten()[: flat.numel() // 3 * 3].view(-1, 3)
    return {tuple(sorted(map(int, triangle))) for triangle in whole}


def tour_scores(points: Sequence[Tensor], answers: Sequence[Tensor], lengths: Tensor) -> dict[str, float]:
    """Mean length of the valid tours, the same / the optimal length, and the share of valid ones.

    Read them together: a mean over valid tours alone flatters a model that gives few of them.
    """
    made, best = [], []
    for p, answer, length in zip(points, answers, lengths.tolist(), strict=True):
        if sorted(answer.tolist()) == list(range(len(p))):
            made.append(tour_length(p, answer))
            best.append(length)
    valid = len(made) / len(answers)
    if not made:
        return {"length": float("nan"), "ratio": float("nan"), "valid": 0.0}
    return {"length": sum(made) / len(made), "ratio": sum(made) / sum(best), "valid": valid}


def mean_position(truth: Tensor, n: int) -> float:
    """Where the hull's points stand in the input on average: 0 is first, 1 is last."""
    return open_ring(truth).double().mean().item() / max(1, n - 1)


def least_squares_slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The slope of the line through (x, y) by least squares."""
    a, b = (torch.tensor(v, dtype=torch.float64, device="cpu") for v in (x, y))
    a = a - a.mean()
    return ((a * (b - b.mean())).sum() / a.square().sum()).item()
