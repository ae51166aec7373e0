"""The space-time diagram, and the commuting square."""

from typing import Annotated

import plotly.graph_objects as go
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.equivariance.actions import flow
from labkit.equivariance.fernn import figures
from labkit.equivariance.fernn.demo.worlds import (
    Frame,
    Model,
    Radius,
    Seed,
    Speed,
    Weights,
    model_of,
    named,
    ring,
    torus,
    weights_in_words,
)
from labkit.equivariance.fernn.method import moving_frame, predict_shifted_states, velocity_grid
from labkit.equivariance.metrics import relative_error


@demo("Space-time diagram: the slope that each channel follows")
def space_time(
    model: Annotated[Model, Label("model")] = "FERNN",
    vx: Speed = 2,
    frame: Frame = "laboratory",
    overlay: Annotated[
        bool,
        Label("overlay the theorem"),
        doc("contours: what the still input's states predict, shifted and re-indexed"),
    ] = False,
    weights: Weights = "trained",
    seed: Seed = 0,
) -> go.Figure:
    """Space runs to the right, time downwards; a stimulus that moves is a slanted stripe. Each panel is one velocity
    channel, its colour the size of its state. Move the stimulus's velocity by one: the sharp response moves on by one
    panel. Seen from the moving frame, the matching panel stands upright. Overlay the theorem: the contours lie on the
    response wherever V has the partner ν − ν̂.

    The G-RNN has the channel 0 only; the flat RNN's units have no place in space.
    """
    V = [(0,)] if model == "G-RNN" else velocity_grid(3, 1)
    frames, still = ring(vx, 16, seed), ring(0, 16, seed)
    net = model_of("strips", model, V, weights, seed)
    words = weights_in_words("strips", model, V, weights)
    title = f"{model}, stimulus at {vx:+d} pixels a frame, {words}"
    if model == "RNN":
        states = net.encode(frames)[:, :, None, None]
        return figures.space_time(
            states[0, :, :, 0].abs().transpose(0, 1),
            frames[0, :, 0],
            ["64 units"],
            title=title,
            x_name="x, or unit",
        )
    states = net.encode(frames)
    predicted, known = None, [False] * len(V)
    velocities = net.cell.velocities
    if overlay and ((vx,) in velocities or vx == 0 or len(velocities) > abs(vx)):
        predicted, mask = predict_shifted_states(net.encode(still), velocities, (vx,))
        known = mask.tolist()
    if frame == "moving":
        states = moving_frame(states, velocities)
        predicted = moving_frame(predicted, velocities) if predicted is not None else None

    def size(h):
        return h[0].square().sum(2).sqrt().transpose(0, 1)

    return figures.space_time(
        size(states),
        frames[0, :, 0],
        [named(v) for v in velocities],
        title=title + (", moving frame" if frame == "moving" else ""),
        x_name="x (pixels)" if frame == "laboratory" else "x − νt (pixels)",
        highlight=velocities.index((vx,)) if (vx,) in velocities else None,
        predicted=size(predicted) if predicted is not None else None,
        known=known,
    )


@demo("Commuting square: two ways round the theorem")
def commuting_square(
    model: Annotated[Model, Label("model")] = "FERNN",
    radius: Radius = 2,
    nu_x: Annotated[int, Interval(ge=-2, le=2), Label("flow ν̂x")] = 1,
    nu_y: Annotated[int, Interval(ge=-2, le=2), Label("flow ν̂y")] = 0,
    channel_x: Annotated[int, Interval(ge=-2, le=2), Label("channel νx")] = 1,
    channel_y: Annotated[int, Interval(ge=-2, le=2), Label("channel νy")] = 0,
    step: Annotated[int, Interval(ge=0, le=9), doc("the frame that the states have just seen")] = 5,
    weights: Weights = "trained",
    seed: Seed = 0,
) -> go.Figure:
    """Right then down: let the input flow, and look at the state. Down then right: look at the still input's state in
    the channel ν − ν̂, and shift it by t ν̂. In the centre, the relative error between the two. FERNN's is zero to the
    last digits while both channels are in V; the G-RNN's is zero at step 0 only.

    The flat RNN has no maps: there the prediction of the next frame takes the place of the state.
    """
    nu = (nu_x, nu_y)
    frames = torus("digit", (0, 0), step + 1, seed)
    moved = flow(frames, nu)
    V = velocity_grid(radius)
    net = model_of("planes", model, V, weights, seed)
    names = ["input f", "input ψ(ν̂) f"]
    if model == "RNN":
        found, start = (net.out(net.encode(x)[:, -1]).view(1, 1, 16, 16) for x in (moved, frames))
        names += ["read-out of f", "read-out of ψ(ν̂) f"]
        channel = (0, 0)
        valid = True
        wanted = flow(start[:, None], nu, start=step)[:, 0]
    else:
        velocities = net.cell.velocities
        channel = (channel_x, channel_y) if (channel_x, channel_y) in velocities else (0, 0)
        index = velocities.index(channel)
        source = (channel[0] - nu_x, channel[1] - nu_y)
        valid = source in velocities
        if len(velocities) == 1:  # a G-RNN has one channel, which can only be compared with itself
            source, valid = (0, 0), True
        from_index = velocities.index(source) if valid else index
        start, found = net.encode(frames)[:, -1, from_index], net.encode(moved)[:, -1, index]
        wanted = flow(start[:, None], nu, start=step)[:, 0]
        names += [f"state of f, {named(source if valid else channel)}", f"state of ψ(ν̂) f, {named(channel)}"]
    error = relative_error(found.flatten(), wanted.flatten(), 0).item()
    partner = "" if valid else "; V lacks ν − ν̂, so the theorem says nothing here"
    return figures.commuting_square(
        frames[0, -1, 0],
        moved[0, -1, 0],
        start[0].square().sum(0),
        found[0].square().sum(0),
        error,
        title=f"{model}, ν̂ = {nu}, {named(channel)}, step {step}{partner}",
        names=[*names, "ψ<sub>t</sub>(ν̂) of it"],
        across=("ψ(ν̂)", "ψ<sub>t</sub>(ν̂)"),
        down="Φ",
        prediction=wanted[0].square().sum(0),
    )
