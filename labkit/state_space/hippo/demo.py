"""HiPPO's interactive pictures: eight of them, from the basis functions to a kernel drawn by hand."""

import math
from functools import lru_cache
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc
from torch import Tensor

from labkit.datasets import series
from labkit.demo import Drawing, Label, Log, Step, demo
from labkit.state_space.discretize import discretize
from labkit.state_space.hippo import figures
from labkit.state_space.hippo.experiment import delay_signals, ridge, ridge_nrmse
from labkit.state_space.hippo.method import (
    OrthogonalSSM,
    ScaledLegS,
    delay_readout,
    fit_kernel,
    stream_states,
    warped_basis,
    white_signal,
)
from labkit.state_space.hippo.method import (
    spectrum as eigenvalues,
)
from labkit.state_space.inits import random_transition
from labkit.state_space.matrices import MEASURES, transition
from labkit.state_space.tasks import delayed

Measure = Annotated[
    Literal["LegS", "LegT", "FouT", "LagT"],
    doc("LegS: the whole past, fading; LegT, FouT: a window; LagT: the whole past, evenly weighted"),
]
Order = Annotated[int, Interval(ge=2, le=128), MultipleOf(2), Label("state size N")]
Timestep = Annotated[
    float,
    Interval(ge=1e-4, le=1),
    Log(per_decade=8),
    Label("Δ"),
    doc("one step's length; the memory is 1/Δ steps long"),
]
Signal = Annotated[
    Literal["white noise", "chirp", "step", "two bursts", "drawn", "ecg", "co2", "sunspots", "etth1"],
    doc(
        "generated, drawn by hand, or real: electrocardiogram, Mauna Loa CO2, sunspots, oil temperature (ETTh1)"
    ),
]
Curve = Annotated[tuple[float, ...], Drawing(points=25, low=-1.0, high=1.0, x="time", y="u")]

LENGTH = 1200
_DRAWN = tuple(round(math.sin(i / 24 * 9.5) * (1 - i / 36), 2) for i in range(25))


def _arange(count: int) -> Tensor:
    return torch.arange(count, dtype=torch.float64, device="cpu")


# ---------------------------------------------------------------- 1. basis explorer


