"""Exercise 3: a forecaster within a budget of 64 numbers."""

from functools import lru_cache
from typing import Annotated, Literal

import torch
from annotated_types import Interval, MultipleOf, doc
from torch import Tensor

from labkit.datasets import Split, generated_split
from labkit.datasets.forecasting import PARTS
from labkit.demo import Label, Log
from labkit.exercise import Mistake, Wrong, exercise
from labkit.state_space.discretize import discretize
from labkit.state_space.kernels.companion import companion
from labkit.state_space.matrices import transition
from labkit.state_space.spacetime.experiment.models import naive
from labkit.state_space.spacetime.method.systems import first_unit
from labkit.state_space.streaming import stream_states

BUDGET, HORIZON, WARM = 64, 48, 24 * 14


@lru_cache(maxsize=1)
def _data() -> Split:
    return generated_split(torch.Generator(device="cpu").manual_seed(2303))


def _windows(states: Tensor, part: str) -> tuple[Tensor, Tensor]:
    """(state after the step, the next `HORIZON` values) at every fourth hour of a part."""
    start, end = PARTS[part]
    at = torch.arange(max(start, WARM), end - HORIZON, 4, device="cpu")
    ahead = _data().values[at[:, None] + 1 + torch.arange(HORIZON, device="cpu")]
    return states[at], ahead


@lru_cache(maxsize=1)
def _naive_error() -> float:
    past, future = _data().windows("test", 168, HORIZON, 4)
    return (naive(past, HORIZON, 168) - future).square().mean().item()


def _score(A: Tensor, b: Tensor) -> float:
    """Test error of the best linear readout (ridge) of the state, over all of the horizon."""
    states = stream_states(A, b, _data().values[None])[0]
    x, y = _windows(states, "train")
    mean, scale = x.mean(0), x.std(0).clamp(min=1e-9)

    def standardised(x: Tensor) -> Tensor:
        return torch.cat([(x - mean) / scale, torch.ones_like(x[:, :1])], dim=1)

    X = standardised(x)
    gram = X.T @ X
    gram.diagonal().add_(1e-6 * len(X))
    W = torch.linalg.solve(gram, X.T @ y)
    held_out, truth = _windows(states, "test")
    return (standardised(held_out) @ W - truth).square().mean().item()


def choose_system(
    kind: Annotated[
        Literal["shift", "LegS", "LegT", "FouT"], doc("what the state keeps of the past")
    ] = "shift",
    d: Annotated[int, Interval(ge=2, le=64), MultipleOf(2), Label("state size d")] = 8,
    window: Annotated[
        int, Interval(ge=4, le=1000), Log(per_decade=8), Label("1/Δ (hours)"), doc("for LegS, LegT and FouT")
    ] = 24,
) -> dict:
    """The answer that these controls give."""
    if kind == "shift":
        zero = torch.zeros(d, dtype=torch.float64, device="cpu")
        return {"A": companion(zero), "b": first_unit(zero)}
    A, b = discretize(*transition(kind, d), 1 / window, "bilinear")
    return {"A": A, "b": b}


def _unstable() -> dict:
    a = torch.zeros(32, dtype=torch.float64, device="cpu")
    a[0] = 1.2
    return {"A": companion(a), "b": first_unit(a)}


def _unreached() -> dict:
    answer = choose_system("shift", 48)
    return {**answer, "b": torch.zeros_like(answer["b"])}


def _parallel() -> dict:
    """48 leaky integrators of one rate: one number, 48 times."""
    return {
        "A": 0.9 * torch.eye(48, dtype=torch.float64, device="cpu"),
        "b": torch.ones(48, dtype=torch.float64, device="cpu"),
    }


@exercise(
    "A forecaster within a budget",
    level="open",
    points=3,
    solution=choose_system("shift", 64),
    form=choose_system,
    hints=(
        "The series has a day in it. A shift of d steps sees the last d hours: how many must it see?",
        "`companion(torch.zeros(d))` is the shift, and b = e_1 its input: this is AR(d), one readout for each hour "
        "ahead.",
        "Other memories fit 64 numbers too: LegT on a window of some days (`transition`, `discretize`).",
    ),
    mistakes=(
        Mistake(
            "too large",
            choose_system("shift", 64)
            | {
                "b": torch.ones(65, dtype=torch.float64, device="cpu"),
                "A": torch.eye(65, dtype=torch.float64, device="cpu") / 2,
            },
            "The budget is 64 numbers of state; yours keeps more.",
        ),
        Mistake(
            "unstable",
            _unstable(),
            "Your A has an eigenvalue outside the unit circle: over 14,400 hours the state explodes. For a companion, "
            "divide a by the sum of its |a_i|.",
        ),
        Mistake(
            "no input",
            _unreached(),
            "Nothing reaches your state: b is zero.",
        ),
        Mistake(
            "one number many times",
            _parallel(),
            "Your states are all the same combination of the past (the vectors b, Ab, A²b, ... span a single "
            "direction): you have paid for many numbers and keep one.",
        ),
        Mistake(
            "too short",
            choose_system("shift", 2),
            "Your state sees too little of the past: it cannot know what time of day it is. Let it reach back at "
            "least a day.",
        ),
    ),
)
def budget_forecaster(answer) -> str:
    r"""Forecast the next **48 hours** of an hourly series from a state of at most **64 numbers**. You choose the
    system, $x_t = A x_{t-1} + b\,u_t$; the readout is then fitted for you, by ridge regression, on the first year. On
    the last four months your error must be below **half** of that of repeating last week.

    Answer with `{"A": ..., "b": ...}`: any discrete system of this lab, for example a companion matrix, or
    `discretize(*transition("LegT", 32), dt, "bilinear")`. (Here the series is a generated one of ETTh1's shape.)
    """
    if not isinstance(answer, dict) or not {"A", "b"} <= set(answer):
        raise Wrong('Answer with {"A": ..., "b": ...}.')
    A, b = (torch.as_tensor(answer[name], dtype=torch.float64, device="cpu") for name in ("A", "b"))
    if b.ndim != 1 or A.shape != (len(b), len(b)):
        raise Wrong(f"A should be (d, d) and b (d,); yours are {tuple(A.shape)} and {tuple(b.shape)}.")
    named = {mistake.name: mistake.message for mistake in budget_forecaster.mistakes}
    if len(b) > BUDGET:
        raise Wrong(named["too large"])
    radius = torch.linalg.eigvals(A).abs().max().item()
    if radius > 1 + 1e-6:
        raise Wrong(f"{named['unstable']} (The largest |eigenvalue| is {radius:.3f}.)")
    if not b.any():
        raise Wrong(named["no input"])
    error, limit = _score(A, b), _naive_error() / 2
    if error >= limit:
        said = f"Your error is {error:.3f}; it must be below {limit:.3f}."
        reached = torch.linalg.matrix_rank(
            torch.stack([torch.linalg.matrix_power(A, i) @ b for i in range(len(b))])
        )
        if reached == 1 and len(b) > 1:
            raise Wrong(f"{said} {named['one number many times']}")
        raise Wrong(f"{said} {named['too short']}")
    return f"Your error is {error:.3f}, against {2 * limit:.3f} for repeating last week."
