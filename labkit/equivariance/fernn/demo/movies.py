"""The hidden state as a movie, in the laboratory's frame or in the moving one; and the energy over velocities."""

from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor

from labkit.demo import Label, demo
from labkit.equivariance.actions import flow
from labkit.equivariance.fernn import figures
from labkit.equivariance.fernn.demo.worlds import (
    Frame,
    Model,
    Radius,
    Seed,
    Speed,
    SpeedY,
    Stimulus,
    Weights,
    model_of,
    named,
    torus,
    weights_in_words,
)
from labkit.equivariance.fernn.experiment.trained import build
from labkit.equivariance.fernn.method import FlowSeq2Seq, moving_frame, velocity_grid

LENGTH = 12
ROWS = 5


def shown_channels(velocities: tuple, stimulus: tuple[int, int]) -> list[int]:
    """The channels nearest to the stimulus's velocity, and the one at rest, in the order of V."""
    near = sorted(velocities, key=lambda v: (v[0] - stimulus[0]) ** 2 + (v[1] - stimulus[1]) ** 2)
    chosen = [*near[: ROWS - 1], (0, 0)]
    return sorted({velocities.index(v) for v in chosen})


@demo("Hidden-state movie: what smears, and what stays sharp")
def hidden_state_movie(
    model: Annotated[Model, Label("model")] = "FERNN",
    stimulus: Stimulus = "digit",
    vx: Speed = 1,
    vy: SpeedY = 1,
    radius: Radius = 1,
    frame: Frame = "laboratory",
    highlight: Annotated[
        bool, Label("frame the matching row"), doc("the channel with the stimulus's velocity")
    ] = True,
    weights: Weights = "trained",
    seed: Seed = 0,
) -> go.Figure:
    """Each row is a velocity channel, with its three strongest feature maps and the next frame that this channel alone
    would predict. In the G-RNN a moving stimulus leaves streaks. In FERNN the row with the stimulus's velocity is as
    sharp as for a still picture; move the velocity by one, and it is the next row. Seen from the moving frame that row
    stands still, and it is, number for number, a G-RNN that watches the stabilised video.

    The flat RNN's 64 units are drawn in a square; they are not a map.
    """
    velocity = (vx, vy)
    frames = torus(stimulus, velocity, LENGTH, seed)
    V = velocity_grid(radius)
    net = model_of("planes", model, V, weights, seed)
    title = f"{model}, stimulus at {velocity}, {weights_in_words('planes', model, V, weights)}"
    if model == "RNN":
        states = net.encode(frames)
        units = states.view(LENGTH, 8, 8).repeat_interleave(2, -1).repeat_interleave(2, -2)
        predicted = net.out(states[0]).view(LENGTH, 16, 16).clamp(0, 1)
        return figures.movie_grid(
            torch.stack([frames[0, :, 0], units, predicted])[None],
            ["all units"],
            ["input", "64 units", "predicted<br>next frame"],
            title=title,
            row_name="state",
        )
    states, velocities = net.encode(frames), net.cell.velocities
    rows = shown_channels(velocities, velocity)
    picked = [velocities[i] for i in rows]
    match = picked.index(velocity) if velocity in picked else None
    best = rows[match] if match is not None else rows[0]
    strongest = states[0, -1, best].square().sum((-2, -1)).topk(3).indices.sort().values
    predicted = torch.stack([_next(net, states[:, :, i]) for i in rows])
    maps = states[:, :, rows][:, :, :, strongest]
    columns = ["input", *(f"map {k + 1}" for k in strongest.tolist())]
    inputs = frames[:, :, None].expand(-1, -1, len(rows), -1, -1, -1)
    shown = torch.cat([inputs, maps], 3)
    if frame == "moving":
        grnn = at_rest(net)
        shown = moving_frame(shown, picked)
        stabilised = torch.cat([grnn.encode(flow(frames, (-v[0], -v[1]))) for v in picked], 2)[
            :, :, :, strongest[:1]
        ]
        difference = (stabilised - shown[:, :, :, 1:2]).abs().max().item()
        shown = torch.cat([shown, stabilised], 3)
        columns.append("G-RNN,<br>stabilised")
        title += f"; largest difference to a G-RNN on the stabilised video {difference:.1g}"
        tiles = shown[0].permute(1, 2, 0, 3, 4)
    else:
        tiles = torch.cat([shown[0].permute(1, 2, 0, 3, 4), predicted[:, None]], 1)
        columns.append("predicted<br>next frame")
    return figures.movie_grid(
        tiles,
        [named(v) for v in picked],
        columns,
        title=title,
        row_name="velocity channel",
        highlight=match if highlight and len(rows) > 1 else None,
    )


def at_rest(net) -> FlowSeq2Seq:
    """The G-RNN that shares the model's convolutions."""
    rest = build("planes", "G-RNN", [(0, 0)]).double().eval().requires_grad_(False)
    rest.load_state_dict({name: value for name, value in net.state_dict().items() if name != "cell.moves"})
    return rest


def _next(net, states: Tensor) -> Tensor:
    """What the decoder makes of one channel's states (1, time, hidden, H, W)."""
    return net.decoder(states[0])[:, 0].clamp(0, 1)


@demo("Energy over velocities: reading the speed off the state")
def energy_of_velocities(
    stimulus: Stimulus = "digit",
    vx: Speed = 2,
    vy: SpeedY = -1,
    radius: Annotated[int, Interval(ge=1, le=3), Label("V radius")] = 3,
    step: Annotated[int, Interval(ge=0, le=9), Unit("frames"), doc("so many frames after the first")] = 6,
    normalised: Annotated[
        bool, Label("since the first frame"), doc("how much the energy grew since the first frame")
    ] = True,
    weights: Weights = "trained",
    seed: Seed = 0,
) -> go.Figure:
    """One cell a velocity channel, its colour the energy of its state. At the first frame all channels are alike; with
    every further frame the channel that moves along with the stimulus stands out. Move the stimulus: the peak follows.
    Two digits make two peaks. Nobody trained the model to measure speed.
    """
    velocity = (vx, vy)
    frames = torus(stimulus, velocity, step + 1, seed)
    V = velocity_grid(radius)
    net = model_of("planes", "FERNN", V, weights, seed)
    states = net.encode(frames)[0]
    energy = states.square().sum((-3, -2, -1))
    value = energy[-1] / energy[0].clamp(min=1e-12) if normalised else energy[-1]
    side = 2 * radius + 1
    marked = [velocity, (-vx, -vy)] if stimulus == "two digits" and any(velocity) else [velocity]
    peak = V[int(value.argmax())]
    return figures.energy_map(
        value.view(side, side).T,
        range(-radius, radius + 1),
        marked,
        title=f"Stimulus at {velocity}, after {step} steps: the peak is at {peak}",
    )
