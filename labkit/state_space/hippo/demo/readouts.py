"""What a linear readout makes of the state: a delay line, and any kernel on the window."""

import math
from functools import lru_cache
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc

from labkit.demo import Drawing, Label, Log, Step, demo
from labkit.state_space.discretize import discretize
from labkit.state_space.hippo import figures
from labkit.state_space.hippo.demo.controls import Frequency, Measure
from labkit.state_space.hippo.demo.signals import arange, discrete_kernels, stretch
from labkit.state_space.hippo.experiment.delays import delay_signals, ridge, ridge_nrmse
from labkit.state_space.hippo.experiment.settings import PRODUCTS
from labkit.state_space.hippo.method import OrthogonalSSM, delay_readout, fit_kernel, stream_states
from labkit.state_space.inits import random_transition
from labkit.state_space.matrices import MEASURES, transition
from labkit.state_space.tasks import delayed


@demo("Delay dial: a state as a delay line")
def delay_dial(
    measure: Measure = "LegT",
    N: Annotated[int, Interval(ge=4, le=64), MultipleOf(2), Label("state size N")] = 32,
    lag: Annotated[
        int, Interval(ge=20, le=500), Step(10), Unit("steps"), doc("the delay that is wanted")
    ] = 250,
    product: Annotated[
        float,
        Interval(ge=0.125, le=8),
        Log(per_decade=10),
        Label("Δ · lag"),
        doc("1: the memory is just as long as the delay"),
    ] = 1.0,
    readout: Annotated[
        Literal["closed form", "ridge"], doc("C = p_n(lag), or the best linear readout, found from examples")
    ] = "closed form",
    frequency: Frequency = 12.0,
) -> tuple[go.Figure, go.Figure]:
    """Turn N up: the impulse response sharpens into a spike at the delay. Turn Δ · lag past 1 with a window (LegT,
    FouT): the wanted moment has left the window, and no readout brings it back. LegS never loses it altogether. The
    lower curve compares all memories at every Δ.
    """
    dt = product / lag
    train, test = delay_signals(1000, frequency, 16, 2, seed=3)
    ssm = OrthogonalSSM(measure, N, dt)
    states = ssm.forward(test)
    beyond = measure in ("LegT", "FouT") and product > 1
    if readout == "closed form":
        C, D = delay_readout(measure, N, 1.0 if beyond else product)
    else:
        weights, scale = ridge(ssm.forward(train), delayed(train, lag))
        C, D = weights / scale, 0.0
    output = states @ C + D * test
    truth = delayed(test, lag)
    length = min(1000, 2 * lag + 100)
    kernel = C @ discrete_kernels(measure, N, dt, 1000)[:, :length]
    kernel[0] += D
    nrmse = ((output - truth).square().mean() / truth.square().mean()).sqrt().item()
    note = " (the window's end: the delay lies beyond it)" if beyond and readout == "closed form" else ""
    first = figures.delay(
        arange(1000),
        test[0],
        truth[0],
        output[0],
        arange(length),
        kernel,
        float(lag),
        title=f"{measure}, N = {N}, Δ·lag = {product:g}: NRMSE {nrmse:.3f}{note}",
    )
    errors = {name: list(_delay_errors(name, N, lag, frequency)) for name in (*MEASURES, "random")}
    return first, figures.delay_errors(errors, PRODUCTS, chosen=measure, position=product)


_COARSE = 5  # the comparison counts time in coarser steps: its error depends on Δ · lag and on wiggles per lag alone


@lru_cache(maxsize=512)
def _delay_errors(name: str, N: int, lag: int, frequency: float) -> tuple[float, ...]:
    """NRMSE of a ridge readout at every product."""
    lag = max(1, round(lag / _COARSE))
    train, test = delay_signals(1000 // _COARSE, frequency * _COARSE, 16, 4, seed=3)
    wanted, truth = delayed(train, lag), delayed(test, lag)
    both = torch.cat([train, test]).to(torch.float32)
    if name == "random":
        pair = random_transition("real", N, generator=torch.Generator(device="cpu").manual_seed(0))
    else:
        pair = transition(name, N)
    errors = []
    for product in PRODUCTS:
        Abar, Bbar = discretize(*pair, product / lag, "bilinear")
        states = stream_states(Abar, Bbar, both, block=8).to(torch.float64)
        errors.append(ridge_nrmse(states[:16], wanted, states[16:], truth))
    return tuple(errors)


@demo("Kernel painter: any kernel on the window")
def kernel_painter(
    drawing: Annotated[tuple[float, ...], Drawing(points=25, low=-1.0, high=1.0, x="lag", y="K")] = tuple(
        round(math.exp(-(((i - 15) / 3.5) ** 2)) - 0.6 * math.exp(-(((i - 6) / 2.5) ** 2)), 2)
        for i in range(25)
    ),
    N: Annotated[int, Interval(ge=2, le=64), MultipleOf(2), Label("state size N")] = 12,
    compare: Annotated[bool, doc("draw all three bases, or LegT alone")] = True,
) -> go.Figure:
    """Draw the kernel that you would like to convolve with. A state of N numbers reaches the nearest one that its
    basis can express, by C_n = ∫ K p_n: no training. Sharp corners need large N, and Fourier's basis, being periodic,
    dislikes a kernel whose two ends differ.
    """
    points = 400
    kernel = stretch(torch.tensor(drawing, dtype=torch.float64, device="cpu"), points)
    lags = (arange(points) + 0.5) / points
    fits, errors = {}, []
    for measure in ("LegT", "FouT", "LegS") if compare else ("LegT",):
        C = fit_kernel(measure, N, kernel, 1 / points)
        ssm = OrthogonalSSM(measure, N, 1.0)
        fit = C @ (ssm.basis(lags) * ssm.measure(lags))
        error = ((fit - kernel).square().mean() / kernel.square().mean().clamp(min=1e-12)).sqrt().item()
        fits[f"{measure} (error {error:.2f})"] = fit
        errors.append(error)
    return figures.fitted_kernel(lags, kernel, fits, title=f"A kernel drawn by hand, and N = {N} numbers")
