"""Pointing, tours, Held and Karp's table, triangulations."""

import itertools
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, Step, demo
from labkit.ordering.pointer_networks import figures
from labkit.ordering.pointer_networks.demo.instances import ask, crossing_places, truth, uniform
from labkit.ordering.pointer_networks.geometry import circumcircles
from labkit.ordering.pointer_networks.metrics import triangle_set
from labkit.ordering.pointer_networks.tours import HEURISTICS, distances, tour_length, tsp_exact

Seed = Annotated[int, Interval(ge=0, le=99), doc("other points")]
TASKS = {"convex hull": "hull", "Delaunay": "delaunay", "tour": "tsp"}
Place = Annotated[float, Interval(ge=0, le=1), Step(0.02)]


@demo("Pointing: the attention weights are the output")
def point(
    task: Literal["convex hull", "tour", "Delaunay"] = "convex hull",
    n: Annotated[
        int, Interval(ge=3, le=30), Label("points n"), doc("trained on 5-10 (hull), 10 (tour), 5")
    ] = 8,
    seed: Seed = 73,
    step: Annotated[int, Interval(ge=1, le=40), Label("decoder step")] = 3,
    beam: Annotated[int, Interval(ge=1, le=10), Label("beam width")] = 1,
    constraint: Annotated[bool, doc("only closed polygons of distinct points, or only tours")] = False,
    temperature: Annotated[
        float, Interval(ge=0.25, le=4), Step(0.25), doc("of the probabilities shown; the answer stays")
    ] = 1.0,
    moved: Annotated[int, Interval(ge=0, le=30), Label("move point"), doc("0 moves none")] = 0,
    x: Annotated[Place, Label("to x")] = 0.5,
    y: Annotated[Place, Label("to y")] = 0.5,
) -> go.Figure:
    """Move the step: the lines from the last point are the output distribution, one line for each point and one for
    END. Where the network is sure, one thick line; where two corners are close, two. Raise n beyond its training: it
    still answers, since there is one score for each input, but ever less well. Move a point across the hull's edge and
    watch the answer follow, or not. For tours, switch the constraint off and look for repeated points.
    """
    points = uniform(n, seed)
    if 0 < moved <= n:
        points[moved - 1] = torch.tensor([x, y], device="cpu")
    kind = TASKS[task]
    answer, probabilities = ask(kind, points, beam, constraint)
    right = truth(kind, points).tolist()
    path, goal = answer, right
    if kind == "delaunay":
        path, goal = _outline(answer), _outline(right)
    elif kind == "tsp":
        goal = [*right, right[0]]
    powered = probabilities ** (1 / temperature)
    powered = powered / powered.sum(1, keepdims=True)
    at = min(step, len(powered)) - 1
    names = " ".join(str(i + 1) for i in answer[:14]) + (" ..." if len(answer) > 14 else "")
    return figures.pointing(
        points.double().numpy(),
        path,
        goal,
        powered,
        at,
        title=f"{task} of {n} points: {names or 'nothing'}, END",
        truth_name="true answer" if kind != "tsp" or n <= 12 else "best heuristic",
    )


def _outline(flat: list[int]) -> list[int]:
    """Triangles as one walk, each closed before the next."""
    walk = []
    for at in range(0, len(flat), 3):
        triangle = flat[at : at + 3]
        walk += [*triangle, triangle[0]]
    return walk


