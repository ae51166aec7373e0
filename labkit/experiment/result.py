"""The Result of a run: figures, tensors, claims, and what is needed to read them."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from labkit.experiment import store
from labkit.experiment.claim import Claim
from labkit.experiment.tables import claims_html

FORMAT = 1


@dataclass
class Result:
    """What `labkit.run` returns.

    Attributes:
        paper, scale, device, seeds: which run this was; `device_name` is the processor's or card's name.
        settings: the frozen settings, as plain values.
        metrics: a long table: stage, metric, value, seed, and the columns that describe each row.
        tensors: named tensors for the figures, on the CPU (of the first seed).
        claims: the paper's claims, measured.
        seconds: wall time. peak_memory: MiB (on CUDA, allocated on the card; else the process's peak).
        data: the data sets it ran on. versions: of Python, torch and labkit.
    """

    paper: str
    scale: str
    device: str
    device_name: str
    seeds: tuple[int, ...]
    settings: dict
    metrics: pd.DataFrame
    tensors: dict[str, Tensor]
    claims: list[Claim]
    seconds: float
    peak_memory: float
    data: list[str]
    versions: dict[str, str]
    date: str

    def rows(self, stage: str, metric: str) -> pd.DataFrame:
        """A stage's rows of one metric, over all seeds.

        Raises:
            ValueError: it has none; the stage does not run at this scale.
        """
        rows = self.metrics[(self.metrics["stage"] == stage) & (self.metrics["metric"] == metric)]
        if rows.empty:
            raise ValueError(
                f"this Result has no {metric!r} of the stage {stage!r}: it ran at the scale {self.scale!r}"
            )
        return rows

    def claims_table(self) -> pd.DataFrame:
        """The claims as a table for reading."""
        return pd.DataFrame(
            [
                {
                    "claim": claim.statement,
                    "reported": claim.reported,
                    "quantity": claim.quantity,
                    "measured": claim.measured_text,
                    "required": claim.required,
                    "verdict": claim.verdict,
                    "note": claim.note,
                }
                for claim in self.claims
            ]
        )

    def _repr_html_(self) -> str:
        seeds = ", ".join(map(str, self.seeds))
        data = f"; data: {', '.join(self.data)}" if self.data else ""
        where = f"{self.paper} at scale {self.scale} on {self.device_name}, seed {seeds}: {self.seconds:.1f} s{data}"
        return claims_html(self.claims, where)

    def save(self, path: str | Path) -> Path:
        """Store the Result in a folder, atomically; returns the folder.

        Raises:
            OSError: the disk refuses; an older Result in the folder stays as it was.
        """
        document = {
            "format": FORMAT,
            **{name: getattr(self, name) for name in _PLAIN},
            "seeds": list(self.seeds),
            "metrics": self.metrics.astype(object)
            .where(self.metrics.notna(), None)
            .to_dict(orient="split", index=False),
            "claims": [claim.model_dump(mode="json") for claim in self.claims],
        }
        store.write(Path(path), "result", document, {name: t.numpy() for name, t in self.tensors.items()})
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> "Result":
        """Read a stored Result.

        Raises:
            FileNotFoundError: there is none. ValueError: it was truncated or altered.
        """
        document, arrays = store.read(Path(path), "result")
        if document.get("format") != FORMAT:
            raise ValueError(
                f"{path} has format {document.get('format')!r}; this labkit reads format {FORMAT}"
            )
        try:
            table = pd.DataFrame(document["metrics"]["data"], columns=document["metrics"]["columns"])
            return cls(
                **{name: document[name] for name in _PLAIN},
                seeds=tuple(document["seeds"]),
                metrics=table.infer_objects(),
                tensors={name: torch.from_numpy(array) for name, array in arrays.items()},
                claims=[Claim(**claim) for claim in document["claims"]],
            )
        except KeyError as error:
            raise ValueError(f"{path} is altered: {error} is missing; run the experiment again") from error


_PLAIN = (
    "paper",
    "scale",
    "device",
    "device_name",
    "settings",
    "seconds",
    "peak_memory",
    "data",
    "versions",
    "date",
)
