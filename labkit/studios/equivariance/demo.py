"""Pick a model and a transformation: input, transformed input, both outputs, and the error over the whole orbit."""

from typing import Annotated, Literal

import plotly.graph_objects as go
from annotated_types import Interval, doc

from labkit.demo import Label, Step, demo
from labkit.equivariance.figures import commuting_square
from labkit.studios.equivariance import figures
from labkit.studios.equivariance.worlds import (
    BODY_ACTIONS,
    BODY_MODELS,
    GIVEN,
    IMAGE_ACTIONS,
    IMAGE_MODELS,
    SEQUENCE_ACTIONS,
    SEQUENCE_MODELS,
    Action,
    bodies,
    body_model,
    errors_of,
    image,
    image_model,
    orbit,
    sequence,
    sequence_map,
)

Share = Annotated[
    float,
    Interval(ge=0.0, le=1.0),
    Step(0.01),
    Label("place on the orbit"),
    doc("0: its first element, 1: its last"),
]
Seed = Annotated[int, Interval(ge=0, le=99), doc("another input, and other random weights")]


def _said(model: str, action: Action, place: int, error: float) -> str:
    exact = "commutes, to the last digits" if error < 1e-5 else "does not commute"
    return f"{model}, {action.label} {action.elements[place]:g}: error {error:.1e}, {exact}"


@demo("Images: which symmetry does a network have?")
def image_orbit(
    model: Annotated[
        Literal[
            "convolution, circular",
            "convolution, zero padding",
            "convolution, stride 2",
            "group convolution (quarter turns)",
            "fully connected",
        ],
        Label("model"),
    ] = "convolution, circular",
    transformation: Annotated[
        Literal["translation", "rotation", "mirror and quarter turns"], Label("transformation")
    ] = "translation",
    at: Share = 0.3,
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure]:
    """Move along the orbit. Circular convolution commutes with every translation; with zero padding only until the
    digit
    touches the border; with stride 2 only with even shifts (a comb below). Now take rotations: the group convolution is
    exact at quarter turns and nowhere else, for a grid has no other turns; no model here knows the mirror. None of them
    is trained: it is their structure that you see.
    """
    action, x = IMAGE_ACTIONS[transformation], image(seed)
    place = action.nearest(at)
    found = orbit(image_model(model, seed), x, action, place)
    errors = errors_of([(name, image_model(name, seed)) for name in IMAGE_MODELS], x, action)
    low = min(t.min().item() for t in (found.y, found.found, found.wanted))
    error = found.errors[place].item()
    square = commuting_square(
        found.x[0],
        found.moved[0],
        found.y[0] - low,
        found.found[0] - low,
        error,
        title=_said(model, action, place, error),
        names=["x", "g x", "f(x)", "f(g x)", "g f(x)"],
        across=("g", "g"),
        down="f",
        prediction=found.wanted[0] - low,
    )
    return square, figures.along_the_orbit(
        action.elements, errors, model, place, title="The whole orbit, all models", label=action.label
    )


@demo("Bodies in space: frames, distances, and neither")
def body_orbit(
    model: Annotated[
        Literal["FA-GNN (frame averaging)", "EGNN", "graph network", "uniform motion", "fully connected"],
        Label("model"),
    ] = "FA-GNN (frame averaging)",
    transformation: Annotated[
        Literal[
            "rotation about z",
            "rotation about x",
            "mirror, then rotation about z",
            "translation along x",
            "renaming the bodies",
        ],
        Label("transformation"),
    ] = "rotation about z",
    at: Share = 0.2,
    alike: Annotated[
        bool, Label("equal charges"), doc("off: two of the bodies are negative, so the names matter")
    ] = True,
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure]:
    """Five bodies, and where an untrained model says that they will be. Turn them: the crosses of EGNN and FA-GNN turn
    along and stay inside the rings; those of the graph network on raw coordinates do not. Rename the bodies: every
    graph network is indifferent, the fully connected one is not. Then take equal charges off: a renaming that moves the
    charges to other bodies is no symmetry of anything.
    """
    action, x = BODY_ACTIONS[transformation], bodies(seed)
    place = action.nearest(at)
    found = orbit(body_model(model, seed, alike), x, action, place)
    errors = errors_of([(name, body_model(name, seed, alike)) for name in BODY_MODELS], x, action)
    error = found.errors[place].item()
    picture = figures.bodies(
        (found.x, found.moved),
        (found.y, found.found),
        found.wanted,
        title=_said(model, action, place, error),
        motion=transformation,
    )
    return picture, figures.along_the_orbit(
        action.elements, errors, model, place, title="The whole orbit, all models", label=action.label
    )


@demo("Sequences: a velocity is a symmetry too")
def sequence_orbit(
    model: Annotated[
        Literal[
            "FERNN, all velocities",
            "FERNN, the reference's read-out",
            "FERNN, velocities -1 to 1",
            "G-RNN",
            "RNN",
        ],
        Label("model"),
    ] = "FERNN, all velocities",
    transformation: Annotated[
        Literal["flow (a velocity)", "translation"], Label("transformation")
    ] = "flow (a velocity)",
    at: Share = 0.8,
    ahead: Annotated[int, Interval(ge=1, le=12), Label("frames forecast")] = 6,
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure]:
    """Space runs to the right, time downwards; the models are the trained ones of the FERNN paper. A translation moves
    all frames alike: every model that convolves commutes with it. A flow moves each frame further than the one before:
    the G-RNN, though equivariant to every translation, loses it. FERNN keeps it, to the last digits when V holds every
    velocity of the ring; with V from -1 to 1 only near 0. The public code reads out the state where the last frame was
    seen, not where the next one will be: that costs a few percent.
    """
    action, x = SEQUENCE_ACTIONS[transformation], sequence(seed)
    place = action.nearest(at)
    found = orbit(sequence_map(model, ahead), x, action, place)
    errors = errors_of([(name, sequence_map(name, ahead)) for name in SEQUENCE_MODELS], x, action)
    error = found.errors[place].item()
    square = commuting_square(
        found.x[:, 0],
        found.moved[:, 0],
        found.y[:, 0].clamp(0, 1),
        found.found[:, 0].clamp(0, 1),
        error,
        title=_said(model, action, place, error),
        names=[f"x: {GIVEN} frames", "g x", f"f(x): the next {ahead}", "f(g x)", "g f(x)"],
        across=("g", "g"),
        down="f",
        prediction=found.wanted[:, 0].clamp(0, 1),
    )
    return square, figures.along_the_orbit(
        action.elements, errors, model, place, title="The whole orbit, all models", label=action.label
    )


DEMOS = (image_orbit, body_orbit, sequence_orbit)
