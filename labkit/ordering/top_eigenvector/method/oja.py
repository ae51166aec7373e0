"""Oja's rule at a fixed rate, at many rates at once, and at a decaying one (Price and Xun's core)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.ordering.top_eigenvector.method.linear import chunks, random_start

BLOCK = 32  # rows that are taken together
SAFE = 300.0  # the largest log of a growth inside a block: double precision ends at 709


@dataclass(frozen=True)
class OjaResult:
    """Where Oja's rule ended.

    Attributes:
        vector: normalised. log_growth: log ||prod (I + eta a a^T) v_0||. words: numbers that were kept.
    """

    vector: Float[Tensor, " d"]
    log_growth: float
    words: int


class OjaRates:
    """Oja's rule at K rates from one start; fed chunk by chunk.

    Attributes:
        vectors: (K, d), normalised. log_growth: (K,).
        largest_row, largest: the row of largest norm so far, and its squared norm.
    """

    def __init__(self, etas: Float[Tensor, " rates"], start: Float[Tensor, " d"], decaying: bool = False):
        if len(etas) == 0 or not bool((torch.isfinite(etas) & (etas > 0)).all()):
            raise ValueError(f"etas must be positive and finite; got {etas.tolist()[:5]}")
        self.etas, self.decaying, self.seen = etas.double(), decaying, 0
        self.vectors = start.double().expand(len(etas), -1).clone()
        self.log_growth = torch.zeros_like(self.etas)
        self.largest_row, self.largest = torch.zeros_like(start), 0.0

    @property
    def words(self) -> int:
        """K vectors, the largest row, the row that is read; the rates, their growths, and two counters."""
        return self.vectors.numel() + 2 * self.vectors.shape[1] + 2 * len(self.etas) + 2

    def update(self, rows: Float[Tensor, "chunk d"]) -> None:
        """Read rows, one after another in effect."""
        norms = rows.square().sum(1)
        place = int(norms.argmax()) if len(rows) else 0
        if len(rows) and norms[place].item() > self.largest:
            self.largest_row, self.largest = rows[place].clone(), norms[place].item()
        for part, size in zip(rows.double().split(BLOCK), norms.double().split(BLOCK), strict=True):
            self._advance(part, size)

    def _advance(self, rows: Float[Tensor, "block d"], norms: Float[Tensor, " block"]) -> None:
        """v <- (I + eta_b a_b a_b^T) ... (I + eta_1 a_1 a_1^T) v exactly, by one triangular system.

        With y_i = eta_i <a_i, v before row i>:   y_i = eta_i (<a_i, v> + sum_{j<i} <a_i, a_j> y_j),
        so (I - E L) y = E A v, L the strictly lower part of A A^T; and v <- v + A^T y.
        """
        count = len(rows)
        times = torch.arange(self.seen + 1, self.seen + count + 1, dtype=torch.float64, device=rows.device)
        rates = self.etas[:, None] / times if self.decaying else self.etas[:, None].expand(-1, count)
        if count > 1 and torch.log1p(rates * norms).sum(1).max().item() > SAFE:
            half = count // 2
            self._advance(rows[:half], norms[:half])
            self._advance(rows[half:], norms[half:])
            return
        below = (rows @ rows.T).tril(-1)
        system = torch.eye(count, dtype=torch.float64, device=rows.device) - rates[:, :, None] * below
        y = torch.linalg.solve_triangular(
            system, (rates * (self.vectors @ rows.T))[:, :, None], upper=False, unitriangular=True
        )
        grown = self.vectors + y[:, :, 0] @ rows
        length = torch.linalg.vector_norm(grown, dim=1)
        self.vectors = grown / length[:, None]
        self.log_growth = self.log_growth + length.log()
        self.seen += count


def oja(
    stream,
    eta: float,
    start: Float[Tensor, " d"] | None = None,
    *,
    decaying: bool = False,
    generator: torch.Generator | None = None,
) -> OjaResult:
    """Oja's rule v <- v + eta a <a, v> over a stream; with `decaying`, eta / t at row t = 1, 2, ...

    Args:
        eta: the rate, in units of 1/norm^2.
        start: v_0; by default uniform on the sphere, drawn from `generator`.

    Raises:
        ValueError: a rate that is not positive and finite, a zero start, a bad row.
    """
    rates = torch.tensor([eta], dtype=torch.float64, device=_place(stream))
    runner = OjaRates(rates, random_start(stream, generator, start).to(rates.device), decaying)
    for rows in chunks(stream):
        runner.update(rows)
    return OjaResult(runner.vectors[0], runner.log_growth[0].item(), runner.words)


def oja_grid(
    stream,
    etas: Float[Tensor, " rates"] | Sequence[float],
    start: Float[Tensor, " d"] | None = None,
    *,
    generator: torch.Generator | None = None,
) -> tuple[Float[Tensor, "rates d"], Float[Tensor, " rates"], Float[Tensor, " d"]]:
    """Oja's rule at many rates in one pass: (vectors, log growths, the row of largest norm).

    Raises:
        ValueError: as `oja`.
    """
    runner = run_rates(stream, etas, start, generator)
    return runner.vectors, runner.log_growth, runner.largest_row


def run_rates(stream, etas, start, generator) -> OjaRates:
    """The runner after the whole stream."""
    rates = torch.as_tensor(etas, dtype=torch.float64, device=_place(stream)).flatten()
    runner = OjaRates(rates, random_start(stream, generator, start).to(rates.device))
    for rows in chunks(stream):
        runner.update(rows)
    return runner


def rate_grid(frobenius_squared: float, d: int, count: int = 32) -> Float[Tensor, " rates"]:
    """Rates from 1/||A||_F^2 to d/||A||_F^2 times 10 on both sides, evenly on a logarithmic scale: an oracle's grid."""
    low, high = 0.1 / frobenius_squared, 10 * d / frobenius_squared
    steps = torch.linspace(0, 1, count, dtype=torch.float64, device="cpu")
    return low * (high / low) ** steps


def hard_instance_correlation(
    d: int,
    R: float | Float[Tensor, "..."],
    eta: float | Float[Tensor, "..."],
    m: int,
    odds: float | Float[Tensor, "..."] | None = None,
) -> Float[Tensor, "..."]:
    """Oja's correlation on the hard instance, where all rows commute.

    v[1] = g_1 (1 + eta)^R and v[i] = g_i (1 + eta/m)^m, so

        odds' = odds ((1 + eta)^R / (1 + eta/m)^m)^2,   correlation = odds' / (1 + odds').

    Shapes that broadcast may be given for R, eta and odds.

    Args:
        odds: g_1^2 / sum of g_i^2 over the rest, of the start; by default the typical one, 0.455 / (d - 1).

    Raises:
        ValueError: d < 2, m < 1, or a rate that is not positive.
    """
    if d < 2 or m < 1:
        raise ValueError(f"d must be at least 2 and m at least 1; got d = {d}, m = {m}")
    eta, R, odds = (
        torch.as_tensor(value, dtype=torch.float64, device="cpu")
        for value in (eta, R, 0.4549 / (d - 1) if odds is None else odds)
    )
    if not bool((eta > 0).all()):
        raise ValueError("eta must be positive")
    log_odds = odds.log() + 2 * (R * torch.log1p(eta) - m * torch.log1p(eta / m))
    return torch.sigmoid(log_odds)


def _place(stream) -> torch.device:
    return torch.device(getattr(stream, "device", "cpu"))
