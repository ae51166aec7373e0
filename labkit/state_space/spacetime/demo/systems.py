"""A companion matrix under one's fingers, and the fixed filters in front of the first layer."""

import math
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor

from labkit.demo import Label, Step, demo
from labkit.state_space.kernels.companion import companion
from labkit.state_space.spacetime import figures
from labkit.state_space.spacetime.method import System, pascal, residual_taps
from labkit.state_space.spacetime.method.systems import first_unit

PAST, AHEAD = 120, 60
Coefficient = Annotated[float, Interval(ge=-1.0, le=1.0), Step(0.05)]
Noise = Annotated[float, Interval(ge=0.0, le=1.0), Step(0.05), doc("standard deviation, in units of u")]


def _steps(n: int) -> Tensor:
    return torch.arange(n, dtype=torch.float64, device="cpu")


def _noise(n: int, seed: int) -> Tensor:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return torch.randn(n, dtype=torch.float64, device="cpu", generator=generator)


def guess_readout(a: Tensor, b: Tensor, u: Tensor, penalty: float = 1e-9) -> Tensor:
    """k with k^T x_t nearest to u_{t+1} over the past, by least squares, for a system that is already running."""
    A, x, states = companion(a), torch.zeros_like(b), []
    for value in u[:-1]:
        x = A @ x + b * value
        states.append(x)
    X = torch.stack(states)[20:]
    gram = X.T @ X
    gram.diagonal().add_(penalty * len(X))
    return torch.linalg.solve(gram, X.T @ u[21:])


@demo("A companion matrix under your fingers")
def companion_explorer(
    a1: Annotated[Coefficient, Label("a₁ (fed back to the start)")] = 0.0,
    a2: Annotated[Coefficient, Label("a₂")] = 0.0,
    a3: Annotated[Coefficient, Label("a₃")] = 0.0,
    a4: Annotated[Coefficient, Label("a₄ (kept at the end)")] = 0.0,
    normalise: Annotated[bool, Label("divide a by its l1 norm"), doc("the paper's: keeps A stable")] = False,
    readout: Annotated[
        Literal["newest, x₁", "oldest, x₄", "difference, x₁ - x₂", "mean of x"],
        doc("c: what the impulse response reads"),
    ] = "mean of x",
    loop: Annotated[bool, Label("close the loop"), doc("k by least squares on the past; off: k = 0")] = True,
    noise: Noise = 0.0,
) -> go.Figure:
    """Start with a = 0: A only shifts, the impulse response ends after four steps, and all poles of A lie at 0. Move
    a₁: what falls off the end comes back, and the response never ends again. Make the sum of |a| larger than 1 and
    poles leave the circle; divide by the l1 norm and they return. Now watch the crosses, the poles of A + bkᵀ: k puts
    them where the two sinusoids want them, whatever a is. With the loop open nothing comes; with noise the crosses
    slip inside and the forecast fades.
    """
    a = torch.tensor([a1, a2, a3, a4], dtype=torch.float64, device="cpu")
    size = a.abs().sum()
    if normalise and size > 0:
        a = a / size
    t = _steps(PAST + AHEAD)
    u = torch.sin(0.35 * t) + 0.6 * torch.sin(0.9 * t + 1)
    past = u[:PAST] + noise * _noise(PAST, 0)
    rows = {
        "newest, x₁": [1.0, 0, 0, 0],
        "oldest, x₄": [0, 0, 0, 1.0],
        "difference, x₁ - x₂": [1.0, -1.0, 0, 0],
        "mean of x": [0.25] * 4,
    }
    c = torch.tensor(rows[readout], dtype=torch.float64, device="cpu")
    b = first_unit(a)
    # an unstable A makes the running states grow; the last steps suffice then
    grows = torch.linalg.eigvals(companion(a)).abs().max() > 1
    seen = past[-40:] if grows else past
    k = guess_readout(a, b, seen) if loop else torch.zeros_like(a)
    forecast = System(a, b, k, k).forecast(seen[None], AHEAD)[0].clamp(-1e3, 1e3)
    A, M = companion(a), System(a, b, k, k).closed_loop()
    poles, loop_poles = torch.linalg.eigvals(A), torch.linalg.eigvals(M)
    return figures.system(
        A,
        System(a, b, c, k).impulse_response(24).clamp(-1e3, 1e3),
        poles,
        loop_poles,
        past[-60:],
        u[PAST:],
        forecast,
        title=f"|a|₁ = {a.abs().sum():.2f}; radius of A {poles.abs().max():.2f}, "
        f"of A + bkᵀ {loop_poles.abs().max():.2f}",
    )


@demo("Preprocessing: what the fixed filters leave")
def preprocessing(
    order: Annotated[int, Interval(ge=0, le=3), doc("of the difference")] = 1,
    window: Annotated[
        int, Interval(ge=4, le=63), Unit("steps"), Label("window m"), doc("of the moving average")
    ] = 24,
    trend: Annotated[
        float, Interval(ge=-0.03, le=0.03), Step(0.005), Unit("a step"), doc("slope of the trend")
    ] = 0.015,
    season: Annotated[int, Interval(ge=6, le=60), Unit("steps"), doc("length of the season")] = 24,
    noise: Noise = 0.1,
) -> go.Figure:
    """Order 1 turns the trend into a small constant, order 2 into zero, and each further order makes the noise
    louder: look at the scales. The residual of a moving average removes the trend's slow part too; with the window as
    long as the season the average holds no season, so all of it is left. The first m values are wrong: the filter
    believes that the series was 0 before it began.
    """
    t = _steps(240)
    u = 1 + trend * t + torch.sin(2 * math.pi * t / season) + noise * _noise(240, 1)

    def filtered(taps: Tensor) -> Tensor:
        padded = torch.cat([torch.zeros(len(taps) - 1, dtype=u.dtype, device="cpu"), u])
        return padded.unfold(0, len(taps), 1).flip(-1) @ taps

    outputs = {
        f"difference of order {order}: taps {', '.join(f'{v:g}' for v in pascal(order).tolist())}": filtered(
            pascal(order)
        ),
        f"u less its mean over {window} steps": filtered(residual_taps(window)),
    }
    return figures.preprocessing(
        u, outputs, title="A trended, seasonal series and two of the eight fixed filters"
    )
