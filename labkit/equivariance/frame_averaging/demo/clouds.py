"""Framed clouds: the eight faces, the commuting square, where frames break, sampling against the frame."""

import math
import warnings
from functools import lru_cache
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor

from labkit.demo import Label, Log, Step, demo
from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.frame_averaging import figures
from labkit.equivariance.frame_averaging.experiment.exactness import FlatMLP
from labkit.equivariance.frame_averaging.method import (
    DegenerateFrameWarning,
    FrameAverage,
    circle,
    euclidean_frame,
    group_average,
    relative_gap,
    stretched,
    whitened,
)
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.metrics import relative_error

Seed = Annotated[int, Interval(ge=0, le=99), doc("another cloud, and other random weights")]
Points = Annotated[int, Interval(ge=4, le=200), Label("points")]
GroupName = Annotated[
    Literal["E", "SE", "O", "SO"],
    Label("group"),
    doc("E, SE: motions, the cloud is centred; O, SO: rotations about the origin; S: no reflections"),
]
Degrees = Annotated[int, Interval(ge=0, le=360), Step(5), Unit("degrees"), Label("rotate")]
DOUBLE = torch.float64


def _generator(seed: int) -> torch.Generator:
    return torch.Generator(device="cpu").manual_seed(seed)


def hook(points: int, noise: float, d: int, seed: int) -> Tensor:
    """A bent, tapering strip of points: no symmetry, so that its copies can be told apart."""
    s = torch.linspace(0, 1, points, dtype=DOUBLE, device="cpu")
    x = torch.stack([2.6 * s - 1, 1.2 * (2.2 * s).sin() * s + 0.2 * (9 * s).cos() * (1 - s)], -1)
    if d == 3:
        x = torch.cat([x, (0.5 * (5 * s).cos() * s)[:, None]], -1)
    jitter = torch.randn(points, d, generator=_generator(seed), dtype=DOUBLE, device="cpu")
    return x + noise * jitter


def turn(degrees: float, d: int) -> Tensor:
    """A rotation in the plane; in space, also a tilt by half of it about the first axis."""
    a = math.radians(degrees)
    R = torch.eye(d, dtype=DOUBLE, device="cpu")
    R[:2, :2] = torch.tensor(
        [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]], dtype=DOUBLE, device="cpu"
    )
    if d == 3:
        b = a / 2
        tilt = torch.eye(3, dtype=DOUBLE, device="cpu")
        tilt[1:, 1:] = torch.tensor(
            [[math.cos(b), -math.sin(b)], [math.sin(b), math.cos(b)]], dtype=DOUBLE, device="cpu"
        )
        R = tilt @ R
    return R


