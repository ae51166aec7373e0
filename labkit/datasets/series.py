"""Real series in time, for streaming through a memory: each evenly sampled, with its unit and time step."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from labkit.datasets.registry import dataset


@dataclass(frozen=True)
class Series:
    """An evenly sampled series.

    Attributes:
        values: (length,), in `unit`, float64, on the CPU.
        step: the time between samples, in `time_unit`.
    """

    name: str
    title: str
    values: Float[Tensor, " length"]
    unit: str
    step: float
    time_unit: str

    def standardised(self) -> Float[Tensor, " length"]:
        """Zero mean, unit standard deviation."""
        return (self.values - self.values.mean()) / self.values.std()


ETT_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")


def etth1() -> pd.DataFrame:
    """ETTh1 in its official form: 17,420 hours, six loads and the oil temperature `OT`, indexed by date.

    Raises:
        Missing: the file is not here. ValueError: it was altered.
    """
    table = pd.read_csv(dataset("etth1").path(), index_col="date", parse_dates=["date"])
    if tuple(table.columns) != ETT_COLUMNS:
        raise ValueError(
            f"ETTh1 should have the columns {', '.join(ETT_COLUMNS)}; got {', '.join(table.columns)}"
        )
    return table


def _oil_temperature() -> Series:
    values = etth1()["OT"].to_numpy(np.float64)
    return Series("etth1", "Oil temperature of a transformer (ETTh1)", _tensor(values), "°C", 1.0, "h")


def _ecg() -> Series:
    with np.load(dataset("ecg").path(), allow_pickle=False) as archive:
        values = archive["data"].astype(np.float64)
    # PyWavelets does not state the rate; we count samples rather than invent seconds.
    return Series("ecg", "Electrocardiogram", _tensor(values), "recorder units", 1.0, "samples")


def _co2() -> Series:
    table = pd.read_csv(dataset("co2").path())
    values = table["co2"].interpolate(limit_direction="both").to_numpy(np.float64)
    return Series("co2", "Carbon dioxide at Mauna Loa", _tensor(values), "ppm", 7 / 365.25, "years")


def _sunspots() -> Series:
    values = pd.read_csv(dataset("sunspots").path())["SUNACTIVITY"].to_numpy(np.float64)
    return Series("sunspots", "Sunspot number", _tensor(values), "spots", 1.0, "years")


def _tensor(values: np.ndarray) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device="cpu")


SERIES: dict[str, Callable[[], Series]] = {
    "ecg": _ecg,
    "co2": _co2,
    "sunspots": _sunspots,
    "etth1": _oil_temperature,
}


def series(name: str) -> Series:
    """The real series of that name.

    Raises:
        ValueError: an unknown name, with the choices. Missing: its file is not here.
    """
    if name not in SERIES:
        raise ValueError(f"unknown series: {name!r}; choose from {', '.join(SERIES)}")
    return SERIES[name]()
