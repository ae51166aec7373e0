"""Long-horizon forecasting of one series: ETTh1's official split and normalisation, windows, and a stand-in."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.datasets.registry import Missing
from labkit.datasets.series import ETT_COLUMNS, etth1

MONTH = 30 * 24  # hours
# Informer's split of the hourly ETT sets: 12, 4 and 4 months of 30 days
PARTS = {"train": (0, 12 * MONTH), "validation": (12 * MONTH, 16 * MONTH), "test": (16 * MONTH, 20 * MONTH)}


@dataclass(frozen=True)
class Split:
    """A series of 20 months of hours, standardised by its training part; on the CPU.

    Attributes:
        name: which data this is, for the Result.
        values: (14400,), standardised by mean and std of the first 12 months. mean, std: in the data's own unit.
    """

    name: str
    values: Float[Tensor, " length"]
    mean: float
    std: float

    def windows(
        self, part: str, lag: int, horizon: int, stride: int = 1
    ) -> tuple[Float[Tensor, "n lag"], Float[Tensor, "n horizon"]]:
        """(past, future) of every window whose future lies in that part, as views.

        A past may reach back into the part before, as in the official split, but not before the beginning.
        Raises ValueError for an unknown part and for sizes that leave no window.
        """
        if part not in PARTS:
            raise ValueError(f"unknown part: {part!r}; choose from {', '.join(PARTS)}")
        if lag < 1 or horizon < 1 or stride < 1:
            raise ValueError(f"lag, horizon and stride must be at least 1; got {lag}, {horizon} and {stride}")
        start, end = PARTS[part]
        start = max(0, start - lag)
        if end - start < lag + horizon:
            raise ValueError(
                f"lag + horizon must fit into {part}: {end - start} steps; got {lag} + {horizon}"
            )
        both = self.values[start:end].unfold(0, lag + horizon, stride)
        return both[:, :lag], both[:, lag:]


def _standardised(name: str, values: Tensor) -> Split:
    if not torch.isfinite(values).all():
        raise ValueError(f"{name} must hold finite numbers; it has NaN or infinity: fill the gaps first")
    values = values[: PARTS["test"][1]]
    train = values[slice(*PARTS["train"])]
    mean, std = train.mean().item(), train.std(correction=0).item()
    return Split(name, (values - mean) / std, mean, std)


def etth1_split(column: str = "OT") -> Split:
    """One column of ETTh1 (OT: the oil temperature, the univariate benchmark's target), split and standardised.

    Raises:
        Missing: the file is not here. ValueError: it was altered, or has no such column.
    """
    if column not in ETT_COLUMNS:
        raise ValueError(f"unknown column: {column!r}; choose from {', '.join(ETT_COLUMNS)}")
    values = torch.tensor(etth1()[column].to_numpy(), dtype=torch.float64, device="cpu")
    return _standardised("ETTh1" if column == "OT" else f"ETTh1 ({column})", values)


def generated_split(generator: torch.Generator) -> Split:
    """A series of ETTh1's shape for where the file is not here: 14,400 hours of a yearly and a daily swing, a weekly
    one, and autoregressive weather.

    Not a model of a transformer: a Result that ran on it says so.
    """
    hours = torch.arange(PARTS["test"][1], dtype=torch.float64, device="cpu")
    turn = 2 * math.pi * hours
    seasons = torch.sin(turn / (24 * 365)) + 0.6 * torch.sin(turn / 24 - 1) * (
        1 + 0.3 * torch.sin(turn / (24 * 365))
    )
    weekly = 0.2 * torch.sin(turn / (24 * 7)) + 0.15 * torch.sin(2 * turn / 24)
    noise = torch.randn(len(hours), dtype=torch.float64, device="cpu", generator=generator)
    weather, x = [], 0.0
    for e in noise.tolist():
        x = 0.98 * x + 0.1 * e
        weather.append(x)
    values = seasons + weekly + torch.tensor(weather, dtype=torch.float64, device="cpu")
    return _standardised("generated, of ETTh1's shape", values)


def etth1_or_generated(generator: torch.Generator) -> Split:
    """ETTh1 where its file is, else the generated series; `name` says which."""
    try:
        return etth1_split()
    except Missing:
        return generated_split(generator)