@lru_cache(maxsize=16)
def network(n: int, d: int, out: int | None, seed: int) -> FlatMLP:
    """A random network without any symmetry."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FlatMLP(n, d, out).double().requires_grad_(False)


@demo("Eight faces of one cloud")
def eight_faces(
    space: Annotated[Literal["2D", "3D"], doc("four copies in the plane, eight in space")] = "3D",
    group: GroupName = "E",
    rotate: Degrees = 30,
    shift: Annotated[float, Interval(ge=-2, le=2), Step(0.25), doc("to the right")] = 1.0,
    element: Annotated[int, Interval(ge=1, le=8), Label("copy marked")] = 1,
    points: Points = 40,
    noise: Annotated[float, Interval(ge=0, le=0.5), Step(0.05)] = 0.05,
    seed: Seed = 0,
) -> go.Figure:
    """At the left a cloud with its principal axes; beside it, the cloud as seen along its own axes, once for every
    choice of the axes' signs. Rotate and shift the input: the copies stay where they are, or swap places, but as a set
    they never change. Choose SE or SO: the mirror images go, half of the copies are left. Choose O or SO and shift: now
    the copies do change, for these groups hold no translations.

    In space, the first two coordinates are drawn; the third is the size of the dots.
    """
    d = 3 if space == "3D" else 2
    cloud = hook(points, noise, d, seed) @ turn(rotate, d).T
    cloud[:, 0] += shift
    frame = euclidean_frame(cloud[None], group, tol=0)
    copies = frame.apply(cloud[None])[0].flip(-1)  # the longest axis first
    signs = (frame.rotations[0].transpose(1, 2) @ frame.rotations[0, 0]).diagonal(dim1=1, dim2=2).round()
    names = ["".join("+" if s > 0 else "−" for s in one.flip(0).tolist()) for one in signs]
    axes = frame.rotations[0, 0]
    lengths = (frame.eigenvalues[0] / points).clamp(min=0).sqrt() * 2
    words = "on this cloud's own axes" if group in ("E", "SE") else "on its axes through the origin"
    return figures.framed_copies(
        cloud,
        frame.translation[0, 0],
        axes,
        lengths,
        copies,
        names,
        title=f"{len(copies)} elements of the {group}({d}) frame, {words}",
        highlight=(element - 1) % len(copies),
    )


@demo("Commuting square: a vector at every point")
def commuting_square(
    model: Annotated[
        Literal["averaged over the frame", "backbone alone"], Label("network"), doc("a random network")
    ] = "averaged over the frame",
    group: GroupName = "E",
    rotate: Degrees = 60,
    reflect: Annotated[bool, doc("mirror the cloud as well")] = False,
    points: Annotated[int, Interval(ge=4, le=60)] = 16,
    seed: Seed = 0,
) -> go.Figure:
    """Right then down: move the cloud, then ask the network for a vector at every point. Down then right: ask first,
    then turn the vectors. Averaged over the frame, a network with random weights gives the same either way, to the last
    digits. The backbone alone does not. With SE or SO, mirror the cloud: their frames promise nothing for that, and the
    square no longer closes.
    """
    X = hook(points, 0.1, 2, seed)
    X = X - X.mean(0)
    R = turn(rotate, 2)
    if reflect:
        R = R @ torch.diag(torch.tensor([1.0, -1.0], dtype=DOUBLE, device="cpu"))
    backbone = network(points, 2, None, seed)
    f = FrameAverage(backbone, group, "vector", tol=0) if model.startswith("averaged") else backbone
    moved = apply_euclidean(X, R)
    before, after = f(X[None])[0], f(moved[None])[0]
    wanted = apply_euclidean(before, R)
    error = relative_error(after.flatten(), wanted.flatten(), 0).item()
    motion = f"turned by {rotate} degrees" + (", mirrored" if reflect else "")
    return figures.square_of_clouds(
        (X, moved),
        (before, after),
        wanted,
        error,
        title=f"A random network, {model}" + (f" of {group}(2)" if model.startswith("averaged") else ""),
        motion=motion,
        network="Φ" if model == "backbone alone" else "⟨Φ⟩",
    )


@demo("Where frames break: a nearly round cloud")
def where_frames_break(
    epsilon: Annotated[
        float, Interval(ge=1e-9, le=1.0), Log(per_decade=2), Label("anisotropy ε"), doc("0 would be round")
    ] = 1e-7,
    size: Annotated[
        float,
        Interval(ge=1e-8, le=1e-2),
        Log(per_decade=2),
        Label("size of the stretch"),
        doc("what is varied"),
    ] = 1e-6,
    stochastic: Annotated[
        Literal["all", "one"], Label("elements"), doc("average all elements, or take the first only")
    ] = "all",
    points: Annotated[int, Interval(ge=4, le=60)] = 12,
    seed: Seed = 0,
) -> go.Figure:
    """A cloud that is round but for ε is stretched by a millionth, in a direction that turns. The input hardly changes;
    does the output? While ε is far larger than the stretch, the line is flat. Make ε smaller: the principal axes now
    follow the stretch, all the way round, and the average goes with them. Take one element only: even for a large ε the
    output may jump, when the algorithm flips the sign of an axis.
    """
    X = whitened(hook(points, 0.2, 2, seed))
    X = X * torch.tensor([1 + epsilon, 1.0], dtype=DOUBLE, device="cpu")
    angles = circle(181)
    path = stretched(X, torch.full_like(angles, size), angles)
    average = FrameAverage(network(points, 2, 1, seed), "O", "invariant", tol=0)
    first = torch.zeros(len(path), 1, dtype=torch.long, device="cpu") if stochastic == "one" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateFrameWarning)
        y = average(path, elements=first)[:, 0]
        gap = relative_gap(euclidean_frame(path, "O", tol=0).eigenvalues).min().item()
    moved = (path[1:] - path[:-1]).flatten(1).norm(dim=1).max().item()
    jump = y.diff().abs().max().item()
    name = "average over the frame" if stochastic == "all" else "one element"
    return figures.breaking(
        torch.rad2deg(angles).tolist(),
        {name: y.tolist()},
        gap,
        title=f"Largest step of the output {jump:.1g}, of the input {moved:.1g}: {jump / moved:.2g} times as large",
        warning=10 * size,
    )


@demo("The frame against sampling the group")
def frame_against_sampling(
    d: Annotated[int, Interval(ge=2, le=4), Label("dimensions")] = 3,
    points: Annotated[int, Interval(ge=4, le=60)] = 12,
    k: Annotated[
        int, Interval(ge=1, le=16), Label("frame elements drawn"), doc("of the 2^d; the rest are left out")
    ] = 16,
    seed: Seed = 0,
) -> go.Figure:
    """How invariant is a random network, averaged? Over random elements of the group the error falls as the inverse
    root of their number: a hundred times as many, for one more digit. The frame is exact, with 2^d. Draw fewer of its
    elements: one of them is right on average only, as good as as many random ones.
    """
    generator = _generator(seed)
    X = torch.randn(8, points, d, generator=generator, dtype=DOUBLE, device="cpu")
    R = random_orthogonal(8, d, generator=generator, dtype=DOUBLE)
    moved = apply_euclidean(X, R)
    f = network(points, d, 1, seed)
    samples = [2, 4, 8, 16, 32, 64, 128, 256]
    errors = []
    for count in samples:
        a, b = (group_average(f, x, "O", count, "invariant", generator) for x in (X, moved))
        errors.append((a - b).square().mean().sqrt().item())
    drawn = min(k, 2**d)
    average = FrameAverage(f, "O", "invariant", stochastic=None if drawn == 2**d else drawn, tol=0)
    apart = average(X, generator=generator) - average(moved, generator=generator)
    return figures.monte_carlo(
        samples,
        errors,
        (drawn, apart.abs().mean().item()),
        title=f"A random network on {points} points in {d} dimensions",
    )
