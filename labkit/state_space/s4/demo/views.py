"""One linear map: as an equation in time, as a recurrence, as a convolution, and as a matrix."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, Step, demo
from labkit.nn.attention import MultiHeadAttention
from labkit.nn.convolution import causal_conv
from labkit.state_space.discretize import discretize, zoh
from labkit.state_space.kernels import dplr_kernel, krylov
from labkit.state_space.s4 import figures
from labkit.state_space.s4.demo.systems import Init, Order, Seed, Timestep, parts, real_system
from labkit.state_space.signals import white_signal
from labkit.state_space.streaming import stream_states

STEPS = 120
FINE = 10  # moments within each step at which the continuous output is drawn


@demo("Three views of one map")
def three_views(
    signal: Annotated[
        Literal["pulses", "steps", "white noise", "sine"],
        doc("what goes in; each sample is held for one step"),
    ] = "steps",
    init: Annotated[Literal["LegS", "LegT", "FouT"], doc("the matrix A")] = "LegS",
    N: Order = 16,
    dt: Timestep = 0.05,
    rule: Annotated[
        Literal["bilinear", "zoh"], Label("discretisation"), doc("S4 uses the bilinear rule")
    ] = "bilinear",
    seed: Seed = 3,
) -> go.Figure:
    """Three computations of the same output: the equation in continuous time (black line), the recurrence (red dots),
    the convolution (green band). Recurrence and convolution agree to the last digit, always: they are the same sum.
    The equation differs from both by the discretisation: make Δ larger and watch it leave the dots, then switch to zoh,
    which is exact for a held input.
    """
    k = torch.arange(STEPS, dtype=torch.float64, device="cpu")
    if signal == "pulses":
        u = torch.zeros_like(k)
        u[[5, 40, 45, 85]] = torch.tensor([1.0, 1.0, -1.0, 1.0], dtype=u.dtype, device="cpu")
    elif signal == "steps":
        u = torch.where((k >= 10) & (k < 55), 1.0, 0.0) - torch.where((k >= 80) & (k < 95), 1.0, 0.0)
        u = u.to(torch.float64)
    elif signal == "sine":
        u = torch.sin(0.15 * k)
    else:
        generator = torch.Generator(device="cpu").manual_seed(seed)
        u = white_signal(STEPS * 1e-2, 1e-2, 8, generator=generator, dtype=torch.float64)[0]
    A, B, C = real_system(init, N, seed)
    Abar, Bbar = discretize(A, B, dt, rule)
    kernel = C @ krylov(Abar, Bbar, STEPS)
    convolved = causal_conv(u[None, :, None], kernel[None])[0, :, 0]
    x, recurrent = torch.zeros_like(B), []
    for sample in u:
        x = Abar @ x + Bbar * sample
        recurrent.append(C @ x)
    recurrent = torch.stack(recurrent)
    # the equation itself, exactly, for an input held over each step: zero-order hold in parts of a step
    states = stream_states(*zoh(A, B, dt / FINE), u.repeat_interleave(FINE)[None])[0]
    continuous = states @ C
    times = (torch.arange(len(continuous), dtype=torch.float64, device="cpu") + 1) / FINE
    apart = (recurrent - convolved).abs().max().item()
    at_steps = continuous[FINE - 1 :: FINE]
    left = ((at_steps - recurrent).norm() / at_steps.norm().clamp(min=1e-12)).item()
    return figures.three_views(
        u,
        times,
        continuous,
        recurrent,
        convolved,
        kernel,
        title=f"{init}, N = {N}, Δ = {dt:g}: recurrence − convolution {apart:.0e}, equation − recurrence {left:.1%}",
    )


@demo("What each output reads: S4 and attention")
def mixing_map(
    init: Init = "LegS",
    length: Annotated[int, Interval(ge=16, le=96), Step(8), Label("length L")] = 48,
    dt: Timestep = 0.05,
    N: Order = 32,
    sharpness: Annotated[
        float, Interval(ge=0.0, le=6.0), Step(0.5), doc("how large the attention's queries are")
    ] = 3.0,
    seed: Annotated[int, Interval(ge=0, le=20), Label("input"), doc("another input")] = 0,
) -> go.Figure:
    """Each row is one output and says how much of every input is in it. S4's matrix is constant along its diagonals:
    the kernel at the distance, the same for every input. Attention's is set by the input. Change the input:
    only the right picture changes. Make Δ smaller: S4 looks further back.
    """
    dts = torch.tensor([dt], dtype=torch.float64, device="cpu")
    kernel = dplr_kernel(*parts(init, N, dts, seed=0), length)[0, 0]
    lag = torch.arange(length, device="cpu")
    lag = lag[:, None] - lag[None]
    toeplitz = torch.where(lag >= 0, kernel[lag.clamp(min=0)], torch.zeros_like(kernel[:1]))
    generator = torch.Generator(device="cpu").manual_seed(seed)
    x = torch.randn(1, length, 16, generator=generator, device="cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        attention = MultiHeadAttention(16, 1, device="cpu")
    with torch.no_grad():
        q, k, _ = attention.project(sharpness * x, x)
        weights = attention.weights(q * 2, k * 2, mask=lag >= 0)[0, 0]
    return figures.mixing_maps(toeplitz, weights, title=f"{init}, Δ = {dt:g}, and one head of attention")
