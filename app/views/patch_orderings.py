"""The patch-ordering studio: LOOPE's pictures as one lesson, in four steps with shared controls."""

import streamlit as st

from app import controls, look, panel, session
from app.studio import shared
from labkit import catalogue
from labkit.demo import Control

STEPS = {
    "1 A walk is an embedding": (
        "A one-dimensional embedding needs a walk through the patches. Choose two, and look at what they make similar."
    ),
    "2 Which walk is best?": (
        "Twelve walks, three metrics, and two meanings of *local*. The two orders of step 1 stay chosen for the curves "
        "of directed monotonicity."
    ),
    "3 Learning the order": (
        "LOOPE adds to each rank an offset in $(-1, 1)$ that a network reads off the image. What can that do, and what "
        "did it learn?"
    ),
    "4 Three cells": (
        "A task in which only *where* matters. Move the cells: what do networks with different embeddings say, and "
        "where do they look?"
    ),
}
CELLS = ("red_x", "red_y", "green_x", "green_y", "blue_x", "blue_y")

PAPER = catalogue.paper("loope")
DEMOS = {demo.name: demo for demo in PAPER.demos()}


def linked(names: tuple[str, ...], demos: tuple[str, ...], columns: int) -> dict:
    """One control for several demos, for each of the names."""
    some = [DEMOS[demo] for demo in demos]
    return controls.render_all([shared(some, name) for name in names], "loope", columns=columns)


def show(name: str, values: dict, **options) -> None:
    """One of the demos, with those of the shared values that it has controls for."""
    own = {control.name for control in DEMOS[name].controls}
    given = {key: value for key, value in values.items() if key in own}
    panel.show(DEMOS[name], linked=given, layout="above", **options)


def walks() -> None:
    """The order explorer."""
    show("explorer", linked(("order", "order_b"), ("explorer", "metric_sweep"), 2), columns=4)


def metrics() -> None:
    """All orders, their locality, and M_D against N."""
    values = linked(("order", "order_b"), ("explorer", "metric_sweep"), 2)
    left, right = look.pair("metrics")
    with left:
        show("gallery", {}, columns=3)
    with right:
        show("locality", {}, columns=2)
        show("metric_sweep", values, columns=2)


def learning() -> None:
    """One patch dragged along the curve, and what the context network does."""
    left, right = look.pair("learning")
    with left:
        show("drag", {}, columns=3)
    with right:
        show("context", {}, columns=4)


def cells() -> None:
    """Three cells: the playground, where the class token looks, and how it was learned."""
    values = linked(CELLS, ("three_cell", "rollout"), 6)
    left, right = look.pair("cells")
    with left:
        show("three_cell", values)
    with right:
        show("rollout", values, columns=2)
        show("learning", {}, columns=2)


st.title("Patch orderings")
step = controls.render(
    Control("step", "Step", "", "choice", next(iter(STEPS)), choices=tuple(STEPS)), "step", wide=True
)
st.markdown(STEPS[step])
dict(zip(STEPS, (walks, metrics, learning, cells), strict=True))[step]()
st.divider()
session.link("paper", "The paper: its idea, experiment and exercises", ":material/article:", paper="loope")
