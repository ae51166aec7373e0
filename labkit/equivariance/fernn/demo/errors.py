"""How far each model is from flow equivariance, step by step; and where exactness ends in a truncated V."""

from typing import Annotated, Literal

import plotly.graph_objects as go
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.equivariance.actions import flow
from labkit.equivariance.fernn import figures
from labkit.equivariance.fernn.demo.worlds import Radius, Seed, Weights, model_of, ring, torus
from labkit.equivariance.fernn.experiment.trained import STRIP
from labkit.equivariance.fernn.method import (
    flow_equivariance_error,
    inner_channels,
    ring_velocities,
    velocity_grid,
)
from labkit.equivariance.metrics import relative_error

GIVEN, AHEAD = 6, 6


@demo("Equivariance error: flat at rounding, or a jump")
def equivariance_errors(
    world: Annotated[
        Literal["torus", "ring, all velocities"], doc("on the ring V is cyclic, so that nothing is cut off")
    ] = "torus",
    nu_x: Annotated[int, Interval(ge=-2, le=2), Label("flow ν̂x")] = 1,
    nu_y: Annotated[int, Interval(ge=-2, le=2), Label("flow ν̂y"), doc("on the torus only")] = -1,
    radius: Radius = 2,
    weights: Weights = "random",
    seed: Seed = 0,
) -> go.Figure:
    """The error between "flow, then model" and "model, then flow", against time; the dotted floor is zero. FERNN's
    hidden states lie on the floor. The G-RNN leaves it at the second frame. The pool over a truncated V and both
    read-outs are not exact; choose the ring, where V holds all velocities: now the pool and the aligned read-out are
    exact, and the reference read-out is still wrong.
    """
    cyclic = world != "torus"
    nu = (nu_x,) if cyclic else (nu_x, nu_y)
    V = ring_velocities(STRIP) if cyclic else velocity_grid(radius)
    where = "strips" if cyclic else "planes"
    frames = ring(0, GIVEN, seed) if cyclic else torus("digit", (0, 0), GIVEN, seed)
    nothing = [float("nan")] * GIVEN
    lines: dict[str, list[float]] = {}
    rnn = model_of(where, "RNN", V, weights, seed)
    size = frames.shape[2:]

    def read(video):
        return rnn.out(rnn.encode(video)).view(1, GIVEN, *size)

    found, wanted = read(flow(frames, nu)), flow(read(frames), nu)
    lines["RNN, read-out"] = relative_error(found.flatten(2)[0], wanted.flatten(2)[0], -1).tolist()
    grnn = model_of(where, "G-RNN", V, weights, seed)
    lines["G-RNN, hidden"] = flow_equivariance_error(grnn, frames, nu, "pooled").tolist()
    fernn = model_of(where, "FERNN", V, weights, seed)
    aligned = model_of(where, "FERNN", V, weights, seed, "aligned")
    if cyclic or max(abs(v) for v in nu) <= 2 * radius:
        lines["FERNN, hidden"] = flow_equivariance_error(fernn, frames, nu, "hidden").tolist()
    lines["FERNN, pooled"] = flow_equivariance_error(fernn, frames, nu, "pooled").tolist()
    for name, model in (("aligned", aligned), ("reference", fernn)):
        errors = flow_equivariance_error(model, frames, nu, "output", horizon=AHEAD)
        lines[f"FERNN, {name} output"] = nothing + errors.tolist()
    return figures.error_curve(
        range(GIVEN + AHEAD),
        lines,
        title=f"Flow ν̂ = {nu if not cyclic else nu_x}, {'V = all velocities' if cyclic else f'V radius {radius}'}",
        x_name="time step (predictions from step 6 on)",
        y_name="relative error |a−b| / (|a|+|b|)",
    )


@demo("Border of V: which channels the theorem covers")
def border_of_v(
    radius: Annotated[int, Interval(ge=1, le=4), Label("V radius")] = 3,
    nu_x: Annotated[int, Interval(ge=-3, le=3), Label("flow ν̂x")] = 1,
    nu_y: Annotated[int, Interval(ge=-3, le=3), Label("flow ν̂y")] = 0,
    mix_radius: Annotated[
        int,
        Interval(ge=0, le=2),
        Label("mixing radius"),
        doc("the general form: channels that exchange velocities"),
    ] = 1,
) -> go.Figure:
    """Green: exact. Grey: the channel's partner ν − ν̂ is not in V, so there is nothing to compare with. Orange: spoilt
    by the border. Without mixing the border never spreads. With a mixing radius the missing channels outside V count as
    zeros, and every step spoils so many rings more.
    """
    V = velocity_grid(radius)
    panels, names = [], []
    for t in range(4):
        inner = dict(zip(V, inner_channels(V, t * mix_radius).tolist(), strict=True))
        marks = []
        for v in V:
            partner = (v[0] - nu_x, v[1] - nu_y)
            marks.append(0 if partner not in inner else 2 if inner[v] and inner[partner] else 1)
        panels.append(marks)
        names.append(f"step {t}: {marks.count(2)} exact")
    return figures.velocity_border(
        panels, V, names, title=f"V radius {radius}, ν̂ = ({nu_x}, {nu_y}), mixing radius {mix_radius}"
    )
