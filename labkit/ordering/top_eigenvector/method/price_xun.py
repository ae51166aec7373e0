"""Rows in any order: many rates, a test of growth, and the largest row to fall back on (after Price and Xun)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.ordering.top_eigenvector.method.linear import unit
from labkit.ordering.top_eigenvector.method.oja import run_rates

POWERS = range(-30, 31)


@dataclass(frozen=True)
class PriceXunResult:
    """What the rate-free algorithm answers, and why.

    Attributes:
        vector: normalised. eta: the rate that it comes from; None where it is the largest row.
        reason: in words. words: numbers that were kept.
    """

    vector: Float[Tensor, " d"]
    eta: float | None
    reason: str
    words: int


def price_xun(
    stream,
    etas: Float[Tensor, " rates"] | Sequence[float] | None = None,
    growth: float = 3.0,
    start: Float[Tensor, " d"] | None = None,
    generator: torch.Generator | None = None,
) -> PriceXunResult:
    """The smallest rate at which Oja's vector has grown by d^growth; else the row of largest norm.

    No growth means that sigma_1^2 eta is small. A rate with eta ||a_max||^2 >= 1 is not small for every row; but then
    the largest row itself is good, for a row of squared norm s has correlation at least 1 - sigma_2^2 / s with v_1.

    Args:
        etas: the rates; by default 2^-30 ... 2^30, for rows of norms near 1.
        growth: c in log growth >= c log d.

    Raises:
        ValueError: as `oja`; growth is not positive; or no row is other than zero.
    """
    if not growth > 0:
        raise ValueError(f"growth must be positive; got {growth}")
    runner = run_rates(stream, [2.0**k for k in POWERS] if etas is None else etas, start, generator)
    if runner.largest == 0:
        raise ValueError("the stream has no non-zero row")
    needed = growth * math.log(stream.width)
    grown = (runner.log_growth >= needed).nonzero().flatten()
    largest = unit(runner.largest_row, "row")
    if len(grown) == 0:
        reason = f"no rate has grown by {needed:.1f} nats: the row of largest norm"
        return PriceXunResult(largest, None, reason, runner.words)
    place = int(grown[runner.etas[grown].argmin()])
    eta = runner.etas[place].item()
    if eta * runner.largest >= 1:
        reason = f"the first rate that grows, {eta:.3g}, is too large for the largest row: that row"
        return PriceXunResult(largest, None, reason, runner.words)
    reason = f"the smallest rate that has grown by {needed:.1f} nats: {eta:.3g}"
    return PriceXunResult(runner.vectors[place], eta, reason, runner.words)
