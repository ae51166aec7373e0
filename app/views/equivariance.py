"""The equivariance studio: a model, a transformation, both outputs, and the error over the whole orbit."""

import streamlit as st

from app import controls, panel, session
from labkit.demo import Control
from labkit.studios.equivariance.demo import body_orbit, image_orbit, sequence_orbit

STEPS = {
    "1 Images": (
        "A map $f$ is **equivariant** when transforming its input only transforms its output: $f(g\\,x) = g\\,f(x)$ "
        "for "
        "every $g$ of a group. Both ways round this square must agree. Below, the error for all $g$ at once: the "
        "orbit.",
        image_orbit,
    ),
    "2 Bodies in space": (
        "Rotations, mirrors, translations and names. Frame averaging makes any network equivariant; EGNN is built from "
        "distances, which do not change; a graph network on raw coordinates knows only that names do not matter.",
        body_orbit,
    ),
    "3 Sequences": (
        "Motion is a symmetry of time series: a flow $\\psi(\\nu)$ shifts frame $t$ by $t\\nu$. A recurrent network "
        "that "
        "commutes with every translation need not commute with it.",
        sequence_orbit,
    ),
}

st.title("Equivariance")
step = controls.render(
    Control("step", "Step", "", "choice", next(iter(STEPS)), choices=tuple(STEPS)), "step", wide=True
)
lesson, demo = STEPS[step]
st.markdown(lesson)
panel.show(demo, layout="above", columns=4)
st.divider()
for slug, label in (
    ("frame_averaging", "Frame averaging: the paper"),
    ("fernn", "Flow equivariant recurrent networks: the paper"),
):
    session.link("paper", label, ":material/article:", paper=slug)
