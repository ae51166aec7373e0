"""A signal streams past: its reconstruction, and the coefficients over time."""

from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, doc

from labkit.demo import Label, demo
from labkit.state_space.hippo import figures
from labkit.state_space.hippo.demo.controls import Curve, Frequency, Measure, Order, Seed, Signal, Window
from labkit.state_space.hippo.demo.signals import DRAWN, arange, signal_of
from labkit.state_space.hippo.method import OrthogonalSSM, ScaledLegS

PAST = 240  # points of the reconstruction


@demo("Streaming reconstruction: a memory at work")
def streaming(
    signal: Signal = "white noise",
    measure: Measure = "LegS",
    scaled: Annotated[
        bool, Label("scaled (A/t)"), doc("the time-varying LegS: all of the past, evenly; Δ plays no part")
    ] = False,
    N: Order = 32,
    dt: Window = 0.0025,
    frequency: Frequency = 8.0,
    frames: Annotated[
        int, Interval(ge=10, le=40), MultipleOf(10), Label("moments"), doc("fewer play faster")
    ] = 30,
    seed: Seed = 0,
    drawing: Curve = DRAWN,
) -> go.Figure:
    """Press Play. Black is the signal so far, red is all that N numbers know of it, green is how much each moment of
    the past counts, the bars are the N numbers. With LegS the far past blurs; with LegT and FouT a window slides, and
    what leaves it is gone; with `scaled` everything since the beginning is kept, ever more coarsely. Make Δ smaller:
    the memory grows longer, and blurs.
    """
    times, u, time_name, signal_name = signal_of(signal, frequency, drawing, seed)
    length = len(u)
    moments = sorted({round(length * (i + 1) / frames) - 1 for i in range(frames)} - {-1, 0})
    every = max(1, length // PAST)  # the history is read back at every so many steps
    if scaled:
        memory = ScaledLegS(N, length)
        states = memory.forward(u[None])[0]
        name = f"scaled LegS, N = {N}"
        # the same fractions of the past at every moment: the basis stretches with it
        fraction = (arange(PAST) + 0.5) / PAST
        reads = memory.reconstruct(states[moments], 1 - fraction)
    else:
        memory = OrthogonalSSM(measure, N, dt, "zoh")
        states = memory.forward(u[None])[0]
        name = f"{measure}, N = {N}, Δ = {dt:g} (memory {1 / dt:.0f} steps)"
        steps = arange(length)[::every]
        lags = steps + 0.5
        weights = memory.measure(lags) * dt
        # a window's reconstruction ends where the window does
        seen = weights > 0
        reads = memory.reconstruct(states[moments], lags)
    pasts, found, measures, errors = [], [], [], []
    for index, moment in enumerate(moments):
        reach = moment + 1
        if scaled:
            read, w, ago = reads[index], torch.full_like(fraction, 1 / reach), (fraction * reach).long()
        else:
            keep = seen & (steps < reach)
            read, w, ago = reads[index, keep], weights[keep], steps[keep].long()
        truth = u[moment - ago]
        size = (truth.square() * w).sum().sqrt().clamp(min=1e-12)
        errors.append((((read - truth).square() * w).sum().sqrt() / size).item())
        pasts.append(times[moment - ago])
        found.append(read)
        measures.append(w)
    return figures.streaming(
        times,
        u,
        moments,
        pasts,
        found,
        measures,
        states[moments],
        title=f"{signal}: {name}",
        time_name=time_name,
        signal_name=signal_name,
        errors=errors,
    )


@demo("State trajectories: the coefficients over time")
def trajectories(
    signal: Signal = "two bursts",
    measure: Measure = "LegT",
    scaled: Annotated[bool, Label("scaled (A/t)")] = False,
    N: Order = 32,
    dt: Window = 0.0025,
    frequency: Frequency = 8.0,
    seed: Seed = 0,
    drawing: Curve = DRAWN,
) -> go.Figure:
    """The state is N numbers that move. Give it two bursts: with a window (LegT, FouT) each burst enters, travels
    through the coefficients and leaves; with LegS it fades; with `scaled` it stays and shrinks into the past.
    """
    times, u, time_name, _ = signal_of(signal, frequency, drawing, seed)
    if scaled:
        states, name = ScaledLegS(N, len(u)).forward(u[None])[0], "scaled LegS"
    else:
        states, name = OrthogonalSSM(measure, N, dt, "zoh").forward(u[None])[0], f"{measure}, Δ = {dt:g}"
    return figures.trajectories(times, states, title=f"{signal}: {name}, N = {N}", time_name=time_name)