@demo("Basis explorer: what each state remembers")
def basis_explorer(
    measure: Annotated[
        Literal["LegS", "LegT", "FouT", "LagT", "LMU"],
        doc("the family; LMU is LegT in another normalisation"),
    ] = "LegS",
    shown: Annotated[
        Literal["basis p_n", "basis times measure p_n w", "computed e^{tA}B"],
        doc("the last two coincide when (A, B) is the basis and the measure that it claims to be"),
    ] = "computed e^{tA}B",
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
    nothing else changes. Switch between `p_n w` and `e^{tA}B`: for LegS and LagT they coincide to the last digit, for
    LegT and FouT more closely the larger N is. Then take FouT and remove the low-rank term: the window is gone.

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
        n = _arange(N)
        sign = (-1) ** n * torch.sqrt(2 * n + 1)
    ssm = OrthogonalSSM(family, N, dt, tilt=tilt, low_rank=low_rank)
    w = ssm.measure(lags)
    if shown == "computed e^{tA}B":
        curves, y = ssm.kernels(lags), "e^{tA}B"
    else:
        curves, y = ssm.basis(lags), "p_n"
        if shown == "basis times measure p_n w":
            curves, y = curves * w, "p_n w"
    curves = (sign[:, None] * curves)[chosen]
    without = "" if low_rank else ", low-rank term removed"
    return figures.basis(
        lags,
        curves,
        [f"n = {n}" for n in chosen],
        w,
        title=f"{measure}, N = {N}: {shown}{without}",
        y=y,
    )


# ---------------------------------------------------------------- signals


def _signal(name: str, freq: float, drawn: tuple[float, ...], seed: int) -> tuple[Tensor, Tensor, str, str]:
    """Times, values, and the axes' names."""
    steps = _arange(LENGTH)
    about = "time (steps)", "u"
    if name == "white noise":
        generator = torch.Generator(device="cpu").manual_seed(seed)
        u = white_signal(LENGTH * 1e-3, 1e-3, freq, generator=generator, dtype=torch.float64)[0, :LENGTH]
    elif name == "chirp":
        u = 0.8 * torch.sin(2 * math.pi * freq * 1e-3 * steps * (0.2 + steps / LENGTH))
    elif name == "step":
        u = torch.where(steps >= LENGTH / 4, 1.0, 0.0).to(torch.float64)
    elif name == "two bursts":
        phase = torch.sin(2 * math.pi * 2 * freq * 1e-3 * steps)
        bump = [torch.exp(-0.5 * ((steps - centre) / 45) ** 2) for centre in (260, 840)]
        u = phase * (bump[0] + 0.6 * bump[1])
    elif name == "drawn":
        u = _stretch(torch.tensor(drawn, dtype=torch.float64, device="cpu"), LENGTH)
    else:
        found = series(name)
        u = found.standardised()[-LENGTH:]
        return _arange(len(u)) * found.step, u, f"time ({found.time_unit})", f"{found.title}, standardised"
    return steps, u, *about


def _stretch(values: Tensor, length: int) -> Tensor:
    return torch.nn.functional.interpolate(
        values[None, None], size=length, mode="linear", align_corners=True
    )[0, 0]


Seed = Annotated[int, Interval(ge=0, le=99), doc("another white noise")]
Frequency = Annotated[float, Interval(ge=1, le=40), Step(1.0), Unit("per 1000 steps"), Label("frequency")]


# ---------------------------------------------------------------- 2. streaming reconstruction


@demo("Streaming reconstruction: a memory at work")
def streaming(
    signal: Signal = "white noise",
    measure: Measure = "LegS",
    scaled: Annotated[
        bool, Label("scaled (A/t)"), doc("the time-varying LegS: all of the past, evenly; Δ plays no part")
    ] = False,
    N: Order = 32,
    dt: Annotated[
        float, Interval(ge=1e-3, le=0.1), Log(per_decade=10), Label("Δ"), doc("the memory is 1/Δ steps long")
    ] = 0.0025,
    frequency: Frequency = 8.0,
    frames: Annotated[
        int, Interval(ge=10, le=60), MultipleOf(10), Label("moments"), doc("fewer play faster")
    ] = 30,
    seed: Seed = 0,
    drawing: Curve = _DRAWN,
) -> go.Figure:
    """Press Play. Black is the signal so far, red is all that N numbers know of it, green is how much each moment of
    the past counts, the bars are the N numbers. With LegS the far past blurs; with LegT and FouT a window slides, and
    what leaves it is gone; with `scaled` everything since the beginning is kept, ever more coarsely. Make Δ smaller:
    the memory grows longer, and blurs.
    """
    times, u, time_name, signal_name = _signal(signal, frequency, drawing, seed)
    length = len(u)
    moments = sorted({round(length * (i + 1) / frames) - 1 for i in range(frames)} - {-1, 0})
    if scaled:
        states = ScaledLegS(N, length).forward(u[None])[0]
        name = f"scaled LegS, N = {N}"
    else:
        ssm = OrthogonalSSM(measure, N, dt, "zoh")
        states = ssm.forward(u[None])[0]
        name = f"{measure}, N = {N}, Δ = {dt:g} (memory {1 / dt:.0f} steps)"
    step = float(times[1] - times[0])
    pasts, reads, measures, errors = [], [], [], []
    for moment in moments:
        reach = moment + 1
        lags = torch.linspace(0.5, reach - 0.5, min(reach, 240), dtype=torch.float64, device="cpu")
        if scaled:
            read = ScaledLegS(N, length).reconstruct(states[moment], 1 - lags / reach)
            w = torch.full_like(lags, 1 / reach)
        else:
            read = ssm.reconstruct(states[moment], lags)
            w = ssm.measure(lags) * dt
        truth = u[(moment - (lags - 0.5).round().long()).clamp(min=0)]
        size = (truth.square() * w).sum().sqrt().clamp(min=1e-12)
        errors.append((((read - truth).square() * w).sum().sqrt() / size).item())
        # a window's reconstruction ends where the window does
        seen = (w > 0) | torch.tensor(scaled, device="cpu")
        pasts.append((times[moment] - (lags - 0.5) * step)[seen])
        reads.append(read[seen])
        measures.append(w[seen])
    return figures.streaming(
        times,
        u,
        moments,
        pasts,
        reads,
        measures,
        states[moments],
        title=f"{signal}: {name}",
        time_name=time_name,
        signal_name=signal_name,
        errors=errors,
    )


# ---------------------------------------------------------------- 3. state trajectories


@demo("State trajectories: the coefficients over time")
def trajectories(
    signal: Signal = "two bursts",
    measure: Measure = "LegT",
    scaled: Annotated[bool, Label("scaled (A/t)")] = False,
    N: Order = 32,
    dt: Annotated[
        float, Interval(ge=1e-3, le=0.1), Log(per_decade=10), Label("Δ"), doc("the memory is 1/Δ steps long")
    ] = 0.0025,
    frequency: Frequency = 8.0,
    seed: Seed = 0,
    drawing: Curve = _DRAWN,
) -> go.Figure:
    """The state is N numbers that move. Give it two bursts: with a window (LegT, FouT) each burst enters, travels
    through the coefficients and leaves; with LegS it fades; with `scaled` it stays and shrinks into the past.
    """
    times, u, time_name, _ = _signal(signal, frequency, drawing, seed)
    if scaled:
        states, name = ScaledLegS(N, len(u)).forward(u[None])[0], "scaled LegS"
    else:
        states, name = OrthogonalSSM(measure, N, dt, "zoh").forward(u[None])[0], f"{measure}, Δ = {dt:g}"
    return figures.trajectories(times, states, title=f"{signal}: {name}, N = {N}", time_name=time_name)


# ---------------------------------------------------------------- 4. error map

_ORDERS = (4, 8, 16, 24, 32, 48, 64)
_DELTAS = tuple(round(10 ** (-4 + i / 5), 6) for i in range(16))


@demo("Error map: how much is left, of when")
def error_map(
    measure: Measure = "LegS",
    across: Annotated[
        Literal["lag", "Δ"],
        Label("across"),
        doc("the lag at one Δ, or Δ at one lag (with the line 1/Δ = lag)"),
    ] = "lag",
    dt: Annotated[float, Interval(ge=5e-4, le=0.1), Log(per_decade=10), Label("Δ")] = 0.004,
    lag: Annotated[int, Interval(ge=10, le=900), Step(10), Unit("steps")] = 250,
    frequency: Frequency = 8.0,
) -> go.Figure:
    """Dark is remembered, bright is lost (a relative error of 1 is no memory at all). Across the lag: LegS fades,
    the windows are sharp. Across Δ: the dashed line is the Δ whose memory 1/Δ is just as long as the lag; right of it
    a window has forgotten, far left of it N is too small for so long a memory.
    """
    generator = torch.Generator(device="cpu").manual_seed(1)
    u = white_signal(LENGTH * 1e-3, 1e-3, frequency, batch=24, generator=generator, dtype=torch.float64)[
        :, :LENGTH
    ]
    history = u.flip(-1)
    if across == "lag":
        edges = torch.linspace(0, 1000, 41, device="cpu").round().long()
        errors = torch.stack([_error_by_lag(OrthogonalSSM(measure, N, dt), history, edges) for N in _ORDERS])
        return figures.error_map(
            ((edges[1:] + edges[:-1]) / 2).tolist(),
            _ORDERS,
            errors,
            title=f"{measure}, Δ = {dt:g}: error of the reconstruction",
            x_name="lag (steps)",
            marker=1 / dt if 1 / dt <= 1000 else None,
            marker_name="lag = 1/Δ",
        )
    edges = torch.tensor([max(0, lag - 5), lag + 5], device="cpu")
    errors = torch.stack(
        [
            torch.stack(
                [_error_by_lag(OrthogonalSSM(measure, N, delta), history, edges)[0] for delta in _DELTAS]
            )
            for N in _ORDERS
        ]
    )
    return figures.error_map(
        _DELTAS,
        _ORDERS,
        errors,
        title=f"{measure}: error of the reconstruction {lag} steps ago",
        x_name="Δ",
        log_x=True,
        marker=1 / lag,
        marker_name="1/Δ = lag",
    )


def _error_by_lag(ssm: OrthogonalSSM, history: Tensor, edges: Tensor) -> Tensor:
    """The relative error between consecutive edges, at the end of every signal."""
    lags = _arange(int(edges[-1])) + 0.5
    state = history @ _kernels(ssm, history.shape[-1]).T
    read = ssm.reconstruct(state, lags)
    truth = history[:, : len(lags)]
    missed, size = (read - truth).square().sum(0), truth.square().sum(0)
    parts = [
        (missed[a:b].sum() / size[a:b].sum().clamp(min=1e-12)).sqrt()
        for a, b in edges.unfold(0, 2, 1).tolist()
    ]
    return torch.stack(parts)


def _kernels(ssm: OrthogonalSSM, length: int) -> Tensor:
    return _discrete_kernels(ssm.measure_name, ssm.N, ssm.dt, length)


@lru_cache(maxsize=256)
def _discrete_kernels(measure: str, N: int, dt: float, length: int) -> Tensor:
    """Abar^l Bbar for lags l < length: what each past sample gives each coefficient."""
    ssm = OrthogonalSSM(measure, N, dt)
    impulse = torch.zeros(1, length, dtype=torch.float64, device="cpu")
    impulse[0, 0] = 1.0
    return ssm.forward(impulse)[0].T.contiguous()


# ---------------------------------------------------------------- 5. delay dial

_PRODUCTS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


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
    kernel = C @ _discrete_kernels(measure, N, dt, 1000)[:, :length]
    kernel[0] += D
    nrmse = ((output - truth).square().mean() / truth.square().mean()).sqrt().item()
    note = " (the window's end: the delay lies beyond it)" if beyond and readout == "closed form" else ""
    first = figures.delay(
        _arange(1000),
        test[0],
        truth[0],
        output[0],
        _arange(length),
        kernel,
        float(lag),
        title=f"{measure}, N = {N}, Δ·lag = {product:g}: NRMSE {nrmse:.3f}{note}",
    )
    errors = {name: list(_delay_errors(name, N, lag, frequency)) for name in (*MEASURES, "random")}
    return first, figures.delay_errors(errors, _PRODUCTS, chosen=measure, position=product)


_COARSE = 4  # the comparison counts time in coarser steps: its error depends on Δ · lag and on wiggles per lag alone


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
    for product in _PRODUCTS:
        Abar, Bbar = discretize(*pair, product / lag, "bilinear")
        states = stream_states(Abar, Bbar, both, block=8).to(torch.float64)
        errors.append(ridge_nrmse(states[:16], wanted, states[16:], truth))
    return tuple(errors)


# ---------------------------------------------------------------- 6. warp


@demo("Warp: where S4's matrix comes from")
def warp(
    clock: Annotated[
        Literal["exponential: S4's LegS", "linear: scaled LegS", "square root"],
        doc("a(t): how the past is squeezed; exponential gives the time-invariant LegS"),
    ] = "exponential: S4's LegS",
    count: Annotated[int, Interval(ge=1, le=8), doc("how many polynomials")] = 5,
    horizon: Annotated[float, Interval(ge=1, le=8), Step(0.5), Label("how far back")] = 5.0,
    weighted: Annotated[bool, doc("multiply by the measure: the kernels e^{tA}B themselves")] = False,
) -> go.Figure:
    """On the right are plain Legendre polynomials, the ones of every textbook. Read their axis through a clock that
    squeezes the past, and they become the functions on the left: with the exponential clock, the rows of S4's matrix.
    That is all there is to it.
    """
    lags = torch.linspace(0, horizon, 601, dtype=torch.float64, device="cpu")
    clocks = {
        "exponential: S4's LegS": (torch.exp, 0.0, "e^{-t}"),
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
        position_name=position_name,
    )


# ---------------------------------------------------------------- 7. spectrum


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


# ---------------------------------------------------------------- 8. kernel painter


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
    kernel = _stretch(torch.tensor(drawing, dtype=torch.float64, device="cpu"), points)
    lags = (_arange(points) + 0.5) / points
    fits, errors = {}, []
    for measure in ("LegT", "FouT", "LegS") if compare else ("LegT",):
        C = fit_kernel(measure, N, kernel, 1 / points)
        ssm = OrthogonalSSM(measure, N, 1.0)
        fit = C @ (ssm.basis(lags) * ssm.measure(lags))
        error = ((fit - kernel).square().mean() / kernel.square().mean().clamp(min=1e-12)).sqrt().item()
        fits[f"{measure} (error {error:.2f})"] = fit
        errors.append(error)
    return figures.fitted_kernel(lags, kernel, fits, title=f"A kernel drawn by hand, and N = {N} numbers")
