"""The lineage on one signal: each model's answer to a kick, its eigenvalues, its output, and how far it hears."""

import math
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc
from torch import Tensor

from labkit.demo import Label, Log, Step, demo
from labkit.nn.convolution import causal_conv
from labkit.nn.recurrent import RecurrentMixer
from labkit.plotting import COLOURS
from labkit.state_space.discretize import discretize_diagonal
from labkit.state_space.inits import diagonal
from labkit.state_space.kernels import companion, companion_kernel, dplr_kernel, vandermonde
from labkit.state_space.layers import S5Layer
from labkit.state_space.mamba import SelectiveSSM, inverse_softplus
from labkit.state_space.matrices import dplr
from labkit.state_space.s4_survey import figures
from labkit.state_space.s4_survey.method import dss_kernel, horizon, linearised_response, selective_matrix
from labkit.state_space.signals import white_signal

LENGTH = 256
KINDS = ("S4", "S4D", "DSS", "S5", "SpaceTime", "Mamba", "LSTM")
COLOUR = dict(zip(KINDS, (*COLOURS[:1], COLOURS[5], *COLOURS[2:5], COLOURS[1], COLOURS[7]), strict=True))


class Heard(NamedTuple):
    """What one model does: its answer to a kick, its eigenvalues, and its output for the signal."""

    kernel: Tensor
    eigenvalues: Tensor
    output: Tensor


@lru_cache(maxsize=8)
def the_signal(name: str, frequency: float, seed: int) -> Tensor:
    """The chosen signal, 256 steps, between -1 and 1."""
    k = torch.arange(LENGTH, dtype=torch.float64, device="cpu")
    if name == "impulse":
        return (k == 16).to(torch.float64)
    if name == "step":
        return (k >= 64).to(torch.float64)
    if name == "sine":
        return torch.sin(2 * math.pi * frequency * k / LENGTH)
    if name == "noise":
        generator = torch.Generator(device="cpu").manual_seed(seed)
        u = white_signal(1.0, 1 / LENGTH, max(1.0, frequency), generator=generator, dtype=torch.float64)[
            0, :LENGTH
        ]
        return u / u.abs().max()
    from sklearn.datasets import load_digits

    pixels = torch.from_numpy(load_digits().images[seed]).to(torch.float64)
    return pixels.flatten().repeat_interleave(LENGTH // 64) / 16


def heard_by(kind: str, u: Tensor, N: int, dt: float, at: int, seed: int) -> Heard:
    """One model of the lineage with N states and one channel, as it starts; the readout is random.

    The first five are linear and time-invariant: the answer is their kernel, whatever the signal. For Mamba it is the
    column `at` of its matrix at this signal, for an LSTM the derivative of the outputs with respect to u_at.
    """
    generator = torch.Generator(device="cpu").manual_seed(1000 * KINDS.index(kind) + seed)
    step = torch.tensor([dt], dtype=torch.float64, device="cpu")
    C = torch.randn(N // 2, dtype=torch.complex128, generator=generator, device="cpu")
    if kind == "Mamba":
        return _mamba(u, N, dt, at, generator)
    if kind == "LSTM":
        return _lstm(u, at, seed)
    if kind == "S4":
        Lambda, P, B, _ = dplr("LegS", N)
        k = dplr_kernel(Lambda[None], P[:, None], P[:, None], B[None], C[None, None], step, LENGTH)[0, 0]
        # LegS has the eigenvalues -1 .. -N exactly; the bilinear rule maps them
        z = -dt * torch.arange(1, N + 1, dtype=torch.float64, device="cpu")
        modes = ((1 + z / 2) / (1 - z / 2)).to(torch.complex128)
    elif kind == "S4D":
        Lambda, B = diagonal("legs", N)
        Abar, Bbar = discretize_diagonal(Lambda, B, dt)
        k, modes = vandermonde(C * Bbar, dt * Lambda, LENGTH), torch.cat([Abar, Abar.conj()])
    elif kind == "DSS":
        Lambda, _ = diagonal("legs", N)
        k = dss_kernel(Lambda, C[None], step, LENGTH)[0]
        modes = torch.exp(dt * torch.cat([Lambda, Lambda.conj()]))
    elif kind == "S5":
        s5 = S5Layer(
            1, N, dt_min=dt / 3, dt_max=3 * dt, activation="none", dtype=torch.float64, generator=generator
        )
        with torch.no_grad():
            k, modes = s5.kernel(LENGTH)[0, 0], s5.system()[0]
            modes = torch.cat([modes, modes.conj()])
    else:
        a = torch.randn(N, dtype=torch.float64, generator=generator, device="cpu")
        a = a / a.abs().sum()
        b = torch.zeros_like(a)
        b[0] = 1.0
        k = companion_kernel(
            a, b, torch.randn(N, dtype=torch.float64, generator=generator, device="cpu"), L=LENGTH
        )
        modes = torch.linalg.eigvals(companion(a))
    return Heard(k, modes, causal_conv(u[None, :, None], k[None])[0, :, 0])


def _mamba(u: Tensor, N: int, dt: float, at: int, generator: torch.Generator) -> Heard:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator.initial_seed()))
        ssm = SelectiveSSM(1, N, dtype=torch.float64, device="cpu")
    with torch.no_grad():
        ssm.dt_bias.copy_(inverse_softplus(torch.tensor([dt], dtype=torch.float64, device="cpu")))
        ssm.x_proj.weight.mul_(3.0)
        # a projection sees a constant next to the signal, as it would behind a layer with a bias
        delta, B, C = ssm.coefficients(u[None, :, None])
        B, C = B + 0.3, C + 0.3
        A = ssm.transition()[0]
        M = selective_matrix(delta[0, :, 0], A, B[0], C[0])
    modes = torch.exp(delta[0, ::16, :1] * A[None])
    return Heard(M[at:, at], modes.flatten().to(torch.complex128), M @ u)


