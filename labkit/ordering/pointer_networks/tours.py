"""Tours: the exact solution, the three heuristics that serve as teachers, and the canonical form (section 3.3).

The paper names its heuristics A1 and A2 (O(n^2)) and A3 (Christofides, O(n^3)), and links to their programs. Which
A1 and A2 are cannot be told any more: here A1 is nearest neighbour, A2 nearest neighbour and 2-opt, A3 Christofides
and 2-opt.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.ordering.pointer_networks.geometry import Points, check_points, polygon_area


def distances(points: Float[Tensor, "*batch n 2"]) -> Float[Tensor, "*batch n n"]:
    """Euclidean distances in float64."""
    p = points.detach().cpu().double()
    return (p.unsqueeze(-2) - p.unsqueeze(-3)).norm(dim=-1)


def tour_length(points: Points, tour: Int[Tensor, " m"]) -> float:
    """The closed tour's length."""
    p = points.detach().cpu().double()[tour.cpu()]
    return (p - p.roll(-1, 0)).norm(dim=-1).sum().item()


def canonical_tour(points: Points, tour: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    """The same tour from point 0, counter-clockwise (positive signed area; a tie goes to the smaller second index)."""
    tour = tour.cpu()
    tour = tour.roll(-int((tour == 0).nonzero()[0]))
    area = polygon_area(points, tour)
    backwards = area < -1e-15 or (abs(area) <= 1e-15 and len(tour) > 2 and tour[1] > tour[-1])
    return torch.cat([tour[:1], tour[1:].flip(0)]) if backwards else tour


def _held_karp(d: np.ndarray) -> np.ndarray:
    """C(S, j): the shortest path from point 0 through all of S that ends at j; infinite where j is not in S.

    (batch, 2^(n-1), n-1); S is a bit mask over points 1..n-1.
    """
    batch, n, _ = d.shape
    m = n - 1
    table = np.full((batch, 1 << m, m), np.inf)
    for j in range(m):
        table[:, 1 << j, j] = d[:, 0, j + 1]
    masks = np.arange(1 << m)
    size = np.array([int(mask).bit_count() for mask in masks])
    for count in range(2, m + 1):
        of_size = masks[size == count]
        for j in range(m):
            S = of_size[(of_size >> j) & 1 == 1]
            # C(S, j) = min_{k in S \ j} C(S \ j, k) + d(k, j)
            table[:, S, j] = (table[:, S ^ (1 << j)] + d[:, None, 1:, j + 1]).min(-1)
    return table


def _check_exact(points: Tensor) -> None:
    n = points.shape[-2]
    if points.shape[-1] != 2 or n < 2:
        raise ValueError(f"points must have the shape (.., n, 2) with n >= 2; got {tuple(points.shape)}")
    if n > 16:
        need = 2 ** (n - 1) * (n - 1) * 8 / 2**20
        raise ValueError(
            f"points: the exact tour of n = {n} needs {need:,.0f} MiB; at most n = 16 is allowed"
        )
    if not torch.isfinite(points).all():
        raise ValueError("points must be finite; some coordinate is NaN or infinite")


def tsp_exact_tours(
    points: Float[Tensor, "batch n 2"],
) -> tuple[Int[Tensor, "batch n"], Float[Tensor, " batch"]]:
    """Shortest tours by Held and Karp, many instances at once: O(2^n n^2) time and O(2^n n) memory each.

    Returns:
        canonical tours, and their lengths.

    Raises:
        ValueError: n < 2, n > 16 (with the memory it would need), or not finite.
    """
    _check_exact(points)
    batch, n, _ = points.shape
    every = distances(points).numpy()
    tours = np.zeros((batch, n), dtype=np.int64)
    lengths = np.zeros(batch)
    chunk = max(1, (1 << 22) // (2 ** (n - 1) * n))
    for at in range(0, batch, chunk):
        d = every[at : at + chunk]
        rows = np.arange(len(d))
        table = _held_karp(d)
        S = np.full(len(d), (1 << (n - 1)) - 1)
        total = table[rows, S] + d[:, 1:, 0]
        end = total.argmin(-1)
        lengths[at : at + chunk] = total[rows, end]
        for place in range(n - 1, 0, -1):  # backwards along the best choices
            tours[at : at + chunk, place] = end + 1
            S = S ^ (1 << end)
            if place > 1:
                end = (table[rows, S] + d[rows, 1:, end + 1]).argmin(-1)
    found = torch.as_tensor(tours, device="cpu")
    found = torch.stack([canonical_tour(p, t) for p, t in zip(points, found, strict=True)])
    return found, torch.as_tensor(lengths, device="cpu")


def tsp_exact_lengths(points: Float[Tensor, "batch n 2"]) -> Float[Tensor, " batch"]:
    """The lengths of the shortest tours; as `tsp_exact_tours`, in a third of its time for small n."""
    _check_exact(points)
    n = points.shape[1]
    chunk = max(1, (1 << 22) // (2 ** (n - 1) * n))
    every = distances(points).numpy()
    parts = [
        (_held_karp(d)[:, -1] + d[:, 1:, 0]).min(-1)
        for d in (every[at : at + chunk] for at in range(0, len(every), chunk))
    ]
    return torch.as_tensor(np.concatenate(parts), device="cpu")


def tsp_exact(points: Points) -> tuple[Int[Tensor, " n"], float]:
    """The shortest tour of one instance, canonical, and its length."""
    tours, lengths = tsp_exact_tours(points[None])
    return tours[0], lengths[0].item()


def tsp_greedy(points: Points) -> Int[Tensor, " n"]:
    """Nearest neighbour from point 0 (this lab's A1): O(n^2). Canonical."""
    check_points(points, 2)
    d = distances(points).numpy()
    tour = [0]
    left = np.ones(len(d), dtype=bool)
    left[0] = False
    while left.any():
        nearest = int(np.where(left, d[tour[-1]], np.inf).argmin())
        tour.append(nearest)
        left[nearest] = False
    return canonical_tour(points, torch.tensor(tour, device="cpu"))


def two_opt(points: Points, tour: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Reverses a stretch of the tour as long as that shortens it (best stretch first). Canonical; never longer."""
    check_points(points, 2)
    d = distances(points).numpy()
    t = tour.cpu().numpy().copy()
    n = len(t)
    if n > 3:
        i, j = np.triu_indices(n, 1)
        while True:
            a, b = t[i - 1], t[i]
            c, e = t[j], t[(j + 1) % n]
            # reversing t[i..j] replaces the sides (a, b) and (c, e) by (a, c) and (b, e)
            gain = d[a, b] + d[c, e] - d[a, c] - d[b, e]
            gain[(i == 0) & (j == n - 1)] = 0.0
            best = int(gain.argmax())
            if gain[best] < 1e-12:
                break
            t[i[best] : j[best] + 1] = t[i[best] : j[best] + 1][::-1].copy()
    return canonical_tour(points, torch.as_tensor(t, device="cpu"))


def christofides(points: Points) -> Int[Tensor, " n"]:
    """Christofides' tour, at most 1.5 times the shortest: O(n^3). Canonical.

    Minimum spanning tree; minimum-weight perfect matching of its odd vertices; Euler's circuit; shortcuts.
    """
    import networkx as nx

    check_points(points, 2)
    n = len(points)
    if n < 4:
        return canonical_tour(points, torch.arange(n, device="cpu"))
    d = distances(points).numpy()
    whole = nx.from_numpy_array(d)
    tree = nx.minimum_spanning_tree(whole)
    odd = [node for node, degree in tree.degree() if degree % 2]
    matched = nx.min_weight_matching(whole.subgraph(odd))
    walk = nx.MultiGraph(tree.edges())
    walk.add_edges_from(matched)
    tour = list(dict.fromkeys(a for a, _ in nx.eulerian_circuit(walk, source=0)))
    return canonical_tour(points, torch.tensor(tour, device="cpu"))


HEURISTICS = {
    "A1": lambda points: tsp_greedy(points),
    "A2": lambda points: two_opt(points, tsp_greedy(points)),
    "A3": lambda points: two_opt(points, christofides(points)),
}
