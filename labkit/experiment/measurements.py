"""What an experiment's stages leave behind, and the Run that they write it to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from labkit.experiment import store
from labkit.experiment.progress import Progress, silent


class Measurements:
    """A long table of figures, one a row: stage, metric, value, the seed, and whatever describes the row."""

    def __init__(self, table: pd.DataFrame):
        self.table = table

    def has(self, stage: str) -> bool:
        """Whether the stage ran at this scale."""
        return bool((self.table["stage"] == stage).any())

    def where(self, **conditions) -> pd.DataFrame:
        """The rows whose columns have these values; a list allows any of its values.

        Raises:
            ValueError: no row does; a claim is never measured on nothing.
        """
        rows = self.table
        for column, wanted in conditions.items():
            if column not in rows:
                raise ValueError(
                    f"no column {column!r} in the measurements; there are {', '.join(self.table)}"
                )
            many = isinstance(wanted, Iterable) and not isinstance(wanted, str)
            rows = rows[rows[column].isin(list(wanted) if many else [wanted])]
        if rows.empty:
            raise ValueError(f"nothing was measured where {conditions}")
        return rows

    def per_seed(self, reduce: str = "mean", **conditions) -> tuple[float, ...]:
        """One figure a seed: the matching rows' values, reduced by `mean`, `max`, `min`, ..."""
        rows = self.where(**conditions)
        return tuple(float(value) for value in rows.groupby("seed")["value"].agg(reduce))


@dataclass
class Run:
    """What a stage is given: where to compute, with which seed, and where to write what it finds."""

    stage: str
    scale: str
    device: torch.device
    seed: int
    progress: Progress = silent
    folder: Path | None = None
    rows: list[dict] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def generator(self, stream: int = 0) -> torch.Generator:
        """A fresh CPU random generator for this seed; different streams are independent.

        On the CPU, so that the same seed draws the same data for every device.
        """
        seeds = np.random.SeedSequence([self.seed, stream]).generate_state(1, dtype=np.uint64)
        return torch.Generator(device="cpu").manual_seed(int(seeds[0] >> 1))

    def measure(self, metric: str, value: float, **description) -> None:
        """Add a figure to the table."""
        self.rows.append({"stage": self.stage, "metric": metric, "value": float(value), **description})

    def keep(self, name: str, tensor: Tensor) -> None:
        """Keep a tensor for the figures."""
        self.tensors[f"{self.stage}/{name}"] = tensor.detach().cpu()

    def uses(self, data: str) -> None:
        """Say which data the stage ran on; the Result and the ledger repeat it."""
        if data not in self.data:
            self.data.append(data)

    def checkpoint(self, name: str) -> Path | None:
        """Where a training inside this stage may keep its checkpoint; None when nothing is kept."""
        if self.folder is None:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{self.stage}-{name}.safetensors"

    def store(self, key: str) -> None:
        """Store the finished stage, so that a run that is killed later need not repeat it."""
        arrays = {name: tensor.numpy() for name, tensor in self.tensors.items()}
        store.write(
            self.folder,
            f"stage-{self.stage}",
            {"key": key, "rows": self.rows, "data": self.data, "seconds": self.seconds},
            arrays,
        )

    def restore(self, key: str) -> bool:
        """Read the finished stage back; False when there is none, or it belongs to other settings."""
        try:
            document, arrays = store.read(self.folder, f"stage-{self.stage}")
        except (FileNotFoundError, ValueError):
            return False
        if document["key"] != key:
            return False
        self.rows, self.data, self.seconds = document["rows"], document["data"], document["seconds"]
        self.tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return True
