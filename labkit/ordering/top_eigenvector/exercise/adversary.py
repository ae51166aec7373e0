"""Exercise 3: an instance that no rate of Oja's can do."""

from typing import Annotated

import torch
from annotated_types import Interval, doc
from torch import Tensor

from labkit.demo import Label
from labkit.exercise import Mistake, Wrong, exercise
from labkit.ordering.top_eigenvector.method import correlation, gap, oja_grid, rate_grid, top_eigenvector
from labkit.ordering.top_eigenvector.streams import RowStream, spiked

WIDTH, ROWS, LEAST_GAP, MOST = 64, 5000, 4.0, 0.2
STARTS = 8


def choose_instance(
    copies: Annotated[int, Interval(ge=1, le=200), Label("rows along u₁"), doc("their number")] = 40,
    strength: Annotated[float, Interval(ge=1.0, le=16.0), Label("σ₁²"), doc("of all of them together")] = 5.0,
    spread: Annotated[
        int, Interval(ge=1, le=75), Label("rows a light direction"), doc("of squared norm 1 together")
    ] = 20,
) -> Tensor:
    """The instance that these controls give: u_1, and 63 light directions."""
    basis = torch.eye(WIDTH, dtype=torch.float64, device="cpu")
    heavy = basis[:1].expand(copies, -1) * (strength / copies) ** 0.5
    light = basis[1:].repeat_interleave(spread, dim=0) / spread**0.5
    return torch.cat([heavy, light])


def best_rate_correlation(matrix: Tensor) -> float:
    """The best of 60 rates (of the mean over starts and orders): what a learner's instance is scored by."""
    truth, energy = top_eigenvector(matrix), matrix.square().sum().item()
    total = torch.zeros(60, dtype=torch.float64, device="cpu")
    for seed in range(STARTS):
        start = torch.randn(
            WIDTH, dtype=torch.float64, device="cpu", generator=torch.Generator("cpu").manual_seed(seed)
        )
        vectors, _, _ = oja_grid(RowStream(matrix, seed=seed), rate_grid(energy, WIDTH, 60), start)
        total += correlation(vectors, truth)
    return (total.max() / STARTS).item()


def _gaussian() -> Tensor:
    return spiked(3000, WIDTH, 8.0, torch.Generator("cpu").manual_seed(0))


@exercise(
    "Defeat Oja's rule",
    level="open",
    points=4,
    solution=choose_instance(1, 4.0, 75),
    form=choose_instance,
    hints=(
        "One row of squared norm s multiplies its direction by 1 + ηs; k rows that share s multiply it by "
        "(1 + ηs/k)^k. Which is smaller?",
        "You want u₁ to grow slowly and the other directions fast, at the same sums of squares: few rows here, many "
        "there.",
    ),
    mistakes=(
        Mistake(
            "no gap",
            choose_instance(3, 3.0, 20),
            "Your gap is below 4: on an instance without a gap every algorithm fails.",
        ),
        Mistake(
            "too many rows",
            choose_instance(1, 4.0, 75).repeat(2, 1),
            "Your instance has more than 5000 rows.",
        ),
        Mistake(
            "Gaussian rows",
            _gaussian(),
            "Oja's rule finds your direction at a suitable rate: many small rows along u₁ grow as fast as e^{ησ₁²}. "
            "Put "
            "σ₁² into few rows.",
        ),
        Mistake(
            "many rows along the direction",
            choose_instance(100, 4.5, 20),
            "Oja's rule finds your direction at a suitable rate: many small rows along u₁ grow as fast as e^{ησ₁²}. "
            "Put "
            "σ₁² into few rows.",
        ),
    ),
)
def defeat_oja(answer) -> str:
    r"""Build a matrix of at most **5000 rows of 64 numbers** with a gap $R = \sigma_1^2/\sigma_2^2 \ge 4$ on which
    Oja's rule fails **at every fixed rate**: with the rows in random order, the best of 60 rates must have a mean
    correlation below **0.2** over 8 starts. (How low can you get? And at which gap does it stop working?)
    """
    if not isinstance(answer, Tensor) or answer.ndim != 2 or answer.shape[1] != WIDTH:
        raise Wrong("Answer with a tensor of shape (n, 64).")
    named = {mistake.name: mistake.message for mistake in defeat_oja.mistakes}
    if len(answer) > ROWS:
        raise Wrong(named["too many rows"])
    rows = answer.double()
    if not bool(torch.isfinite(rows).all()) or not rows.any():
        raise Wrong("Your rows must be finite, and not all zero.")
    R = gap(rows)
    if R < LEAST_GAP - 1e-9:
        raise Wrong(f"{named['no gap']} (It is {R:.2f}.)")
    found = best_rate_correlation(rows)
    if found >= MOST:
        raise Wrong(
            f"The best rate reaches a correlation of {found:.2f}; it must stay below {MOST}. {named['Gaussian rows']}"
        )
    return f"At a gap of {R:.1f} the best of all rates reaches {found:.2f}. Now store the heavy rows: 1.00."
