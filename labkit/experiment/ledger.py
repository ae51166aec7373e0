"""The ledger: the claims of the runs that the lab stands by, one JSON file a paper."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from labkit import paths
from labkit.experiment.claim import Claim
from labkit.experiment.result import Result
from labkit.experiment.store import replace
from labkit.experiment.tables import claims_html


class Entry(BaseModel):
    """One run's claims, with what is needed to run it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: str
    scale: str
    device: str
    device_name: str
    seeds: tuple[int, ...]
    seconds: float
    date: str
    data: tuple[str, ...]
    versions: dict[str, str]
    claims: tuple[Claim, ...]

    @property
    def command(self) -> str:
        """The command that repeats the run."""
        seeds = " ".join(f"--seed {seed}" for seed in self.seeds)
        return f"labkit run {self.paper} --scale {self.scale} --device {self.device} {seeds}"

    def _repr_html_(self) -> str:
        where = f"{self.scale}, {self.device_name}, seeds {', '.join(map(str, self.seeds))}"
        return claims_html(self.claims, f"{where}: {self.seconds:.0f} s on {self.date[:10]}. {self.command}")


def record(result: Result, folder: Path | None = None) -> Path:
    """Enter a Result's claims in the ledger, in place of an older run of the same scale and device."""
    folder = folder or paths.ledger()
    entry = Entry(
        claims=tuple(result.claims),
        **{name: getattr(result, name) for name in Entry.model_fields if name != "claims"},
    )
    others = [
        e for e in read(folder, result.paper) if (e.scale, e.device_name) != (entry.scale, entry.device_name)
    ]
    entries = sorted([*others, entry], key=lambda e: (e.scale != "smoke", e.scale, e.device_name))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.paper}.json"
    replace(path, (json.dumps([e.model_dump(mode="json") for e in entries], indent=1) + "\n").encode())
    return path


def read(folder: Path | None = None, paper: str | None = None) -> list[Entry]:
    """The ledger's entries, all or one paper's.

    Raises:
        ValueError: a ledger file was truncated or altered.
    """
    folder = folder or paths.ledger()
    entries = []
    for path in sorted(folder.glob("*.json")):
        if paper is None or path.stem == paper:
            try:
                entries += [Entry(**entry) for entry in json.loads(path.read_text())]
            except (ValueError, TypeError) as error:
                raise ValueError(f"the ledger file {path} is truncated or altered: {error}") from error
    return entries
