"""Exercise 3: a layer for a delay of a thousand steps."""

from functools import lru_cache
from typing import Annotated

import torch
from annotated_types import Interval, MultipleOf
from torch import Tensor

from labkit.demo import Label, Log
from labkit.exercise import Mistake, Wrong, exercise
from labkit.state_space.kernels import naive_kernel
from labkit.state_space.matrices import dplr
from labkit.state_space.tasks import delay_task

LAG, LENGTH, HEADS = 1000, 2000, 8
BUDGET = 512  # numbers in the state, all heads together
PASS = 0.35


@lru_cache(maxsize=4)
def _signals() -> tuple[Tensor, Tensor]:
    """White noise of 12 wiggles a thousand steps, and the same a thousand steps later (the hippo delay task)."""
    generator = torch.Generator(device="cpu").manual_seed(7)
    u, y = delay_task(12, LENGTH, LAG, 1e-3, 12.0, generator=generator, dtype=torch.float64)
    return u[..., 0], y[..., 0]


@lru_cache(maxsize=64)
def score(dt_min: float, dt_max: float, N: int) -> float:
    """NRMSE of the best readout of 8 LegS heads, log-spaced in Delta, for the delay of 1000 steps."""
    u, wanted = _signals()
    steps = torch.logspace(0, 1, HEADS, base=dt_max / dt_min, dtype=torch.float64, device="cpu") * dt_min
    Lambda, P, B, _ = dplr("LegS", N)
    half = N // 2
    # every state is an output of its own: C runs over the unit vectors, real and imaginary
    C = torch.eye(half, dtype=torch.complex128, device="cpu")
    C = torch.cat([C, -1j * C])[:, None].expand(-1, HEADS, -1) / 2
    P = P[:, None].expand(-1, HEADS, -1)
    rows = naive_kernel(
        Lambda.expand(HEADS, -1), P, P, B.expand(HEADS, -1), C, steps, LENGTH, "doubling"
    ).flatten(0, 1)
    n = 2 * LENGTH
    states = torch.fft.irfft(torch.fft.rfft(u, n=n)[:, None] * torch.fft.rfft(rows, n=n), n=n)
    # after the delay has passed, every fifth moment: learn on eight signals, test on four
    states, target = states[..., LAG:LENGTH:5].transpose(1, 2), wanted[:, LAG::5]
    X, held_out = states[:8].flatten(0, 1), states[8:].flatten(0, 1)
    scale = X.square().mean(0).sqrt().clamp(min=1e-12)
    X, held_out = X / scale, held_out / scale
    gram = X.T @ X
    gram.diagonal().add_(1e-6 * len(X))
    readout = torch.linalg.solve(gram, X.T @ target[:8].flatten())
    truth = target[8:].flatten()
    return float(((held_out @ readout - truth).square().mean() / truth.square().mean()).sqrt())


def design_layer(
    dt_min: Annotated[float, Interval(ge=1e-5, le=0.1), Log(per_decade=10), Label("smallest Δ")] = 1e-2,
    dt_max: Annotated[float, Interval(ge=1e-5, le=0.1), Log(per_decade=10), Label("largest Δ")] = 1e-1,
    N: Annotated[int, Interval(ge=2, le=128), MultipleOf(2), Label("state size N")] = 32,
) -> dict:
    """The answer that these controls give."""
    return {"dt_min": dt_min, "dt_max": dt_max, "N": N}


@exercise(
    "A delay of a thousand steps",
    level="open",
    points=3,
    solution={"dt_min": 1e-3, "dt_max": 2e-3, "N": 64},
    form=design_layer,
    hints=(
        "A head with step Δ remembers about 1/Δ steps, LegS up to two or three times that. What is asked for is a "
        "thousand steps old.",
        "S4's usual range, 1e-3 to 1e-1, gives most heads memories of 10 to 300 steps. Only its slowest heads reach.",
        "512 numbers in eight heads: N may be 64. Twelve wiggles in a thousand steps need about 24 numbers at the "
        "resolution of the far past.",
    ),
    mistakes=(
        Mistake(
            "steps too large",
            {"dt_min": 1e-2, "dt_max": 1e-1, "N": 64},
            "Every head forgets too soon: with the smallest Δ the memory is about 1/Δ steps long, LegS's tail twice "
            "that, "
            "and the delay is 1000. Make the smallest Δ smaller.",
        ),
        Mistake(
            "steps too small",
            {"dt_min": 1e-5, "dt_max": 3e-5, "N": 64},
            "Every head looks back tens of thousands of steps, and spreads its N numbers over all of them: the last "
            "thousand are a blur. Make Δ larger.",
        ),
        Mistake(
            "too few states",
            {"dt_min": 1e-3, "dt_max": 2e-3, "N": 4},
            "The reach is right, but so few numbers cannot tell a signal with twelve wiggles in a thousand steps. You "
            "have 64 a head to spend.",
        ),
        Mistake(
            "over the budget",
            {"dt_min": 1e-3, "dt_max": 2e-3, "N": 128},
            "Eight heads of N numbers may hold 512 in all: N is at most 64.",
        ),
        Mistake(
            "range upside down",
            {"dt_min": 2e-3, "dt_max": 1e-3, "N": 64},
            "dt_min is larger than dt_max: give the smaller step first.",
        ),
    ),
)
def long_delay(answer) -> str:
    r"""A layer of eight LegS heads must give back its input of **1000 steps ago**. Its steps $\Delta$ lie evenly (in
    the logarithm) between `dt_min` and `dt_max`; its state may hold 512 numbers in all. The signal is white noise
    with up to 12 wiggles per thousand steps; the readout is the best linear one. Choose `{"dt_min": ..., "dt_max":
    ..., "N": ...}` so that the normalised error on unseen signals is below 0.35.
    """
    if not isinstance(answer, dict) or not {"dt_min", "dt_max", "N"} <= set(answer):
        raise Wrong('Answer with {"dt_min": ..., "dt_max": ..., "N": ...}.')
    low, high, N = float(answer["dt_min"]), float(answer["dt_max"]), int(answer["N"])
    named = {mistake.name: mistake.message for mistake in long_delay.mistakes}
    if N < 2 or N % 2 or low <= 0:
        raise Wrong(f"N must be even and at least 2, and the steps positive; yours are N = {N} and {low:g}.")
    if high < low:
        raise Wrong(named["range upside down"])
    if HEADS * N > BUDGET:
        raise Wrong(named["over the budget"])
    error = score(low, high, N)
    if error >= PASS:
        kinds = {
            "steps too large": 2.3 / low < LAG,
            "steps too small": high < 1 / (10 * LAG),
            "too few states": N < 24,
        }
        words = next(
            (named[kind] for kind, applies in kinds.items() if applies),
            "The reach is about right: spend the numbers better, or narrow the range of Δ.",
        )
        raise Wrong(f"The error is {error:.2f}; it must be below {PASS}. {words}")
    return f"The error is {error:.2f}. Δ decides how far back a layer looks, before it has learnt anything."
