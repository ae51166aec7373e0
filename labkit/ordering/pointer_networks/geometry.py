"""The three geometric problems, solved: convex hull, Delaunay triangulation, travelling salesman (section 3).

All in float64 on the CPU, from the same numbers that a model sees. Positions are 0-based.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull, Delaunay, QhullError
from torch import Tensor

Points = Float[Tensor, "n 2"]


def check_points(points: Tensor, least: int) -> np.ndarray:
    """Points as a float64 array (n, 2).

    Raises:
        ValueError: not (n, 2), fewer than `least`, or not finite.
    """
    if points.dim() != 2 or points.shape[1] != 2:
        raise ValueError(f"points must have the shape (n, 2); got {tuple(points.shape)}")
    if len(points) < least:
        raise ValueError(f"points: this task needs at least {least} points; got {len(points)}")
    if not torch.isfinite(points).all():
        raise ValueError("points must be finite; some coordinate is NaN or infinite")
    return points.detach().cpu().numpy().astype(np.float64)


def polygon_area(points: Points, polygon: Int[Tensor, " m"]) -> float:
    """Signed area: positive for a counter-clockwise polygon. The closing repeat of the first point may stand there."""
    x, y = points.detach().cpu().double()[polygon.cpu()].T
    # A = 1/2 sum_i (x_i y_{i+1} - x_{i+1} y_i)
    return 0.5 * (x * y.roll(-1) - x.roll(-1) * y).sum().item()


def convex_hull(points: Points) -> Int[Tensor, " h"]:
    """The hull's vertices, counter-clockwise, from wherever the solver starts.

    Raises:
        ValueError: fewer than 3 points, not finite, or all on one line.
    """
    return torch.as_tensor(_hull(check_points(points, 3)), device="cpu")


def _hull(p: np.ndarray) -> np.ndarray:
    try:
        return ConvexHull(p).vertices.astype(np.int64)
    except QhullError:
        raise ValueError("points are collinear: their hull has no area") from None


def hull_target(points: Points) -> Int[Tensor, " m"]:
    """The paper's target: from the hull's point of lowest index, counter-clockwise, closed by repeating it."""
    hull = _hull(check_points(points, 3))
    hull = np.roll(hull, -int(hull.argmin()))
    return torch.as_tensor(np.append(hull, hull[0]), device="cpu")


def incenters(points: Points, triangles: Int[Tensor, "t 3"]) -> Float[Tensor, "t 2"]:
    """Centres of the inscribed circles: (a A + b B + c C) / (a + b + c), with the lengths of the opposite sides."""
    corners = points.detach().cpu().double()[triangles.cpu()]
    A, B, C = corners.unbind(1)
    a, b, c = ((P - Q).norm(dim=-1, keepdim=True) for P, Q in ((B, C), (A, C), (A, B)))
    return (a * A + b * B + c * C) / (a + b + c)


def delaunay_target(points: Points) -> Int[Tensor, "t 3"]:
    """Delaunay's triangles, each an increasing triple, sorted by incenter (x, then y).

    Raises:
        ValueError: as `convex_hull`, or two points are the same.
    """
    p = check_points(points, 3)
    if len(np.unique(p, axis=0)) < len(p):
        raise ValueError("points: two of them are the same; Delaunay's triangulation needs distinct points")
    try:
        triangles = np.sort(Delaunay(p).simplices, axis=1).astype(np.int64)
    except QhullError:
        raise ValueError("points are collinear: there is no triangulation") from None
    centres = incenters(points, torch.as_tensor(triangles, device="cpu")).numpy()
    return torch.as_tensor(triangles[np.lexsort((centres[:, 1], centres[:, 0]))], device="cpu")


def is_delaunay(points: Points, triangles: Int[Tensor, "t 3"], tolerance: float = 1e-9) -> bool:
    """Whether no point lies inside any triangle's circumcircle, and the triangles cover the hull exactly."""
    p = points.detach().cpu().double()
    centre, radius = circumcircles(points, triangles)
    distance = (p[None] - centre[:, None]).norm(dim=-1)
    inside = (distance < radius[:, None] * (1 - tolerance) - 1e-12).any()
    covered = sum(abs(polygon_area(points, t)) for t in triangles)
    return not inside and abs(covered - abs(polygon_area(points, convex_hull(points)))) < max(tolerance, 1e-9)


def circumcircles(
    points: Points, triangles: Int[Tensor, "t 3"]
) -> tuple[Float[Tensor, "t 2"], Float[Tensor, " t"]]:
    """Centres and radii of the circles through the triangles' corners."""
    A, B, C = points.detach().cpu().double()[triangles.cpu()].unbind(1)
    # |X - A|^2 = |X - B|^2 = |X - C|^2: two linear equations for X
    left = 2 * torch.stack([B - A, C - A], 1)
    right = torch.stack([(B * B - A * A).sum(-1), (C * C - A * A).sum(-1)], 1)
    centre = torch.linalg.solve(left, right)
    return centre, (centre - A).norm(dim=-1)


def is_simple(points: Points, polygon: Int[Tensor, " m"]) -> bool:
    """Whether a closed polygon has at least 3 distinct corners and no two of its sides cross or touch."""
    ring = open_ring(polygon.cpu())
    m = len(ring)
    if m < 3 or len(ring.unique()) < m:
        return False
    p = points.detach().cpu().double().numpy()[ring.numpy()]
    return m == 3 or not crossings(p)


def crossings(ring: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of sides of a closed polygon (m, 2) that cross properly; side i goes from corner i to i + 1."""
    m = len(ring)
    i, j = np.triu_indices(m, 2)
    keep = ~((i == 0) & (j == m - 1))  # these two are neighbours
    i, j = i[keep], j[keep]
    a, b, c, d = ring[i], ring[(i + 1) % m], ring[j], ring[(j + 1) % m]

    def side(p, q, r):
        u, w = q - p, r - p
        return np.sign(u[:, 0] * w[:, 1] - u[:, 1] * w[:, 0])

    cross = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    return [(int(s), int(t)) for s, t in zip(i[cross], j[cross], strict=True)]


def open_ring(sequence: Int[Tensor, " m"]) -> Int[Tensor, " k"]:
    """Without the closing repeat of the first entry, where it stands there."""
    closed = len(sequence) > 1 and int(sequence[0]) == int(sequence[-1])
    return sequence[:-1] if closed else sequence


def same_cycle(a, b) -> bool:
    """Whether two cycles are the same in the same direction; any start counts, a closing repeat does not."""
    a, b = (open_ring(torch.as_tensor(x, device="cpu")).tolist() for x in (a, b))
    if len(a) != len(b):
        return False
    return not a or any(a[k:] + a[:k] == b for k in range(len(a)))
