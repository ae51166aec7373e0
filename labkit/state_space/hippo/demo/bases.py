"""What each number of the state stands for: basis functions, the warp, the eigenvalues."""

import math
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, Log, Step, demo
from labkit.state_space.hippo import figures
from labkit.state_space.hippo.demo.controls import Order, Timestep
from labkit.state_space.hippo.demo.signals import arange
from labkit.state_space.hippo.method import OrthogonalSSM, warped_basis
from labkit.state_space.hippo.method import spectrum as eigenvalues
from labkit.state_space.matrices import transition


@demo("Basis explorer: what each state remembers")
def basis_explorer(
    measure: Annotated[
        Literal["LegS", "LegT", "FouT", "LagT", "LMU"],
        doc("the family; LMU is LegT in another normalisation"),
    ] = "LegS",
    shown: Annotated[
        Literal["basis", "basis times measure", "computed from A and B"],
        doc("the last two coincide when (A, B) is the basis and the measure that it claims to be"),
    ] = "computed from A and B",
    N: Order = 32,
    first: Annotated[int, Interval(ge=0, le=127), doc("the first n that is drawn")] = 0,
    count: Annotated[int, Interval(ge=1, le=8), doc("how many are drawn")] = 4,
    dt: Timestep = 0.01,
    low_rank: Annotated[
        bool, Label("low-rank term"), doc("without it nothing cuts the window off: FouT oscillates for ever")
    ] = True,
    tilt: Annotated[float, Interval(ge=-1, le=0.4), Step(0.05), doc("A + cI: negative forgets faster")] = 0.0,
) -> go.Figure:
    """Each line is one number of the state: how it weighs the input of some time ago. Move Δ: everything stretches,
    nothing else changes. Switch between `basis times measure` (pₙw) and `computed from A and B` (eᵗᴬB): for LegS and
    LagT they coincide to the last digit, for LegT and FouT more closely the larger N is. Then take FouT and remove the
    low-rank term: the window is gone.

    Tilt applies to LegS and LagT at any value and forgets faster when negative. LMU's numbers are not normalised.
    """
    lags = torch.linspace(0, 4 / dt, 801, dtype=torch.float64, device="cpu")
    first = min(first, N - 1)
    chosen = list(range(first, min(first + count, N)))
    if measure == "FouT" and 1 in chosen and len(chosen) < count + 1:
        # FouT's state 1 is the sine of frequency 0: always zero
        chosen = [n for n in range(first, min(first + count + 1, N)) if n != 1]
    sign = torch.ones(N, dtype=torch.float64, device="cpu")
    family = measure
    if measure == "LMU":
        family = "LegT"
        n = arange(N)
        sign = (-1) ** n * torch.sqrt(2 * n + 1)
    ssm = OrthogonalSSM(family, N, dt, tilt=tilt, low_rank=low_rank)
    w = ssm.measure(lags)
    if shown == "computed from A and B":
        curves, y = ssm.kernels(lags), "e<sup>tA</sup>B"
    else:
        curves, y = ssm.basis(lags), "p<sub>n</sub>"
        if shown == "basis times measure":
            curves, y = curves * w, "p<sub>n</sub> w"
    curves = (sign[:, None] * curves)[chosen]
    without = "" if low_rank else ", low-rank term removed"
    return figures.basis(
        lags,
        curves,
        [f"n = {n}" for n in chosen],
        w,
        title=f"{measure}, N = {N}: {shown}, {y}{without}",
        y=y,
    )


@demo("Warp: where S4's matrix comes from")
def warp(
    clock: Annotated[
        Literal["exponential: S4's LegS", "linear: scaled LegS", "square root"],
        doc("a(t): how the past is squeezed; exponential gives the time-invariant LegS"),
    ] = "exponential: S4's LegS",
    count: Annotated[int, Interval(ge=1, le=8), doc("how many polynomials")] = 5,
    horizon: Annotated[float, Interval(ge=1, le=8), Step(0.5), Label("how far back")] = 5.0,
    weighted: Annotated[bool, doc("multiply by the measure: the kernels eᵗᴬB themselves")] = False,
) -> go.Figure:
    """On the right are plain Legendre polynomials, the ones of every textbook. Read their axis through a clock that
    squeezes the past, and they become the functions on the left: with the exponential clock, the rows of S4's matrix.
    That is all there is to it.
    """
    lags = torch.linspace(0, horizon, 601, dtype=torch.float64, device="cpu")
    clocks = {
        "exponential: S4's LegS": (torch.exp, 0.0, "e<sup>−t</sup>"),
        "linear: scaled LegS": (lambda s: s, horizon, "s / t: the fraction of the past"),
        "square root": (torch.sqrt, horizon, "sqrt(s / t)"),
    }
    a, now, position_name = clocks[clock]
    times = now - lags
    if now:  # the clock starts at 0
        times = times.clamp(min=1e-6 * now)
    basis, measure = warped_basis(a, count, now, times)
    scale = float(a(torch.tensor(now, dtype=torch.float64, device="cpu")))
    position = a(times) / scale
    curves = basis * measure if weighted else basis
    return figures.warp(
        lags,
        position,
        curves,
        [f"n = {n}" for n in range(count)],
        title=f"Legendre polynomials under the clock a(t): {clock}",
        y="p<sub>n</sub> w" if weighted else "p<sub>n</sub>",
        position_name=position_name,
    )


@demo("Spectrum: what a step of Δ does to the eigenvalues")
def spectrum(
    measure: Annotated[Literal["LegS", "LegT", "FouT", "LagT"], doc("the family")] = "FouT",
    N: Order = 32,
    dt: Annotated[float, Interval(ge=1e-4, le=1), Log(per_decade=12), Label("Δ")] = 0.01,
    rule: Annotated[
        Literal["bilinear", "zoh", "forward", "backward"],
        Label("discretisation"),
        doc("Euler forward leaves the circle"),
    ] = "bilinear",
) -> go.Figure:
    """Left, the eigenvalues of A, all in the left half-plane: every mode fades. Right, those of one discrete step:
    inside the dotted circle a mode fades, outside it explodes. Euler's forward rule leaves the circle as soon as Δ is
    not tiny. Amber modes turn by more than half a circle in one step: they are aliased.
    """
    A, _ = transition(measure, N)
    continuous, discrete = eigenvalues(A, dt, rule)
    aliased = (dt * continuous.imag.abs() > math.pi).tolist()
    outside = int((discrete.abs() > 1 + 1e-9).sum())
    verdict = f"{outside} of {N} explode" if outside else "stable"
    return figures.spectrum(
        continuous, discrete, title=f"{measure}, N = {N}, Δ = {dt:g}, {rule}: {verdict}", aliased=aliased
    )
