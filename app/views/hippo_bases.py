"""The HiPPO studio: the paper's eight pictures as one lesson, in four steps with shared controls."""

import streamlit as st

from app import controls, look, panel, session
from app.studio import shared
from labkit import catalogue
from labkit.demo import Control

STEPS = {
    "1 A basis is a memory": (
        "A linear system keeps $N$ numbers. Each number weighs the past with one curve: a basis function times a "
        "measure. Choose the family, the number of states and the timescale; then see where S4's matrix comes from."
    ),
    "2 A signal streams in": (
        "Feed the memory a signal, and ask it at every moment what it still knows. The same measure, $N$ and $\\Delta$ "
        "govern all three pictures."
    ),
    "3 Delay and stability": (
        "A memory that can repeat its input of some time ago is a delay line. What limits it, and what does a "
        "discrete step do to its modes?"
    ),
    "4 Any kernel": "What a state can remember, it can convolve with. Draw the kernel that you want.",
}
SIGNAL = ("signal", "scaled", "frequency", "seed", "frames")

PAPER = catalogue.paper("hippo")
DEMOS = {demo.name: demo for demo in PAPER.demos()}


def memory(*, timescale: bool = True) -> dict:
    """The controls that all steps share: family, size and, where it matters, timescale."""
    names = ("measure", "N", "dt") if timescale else ("measure", "N")
    return controls.render_all([shared(DEMOS.values(), name) for name in names], "hippo", columns=len(names))


def linked(name: str, values: dict) -> dict:
    """Those of the shared values that a demo has controls for."""
    own = {control.name for control in DEMOS[name].controls}
    return {key: value for key, value in values.items() if key in own}


def show(name: str, values: dict, layout: str = "above", **options) -> None:
    """One of the demos, with the shared values."""
    panel.show(DEMOS[name], linked=linked(name, values), layout=layout, **options)


def basis() -> None:
    """Basis explorer and warp, side by side."""
    values = memory()
    left, right = look.pair("basis")
    with left:
        show("basis_explorer", values)
    with right:
        show("warp", {}, columns=2)


def stream() -> None:
    """The stream, the state's trajectories beside it, and the error below."""
    values = memory()
    pair = [DEMOS["streaming"], DEMOS["trajectories"]]
    values |= controls.render_all([shared(pair, name) for name in SIGNAL], "hippo", columns=5)
    drawing = shared(pair, "drawing")
    values["drawing"] = drawing.default
    if values["signal"] == "drawn":
        values["drawing"] = controls.render(drawing, "hippo.drawing")
    left, right = look.pair("stream", (3, 2))
    with left:
        show("streaming", values)
    with right:
        show("trajectories", values)
    show("error_map", values)


def delay() -> None:
    """Delay dial and spectrum; the dial sets its own timescale, by the delay."""
    values = memory(timescale=False)
    left, right = look.pair("delay", (3, 2))
    with left:
        show("delay_dial", values, columns=4)
    with right:
        show("spectrum", values, columns=2)


def kernels() -> None:
    """The kernel painter."""
    show("kernel_painter", {}, layout="side")


st.title("HiPPO bases")
step = controls.render(
    Control("step", "Step", "", "choice", next(iter(STEPS)), choices=tuple(STEPS)), "step", wide=True
)
st.markdown(STEPS[step])
dict(zip(STEPS, (basis, stream, delay, kernels), strict=True))[step]()
st.divider()
session.link("paper", "The paper: its idea, experiment and exercises", ":material/article:", paper="hippo")