@demo("Tours: the shortest, three heuristics, and the student")
def tours(
    n: Annotated[int, Interval(ge=4, le=12), Label("cities n"), doc("the network was trained on 10")] = 10,
    seed: Seed = 9,
    beam: Annotated[int, Interval(ge=1, le=10), Label("beam width")] = 3,
) -> go.Figure:
    """The same cities, five tours, with their lengths. A1, nearest neighbour, leaves a city behind and has to come back
    for it: look for its long sides and crossings (x). A2 and A3 end with 2-opt, which removes every crossing. The
    network has never been told what a length is: it imitates. Change the seed, and n away from 10.
    """
    points = uniform(n, seed)
    best, length = tsp_exact(points)
    found = {"optimal": (best.tolist(), length, [])}
    titles = {"A1": "A1 nearest", "A2": "A2 + 2-opt", "A3": "A3 Christofides"}
    for name, solve in HEURISTICS.items():
        tour = solve(points)
        found[titles[name]] = (
            tour.tolist(),
            tour_length(points, tour),
            crossing_places(points, tour.tolist()),
        )
    student, _ = ask("tsp", points, beam, True)
    found["Ptr-Net"] = (
        student,
        tour_length(points, torch.tensor(student, device="cpu")),
        crossing_places(points, student),
    )
    return figures.tours(points.double().numpy(), found, title=f"Tours of {n} cities")


@demo("Held and Karp: every subset once")
def held_karp(
    size: Annotated[int, Interval(ge=1, le=4), Label("filled up to size")] = 2, seed: Seed = 0
) -> go.Figure:
    """Five points, point 1 is the start. In each box stands, for every last point j, the length of the shortest path
    from 1 through the set S that ends at j. Raise the size: each row is made from the row below alone, by dropping the
    last point. 2^(n-1) boxes instead of (n-1)! tours: 16 against 24 here, half a million against 10^17 for n = 20.
    """
    points = uniform(5, seed)
    d = distances(points)
    costs: dict[tuple[tuple[int, ...], int], float] = {((j,), j): d[0, j - 1].item() for j in range(2, 6)}
    for count in range(2, 5):
        for subset in itertools.combinations(range(2, 6), count):
            for j in subset:
                rest = tuple(k for k in subset if k != j)
                # C(S, j) = min_k C(S - j, k) + d(k, j)
                costs[subset, j] = min(costs[rest, k] + d[k - 1, j - 1].item() for k in rest)
    tour, length = tsp_exact(points)
    walk = [i + 1 for i in tour.tolist()[1:]]
    best = {(tuple(sorted(walk[: k + 1])), walk[k]) for k in range(4)}
    done = f"shortest tour {length:.2f}" if size == 4 else "the tour's length comes last"
    return figures.held_karp(costs, size, best, title=f"C(S, j) for |S| up to {size}; {done}")


@demo("Delaunay: right, wrong and missing triangles")
def delaunay(
    n: Annotated[int, Interval(ge=3, le=12), Label("points n"), doc("the network was trained on 5")] = 5,
    seed: Seed = 82,
    beam: Annotated[int, Interval(ge=1, le=10), Label("beam width")] = 1,
) -> go.Figure:
    """Each triangle is three pointers. Green ones are Delaunay's, orange ones are not, dotted ones were forgotten.
    Hover over a diamond: it tells how many points lie inside the triangle's circumcircle; for a right one none. Past
    5 points of its training the network forgets most of them.
    """
    points = uniform(n, seed)
    answer, _ = ask("delaunay", points, beam, False)
    right = triangle_set(truth("delaunay", points))
    given = {t for t in triangle_set(torch.tensor(answer, device="cpu")) if len(set(t)) == 3}
    groups = {
        "right": sorted(given & right),
        "wrong": sorted(given - right),
        "missing": sorted(right - given),
    }
    every = sorted(given | right)
    centres, radii = circumcircles(points, torch.tensor(every, device="cpu"))
    p = points.double()
    circles = {}
    for t, centre, radius in zip(every, centres, radii.tolist(), strict=True):
        near = (p - centre).norm(dim=-1) < radius * (1 - 1e-9)
        circles[t] = (centre.numpy(), radius, [i for i in near.nonzero().flatten().tolist() if i not in t])
    title = f"{len(groups['right'])} of {len(right)} triangles of {n} points"
    return figures.triangulations(p.numpy(), groups, circles, title=title)
