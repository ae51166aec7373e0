"""Charged particles, and where four trained models say that they go."""

from functools import lru_cache
from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc

from labkit.demo import Label, Step, demo
from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.frame_averaging import figures
from labkit.equivariance.frame_averaging.demo.clouds import turn
from labkit.equivariance.frame_averaging.experiment.nbody import GIVEN, MODELS, WANTED, predict
from labkit.equivariance.frame_averaging.experiment.trained import trained
from labkit.equivariance.nbody import ChargedSystem, Trajectories

MANY = 48


@lru_cache(maxsize=4)
def _world(seed: int) -> Trajectories:
    generator = torch.Generator(device="cpu").manual_seed(10_000 + seed)
    return ChargedSystem(dt=0.004).sample(
        MANY, (WANTED + 1) * 25 + 1, 25, generator=generator, dtype=torch.float32
    )


@demo("Charged particles: true and predicted")
def particles(
    sample: Annotated[int, Interval(ge=1, le=MANY), doc("which of the trajectories")] = 1,
    rotate: Annotated[int, Interval(ge=0, le=360), Step(15), Unit("degrees"), Label("turn the world")] = 0,
    gnn: Annotated[bool, Label("show GNN")] = True,
    egnn: Annotated[bool, Label("show EGNN")] = False,
    fa: Annotated[bool, Label("show FA-GNN")] = True,
    seed: Annotated[int, Interval(ge=0, le=9), doc("another set of trajectories")] = 0,
) -> tuple[go.Figure, go.Figure]:
    """Five charges attract and repel each other. Grey: their past. Black: the next unit of time, which the models
    do not see. Crosses: where each model says that they will be. Turn the world: FA-GNN's and EGNN's crosses turn
    along, and their error below stays the same to the last digit; the GNN's wander, and its error changes with every
    angle. Drag the picture to look from elsewhere.
    """
    world = _world(seed)
    R = turn(rotate, 3).float()
    x, v, wanted = (
        apply_euclidean(part, R) for part in (world.x[:, GIVEN], world.v[:, GIVEN], world.x[:, WANTED])
    )
    guesses = {name: predict(trained(name), x, v, world.coupling) for name in MODELS}
    errors = {name: (found - wanted).square().mean().item() for name, found in guesses.items()}
    shown = {
        name: guesses[name][sample - 1 : sample]
        for name, on in (("GNN", gnn), ("EGNN", egnn), ("FA-GNN", fa))
        if on
    }
    path = apply_euclidean(world.x[sample - 1], R)
    here = {name: (guesses[name][sample - 1] - wanted[sample - 1]).square().mean().item() for name in shown}
    words = ", ".join(f"{name} {value:.2g}" for name, value in here.items())
    return (
        figures.trajectory3d(
            path[GIVEN - 10 : GIVEN + 1],
            path[GIVEN : WANTED + 1],
            shown,
            title=f"Trajectory {sample}, turned by {rotate} degrees. MSE: {words or 'no model shown'}",
            colours=figures.COLOUR,
            labels=["+" if q > 0 else "−" for q in world.coupling[sample - 1].tolist()],
        ),
        figures.bars(
            errors,
            title=f"MSE over {MANY} trajectories, turned by {rotate} degrees",
            y_name="MSE",
            height=320,
        ),
    )
