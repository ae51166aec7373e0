"""One demo for every kind of control and of picture."""

import time
from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
from annotated_types import Interval, MaxLen, Unit, doc

from labkit import plotting
from labkit.datasets import Missing
from labkit.demo import Drawing, Log, demo
from tests.showcase.method import line

X = [0.0, 1.0, 2.0, 3.0]
FLAT = (0.0,) * 16


@demo("Every control")
def every_control(
    order: Annotated[int, Interval(ge=2, le=64), doc("how many points")] = 8,
    slope: Annotated[float, Interval(ge=-2, le=2)] = 1.0,
    dt: Annotated[float, Interval(ge=1e-4, le=1), Log(), Unit("s"), doc("the time step")] = 0.01,
    measure: Literal["LegS", "LegT", "FouT"] = "LegS",
    source: Literal["an electrocardiogram", "carbon dioxide", "the number of sunspots", "oil"] = "oil",
    show_line: bool = True,
    name: Annotated[str, MaxLen(20)] = "a line",
) -> go.Figure:
    """Move any control: the line and its title follow.

    The second paragraph is not the caption.
    """
    drawn = plotting.figure(f"{name}: {measure}, {source}, {dt:g}", "x", "y")
    x = [float(i) for i in range(order)]
    drawn.add_scatter(x=x, y=line(slope, x), visible=show_line)
    return drawn


@demo("Drawn by hand")
def drawn_by_hand(curve: Annotated[tuple[float, ...], Drawing(16, x="time", y="height")] = FLAT) -> go.Figure:
    """Draw a curve: its mirror image appears."""
    drawn = plotting.figure("The mirror image", "time", "height")
    drawn.add_scatter(y=[-height for height in curve])
    return drawn


@demo("An animation")
def animation(steps: Annotated[int, Interval(ge=2, le=10)] = 4) -> go.Figure:
    """Press Play."""
    drawn = plotting.figure("A line that grows", "x", "y")
    drawn.add_scatter(x=X, y=line(0.0, X))
    frames = [go.Frame(name=str(k), data=[go.Scatter(x=X, y=line(k, X))]) for k in range(steps)]
    return plotting.animate(drawn, frames, label="slope")


@demo("Two figures and a table")
def figures_and_table(slope: Annotated[float, Interval(ge=0, le=4)] = 1.0) -> tuple:
    """Two pictures and their numbers."""
    left, right = plotting.figure("left", "x", "y"), plotting.figure("right", "x", "y")
    left.add_scatter(x=X, y=line(slope, X))
    right.add_scatter(x=X, y=line(-slope, X))
    return left, right, pd.DataFrame({"x": X, "y": line(slope, X)})


@demo("A slow one", slow=True)
def slow_one(
    slope: Annotated[float, Interval(ge=0, le=4)] = 1.0, *, device="cpu", progress=None
) -> go.Figure:
    """Takes a while."""
    for step in range(4):
        time.sleep(0.05)
        if progress is not None:
            progress(step / 4, f"step {step}")
    drawn = plotting.figure(f"Slow, on {device}", "x", "y")
    drawn.add_scatter(x=X, y=line(slope, X))
    return drawn


@demo("One that fails")
def fails(how: Literal["value", "missing", "bug"] = "value") -> go.Figure:
    """Each choice raises another exception."""
    if how == "value":
        raise ValueError("slope: 7 is not allowed; a number from 0 to 4")
    if how == "missing":
        raise Missing("ETTh1 is not on this machine; fetch it with: labkit data fetch etth1")
    raise RuntimeError("secret internals")