def _lstm(u: Tensor, at: int, seed: int) -> Heard:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        lstm = RecurrentMixer(1, "lstm", hidden=8, dtype=torch.float64, device="cpu")
    x = u[None, :, None]
    k = linearised_response(lstm, x, at)[0, at:, 0]
    with torch.no_grad():
        quiet = lstm(torch.zeros_like(x))
        y, state = lstm(x[:, : at + 1], lstm.default_state(1))
        y = (lstm(x) - quiet)[0, :, 0]

    # the Jacobian of one step in its state, all directions in one batch
    small, flat = 1e-5, state.flatten()
    kicks = small * torch.eye(len(flat), dtype=flat.dtype, device=flat.device)
    kicked = (flat + torch.cat([kicks, -kicks])).unflatten(1, state.shape[1:])
    with torch.no_grad():
        up, down = lstm.step(x[:, at].expand(len(kicked), -1), kicked)[1].flatten(1).chunk(2)
    return Heard(k, torch.linalg.eigvals((up - down).mT / (2 * small)), y)


def _scaled(k: Tensor) -> Tensor:
    return k / k.abs().max().clamp(min=1e-12)


@demo("The lineage on one signal")
def side_by_side(
    signal: Annotated[
        Literal["step", "impulse", "sine", "noise", "digit"],
        doc("digit: the rows of a handwritten digit, one after another"),
    ] = "noise",
    frequency: Annotated[
        float,
        Interval(ge=1, le=40),
        Step(1),
        doc("of the sine, or the highest of the noise"),
        Unit("periods"),
    ] = 8.0,
    N: Annotated[int, Interval(ge=4, le=64), MultipleOf(4), Label("state size N")] = 16,
    dt: Annotated[
        float, Interval(ge=3e-3, le=0.5), Log(per_decade=10), Label("Δ"), doc("memory is about 1/Δ steps")
    ] = 0.03,
    at: Annotated[
        int,
        Interval(ge=0, le=200),
        Step(8),
        Label("moment of the kick"),
        Unit("steps"),
        doc("matters for Mamba and the LSTM alone"),
    ] = 64,
    fraction: Annotated[
        float,
        Interval(ge=0.01, le=0.5),
        Step(0.01),
        Label("horizon: below"),
        doc("of the answer's largest value"),
    ] = 0.05,
    seed: Annotated[
        int, Interval(ge=0, le=20), Label("readout"), doc("another random readout, noise and digit")
    ] = 0,
) -> tuple[go.Figure, go.Figure, go.Figure, pd.DataFrame]:
    """Seven models with N states each, untrained, on one signal. **Change the signal or the moment of the kick**: the
    answers of S4, S4D, DSS, S5 and SpaceTime stay, for they are linear and time-invariant; Mamba's and the LSTM's
    change, for they depend on what they read. **Make Δ smaller**: the answers stretch, the eigenvalues crowd towards 1,
    the horizon (dotted) moves out. SpaceTime has no Δ: it hears its N steps, and what feedback brings round again.
    **Raise N**: more wiggles for the complex modes, none for Mamba, whose modes are real. Every answer is scaled to its
    largest value.
    """  # fmt: skip
    u = the_signal(signal, frequency, seed)
    found = {kind: heard_by(kind, u, N, dt, at, seed) for kind in KINDS}
    kernels = {kind: _scaled(heard.kernel) for kind, heard in found.items()}
    horizons = {kind: horizon(k, fraction) for kind, k in kernels.items()}
    table = pd.DataFrame(
        {
            "model": list(KINDS),
            "horizon (steps)": [horizons[kind] for kind in KINDS],
            "largest |eigenvalue|": [round(float(found[kind].eigenvalues.abs().max()), 4) for kind in KINDS],
            "state (numbers)": [2 * 8 if kind == "LSTM" else N for kind in KINDS],
            "depends on the signal": ["yes" if kind in ("Mamba", "LSTM") else "no" for kind in KINDS],
        }
    )
    return (
        figures.responses(kernels, horizons, COLOUR),
        figures.eigenvalues({kind: heard.eigenvalues for kind, heard in found.items()}, COLOUR),
        figures.outputs(u, {kind: _scaled(heard.output) for kind, heard in found.items()}, COLOUR, at),
        table,
    )
