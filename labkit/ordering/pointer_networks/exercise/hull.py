"""Exercise 2: the canonical hull."""

import torch

from labkit.exercise import Mistake, exercise, recognise
from labkit.ordering.pointer_networks.exercise.pointer import check_tensor
from labkit.ordering.pointer_networks.geometry import convex_hull, hull_target, polygon_area, same_cycle


def _solution(points):
    hull = convex_hull(points)
    hull = hull.roll(-int(hull.argmin()))
    return torch.cat([hull, hull[:1]])


def _clockwise(points):
    return _solution(points).flip(0)


def _solvers_start(points):
    hull = convex_hull(points)
    return torch.cat([hull, hull[:1]])


def _open(points):
    return _solution(points)[:-1]


def _lowest_point(points):
    hull = convex_hull(points)
    hull = hull.roll(-int(points[hull, 1].argmin()))
    return torch.cat([hull, hull[:1]])


def _sorted(points):
    hull = convex_hull(points).sort().values
    return torch.cat([hull, hull[:1]])


def _one_based(points):
    return _solution(points) + 1


@exercise(
    "The canonical hull",
    level="key",
    points=3,
    solution=_solution,
    hints=(
        "`convex_hull(points)` is counter-clockwise already; only its start is the solver's.",
        "`hull.roll(-int(hull.argmin()))` turns the smallest index to the front without changing the cycle.",
        "The paper's targets repeat the first index at the end: the network learns to close the polygon.",
    ),
    mistakes=(
        Mistake(
            "clockwise",
            _clockwise,
            "Your polygon runs clockwise: its signed area is negative. The target is counter-clockwise.",
        ),
        Mistake(
            "the solver's start",
            _solvers_start,
            "Your polygon starts where the solver happens to start. It must start at the smallest index *on the hull* "
            "(not at 0, which may lie inside).",
        ),
        Mistake(
            "not closed",
            _open,
            "The closing index is missing: the first one is repeated at the end.",
        ),
        Mistake(
            "the lowest point",
            _lowest_point,
            "You start at the lowest point of the plane (smallest y). It is the smallest index that counts.",
        ),
        Mistake(
            "sorted",
            _sorted,
            "Your indices are sorted: that is the set of the hull's points, not the way around it.",
        ),
        Mistake(
            "counted from 1",
            _one_based,
            "Your indices count from 1; here the first point is 0. (The authors' files count from 1.)",
        ),
    ),
)
def canonical_hull(answer) -> str:
    r"""Write `hull_target(points)`: the canonical answer to a tensor of points `(n, 2)`, in 0-based positions.

    It goes **counter-clockwise** around the convex hull, starts at the hull's point with the **smallest index**, and
    **repeats** that first index at the end. `convex_hull(points)` gives the hull counter-clockwise, from an arbitrary
    start.
    """
    for seed, n in enumerate((5, 9, 4, 12, 7, 30)):
        points = torch.rand(
            n, 2, generator=torch.Generator(device="cpu").manual_seed(seed + 20), device="cpu"
        )
        found, wanted = check_tensor(answer(points), "hull_target"), hull_target(points)
        if torch.equal(found, wanted):
            continue
        inside = len(found) > 2 and int(found.min()) >= 0 and int(found.max()) < n
        extra = f" Yours: {found.tolist()}." if len(found) < 20 else ""
        if (
            inside
            and same_cycle(found, wanted)
            and polygon_area(points, found) > 0
            and len(found) == len(wanted)
        ):
            extra += f" The smallest index on this hull is {int(wanted.min())}."
        raised = recognise(
            canonical_hull.mistakes,
            lambda mistaken, found=found, points=points: torch.equal(found, mistaken(points)),
            f"For {n} points the target has {len(wanted)} entries and starts with {wanted[:2].tolist()}.",
        )
        raise type(raised)(f"{raised}{extra}")
    return "One problem, one answer: the network is never told off for a polygon that was right."
