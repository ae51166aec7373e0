"""The state-space studio: the lineage from S4 to Jamba as one lesson, in four steps."""

import streamlit as st

from app import controls, look, panel, session
from labkit import catalogue
from labkit.demo import Control

STEPS = {
    "1 The lineage": (
        "Who came from whom, what each step changed, and what it costs. Every row of the table stands behind the same "
        "three methods: run a sequence, step, say what you keep."
    ),
    "2 One signal": (
        "All of them on one signal that you choose: the answer to a kick, where the eigenvalues lie, what comes "
        "out, and how far back they hear. Then: what the last output can learn from the past."
    ),
    "3 Selectivity": (
        "A trained Mamba reads a sequence. Which tokens does it take in? And which matrix is it, compared with a "
        "convolution and with attention? The sequence and the layer govern both pictures."
    ),
    "4 Costs and hybrids": (
        "Operations and memory against the length; a few attention layers among many others; experts, and who does the "
        "work."
    ),
}

PAPER = catalogue.paper("s4_survey")
DEMOS = {demo.name: demo for demo in PAPER.demos()}


def lineage() -> None:
    """The timeline with its table."""
    panel.show(DEMOS["lineage_map"], layout="above", columns=3)


def signal() -> None:
    """One signal through all models, and the gradients."""
    panel.show(DEMOS["side_by_side"], layout="above", columns=4)
    panel.show(DEMOS["vanishing_gradients"], layout="above", columns=3)


def selectivity() -> None:
    """The microscope and the matrices, on the same sequence and layer."""
    own = {control.name: control for control in DEMOS["delta_microscope"].controls}
    values = controls.render_all([own["sequence"], own["layer"]], "s4_survey", columns=2)
    panel.show(DEMOS["delta_microscope"], linked=values, layout="above")
    panel.show(DEMOS["effective_attention"], linked=values, layout="above", columns=2)


def costs() -> None:
    """Complexity, the Jamba builder, and the experts."""
    panel.show(DEMOS["complexity_chart"], layout="above", columns=5)
    panel.show(DEMOS["jamba_builder"], layout="above", columns=3)
    left, _ = look.pair("experts", (3, 1))
    with left:
        panel.show(DEMOS["expert_loads"], layout="above", columns=3)


st.title("State-space lineage")
step = controls.render(
    Control("step", "Step", "", "choice", next(iter(STEPS)), choices=tuple(STEPS)), "step", wide=True
)
st.markdown(STEPS[step])
dict(zip(STEPS, (lineage, signal, selectivity, costs), strict=True))[step]()
st.divider()
session.link(
    "paper", "The paper: its idea, experiment and exercises", ":material/article:", paper="s4_survey"
)
