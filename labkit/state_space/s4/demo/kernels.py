"""Kernels, their truncation, and the plane in which they are evaluated."""

import math
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc

from labkit.demo import Label, Log, Step, demo
from labkit.state_space.discretize import discretize, discretize_diagonal
from labkit.state_space.kernels import dplr_kernel, krylov, real_form, real_input, real_readout, vandermonde
from labkit.state_space.s4 import figures
from labkit.state_space.s4.demo.systems import Init, Order, Seed, Timestep, parts
from labkit.state_space.s4.method import generating_function


@demo("Kernel gallery: what a layer convolves with")
def kernel_gallery(
    init: Init = "LegS",
    N: Order = 64,
    dt: Annotated[
        float,
        Interval(ge=1e-3, le=0.1),
        Log(per_decade=10),
        Label("largest Δ"),
        doc("the heads' steps run from a tenth of this to this"),
    ] = 0.05,
    low_rank: Annotated[bool, Label("low-rank term"), doc("off: the diagonal alone, as in S4D")] = True,
    rule: Annotated[Literal["bilinear", "zoh"], Label("discretisation")] = "bilinear",
    length: Annotated[int, Interval(ge=64, le=1024), Step(64), Unit("steps"), Label("length L")] = 512,
    heads: Annotated[int, Interval(ge=1, le=4), doc("how many heads are drawn")] = 3,
    seed: Seed = 0,
) -> go.Figure:
    """Each head is one kernel: the same A, another step Δ and another readout C. A larger Δ squeezes the kernel towards
    the present; a smaller one reaches far back. Switch the low-rank term off: LegS becomes S4D, similar but rougher;
    FouT loses its window and rings for ever. Bilinear and zoh differ only in the first few, fast steps.
    """
    dts = torch.logspace(math.log10(dt), math.log10(dt / 10), heads, dtype=torch.float64, device="cpu")
    Lambda, P, Q, B, C, dts = parts(init, N, dts, seed, low_rank)
    if low_rank and rule == "bilinear":
        kernels = dplr_kernel(Lambda, P, Q, B, C, dts, length)[0]
    elif low_rank:
        Abar, Bbar = discretize(real_form(Lambda, P, Q), real_input(B), dts, "zoh")
        kernels = torch.einsum("hn,hnl->hl", real_readout(C)[0], krylov(Abar, Bbar, length))
    else:
        Abar, Bbar = discretize_diagonal(Lambda, B, dts[:, None], rule)
        kernels = vandermonde(C[0] * Bbar, Abar.log(), length)
    without = "" if low_rank else ", without the low-rank term"
    return figures.kernel_gallery(
        kernels,
        [f"Δ = {step:.3g}: about {1 / step:.0f} steps of memory" for step in dts.tolist()],
        title=f"{init}, N = {N}, {rule}{without}",
    )


@demo("Truncation: the tail that wraps round")
def aliasing(
    dt: Annotated[
        float, Interval(ge=1e-3, le=0.2), Log(per_decade=10), Label("Δ"), doc("small: the tail is long")
    ] = 0.003,
    length: Annotated[int, Interval(ge=16, le=256), Step(16), Unit("steps"), Label("length L")] = 96,
    N: Order = 32,
    seed: Seed = 1,
) -> go.Figure:
    """An inverse FFT of L samples of an infinite kernel's transform folds the kernel's tail onto its beginning (red).
    S4 evaluates the transform of the first L values instead, by Ĉ = C(I − Āᴸ). Make L longer or Δ larger: the tail
    (dotted) has faded before L, and the mistake disappears, which is why it is easily overlooked.
    """
    dts = torch.tensor([dt], dtype=torch.float64, device="cpu")
    system = parts("LegS", N, dts, seed)
    exact = dplr_kernel(*system, 2 * length)[0, 0]
    wrapped = dplr_kernel(*system, length, truncated=True)[0, 0]
    worst = ((wrapped - exact[:length]).abs().max() / exact.abs().max()).item()
    return figures.aliasing(
        exact[:length],
        wrapped,
        exact[length:],
        title=f"LegS, Δ = {dt:g}, L = {length}: without Ĉ wrong by up to {worst:.0%} of the largest value",
    )


@demo("The complex plane: poles, and where the kernel is asked")
def complex_plane(
    init: Init = "LegS",
    N: Annotated[int, Interval(ge=2, le=32), MultipleOf(2), Label("state size N")] = 16,
    dt: Timestep = 0.1,
    length: Annotated[int, Interval(ge=8, le=256), Step(8), Label("length L")] = 64,
    low_rank: Annotated[bool, Label("low-rank term"), doc("off: the diagonal alone, as in S4D")] = True,
    seed: Seed = 0,
) -> go.Figure:
    """The bilinear rule puts the roots of unity (blue) on the imaginary axis. There the Cauchy sums add up
    1/(node − pole) over the poles of the diagonal part (red), all of HiPPO's at one distance from the axis. Switch the
    low-rank term off: they are the kernel's own poles, and every one is a peak on the right. With the term, the
    kernel's poles are A's eigenvalues (circles): for LegS −1 … −N, all real, and no peak is left. Make Δ smaller: the
    poles crowd towards 0.

    Nodes beyond the picture go to infinity at z = −1, where the usual formula divides by zero and the lab's does not.
    """
    dts = torch.tensor([dt], dtype=torch.float64, device="cpu")
    Lambda, P, Q, *_ = system = parts(init, N, dts, seed, low_rank)
    angles = math.pi * torch.linspace(-1, 1, 2 * (length // 2) + 1, dtype=torch.float64, device="cpu")
    kernel = dplr_kernel(*system, length)[0, 0]
    response = generating_function(kernel, torch.polar(torch.ones_like(angles), -angles)).abs()
    poles = dt * torch.cat([Lambda[0], Lambda[0].conj()])
    if init == "LegS" and low_rank:
        # known exactly; computed numerically they would be lost from N = 24 on
        eigenvalues = (-dt * torch.arange(1, N + 1, dtype=torch.float64, device="cpu")).to(poles.dtype)
    else:
        eigenvalues = dt * torch.linalg.eigvals(real_form(Lambda, P, Q)[0])
    return figures.plane(
        poles,
        eigenvalues,
        2 * torch.tan(angles[1:-1] / 2),
        angles[1:-1],
        response[1:-1].clamp(min=1e-9),
        title=f"{init}, N = {N}, Δ = {dt:g}, L = {length}" + ("" if low_rank else ", diagonal alone"),
        reach=6.0,
    )
