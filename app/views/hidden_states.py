"""The hidden-states studio: FERNN's pictures as one lesson, in five steps with shared controls."""

import streamlit as st

from app import controls, look, panel, session
from app.studio import shared
from labkit import catalogue
from labkit.demo import Control

STEPS = {
    "1 Slopes": (
        "A bar drifts on a ring. Space runs to the right and time downwards, so that a velocity is a slope. One panel "
        "is one velocity channel of the hidden state: which one is sharp?"
    ),
    "2 The movie": (
        "The same on a torus, with digits. The stimulus, its velocity and the weights govern both pictures: the states "
        "themselves, and the energy over the channels, from which the velocity can be read."
    ),
    "3 The theorem": (
        "Two ways round the square, the error along time, and the channels for which $V$ has no partner. The flow "
        "$\\hat\\nu$ is the same in all three."
    ),
    "4 New velocities": (
        "What a model makes of velocities and horizons that it was never trained on, with both read-outs."
    ),
    "5 Rotations, and learning": "Another flow: rotations. And the training itself, live.",
}

PAPER = catalogue.paper("fernn")
DEMOS = {demo.name: demo for demo in PAPER.demos()}


def govern(demos: tuple[str, ...], names: tuple[str, ...]) -> dict:
    """Controls for several demos at once."""
    chosen = [shared([d for d in map(DEMOS.get, demos) if _has(d, name)], name) for name in names]
    return controls.render_all(chosen, "fernn", columns=min(4, len(names)))


def _has(demo, name: str) -> bool:
    return any(control.name == name for control in demo.controls)


def show(name: str, values: dict, layout: str = "above", **options) -> None:
    """One of the demos, with the shared values that it has controls for."""
    linked = {key: value for key, value in values.items() if _has(DEMOS[name], key)}
    panel.show(DEMOS[name], linked=linked, layout=layout, **options)


def slopes() -> None:
    """The space-time diagram."""
    show("space_time", {}, layout="side")


def movie() -> None:
    """The movie, and the energy beside it."""
    both = ("hidden_state_movie", "energy_of_velocities")
    values = govern(both, ("stimulus", "vx", "vy", "radius", "weights", "seed"))
    left, right = look.pair("movie", (3, 2))
    with left:
        show("hidden_state_movie", values)
    with right:
        show("energy_of_velocities", values, columns=2)


def theorem() -> None:
    """The square, the error along time, the border of V; one flow for all."""
    every = ("commuting_square", "equivariance_errors", "border_of_v")
    values = govern(every, ("nu_x", "nu_y", "radius", "seed"))
    left, right = look.pair("theorem", (1, 1))
    with left:
        show("commuting_square", values, columns=4)
    with right:
        show("equivariance_errors", values, columns=2)
    show("border_of_v", values)


def velocities() -> None:
    """Velocities and horizons beyond the training."""
    values = govern(("velocity_reach", "length_reach"), ("vx", "seed"))
    left, right = look.pair("reach", (1, 1))
    with left:
        show("velocity_reach", values, columns=1)
    with right:
        show("length_reach", values, columns=2)
    show("velocity_map", {})


def rotations() -> None:
    """Rotating states, and learning live."""
    show("rotating_states", {})
    show("learning_live", {})


st.title("Hidden states")
step = controls.render(
    Control("step", "Step", "", "choice", next(iter(STEPS)), choices=tuple(STEPS)), "step", wide=True
)
st.markdown(STEPS[step])
dict(zip(STEPS, (slopes, movie, theorem, velocities, rotations), strict=True))[step]()
st.divider()
session.link("paper", "The paper: its idea, experiment and exercises", ":material/article:", paper="fernn")
