"""An Experiment: settings for three scales, stages that measure, and the claims read off the measurements."""

import datetime
import hashlib
import platform
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch
from pydantic import BaseModel, ConfigDict

from labkit import device as devices
from labkit.experiment.claim import Claim
from labkit.experiment.measurements import Measurements, Run
from labkit.experiment.progress import Progress, bar, part
from labkit.experiment.result import Result
from labkit.experiment.scale import SCALES, check_scale

Stage = Callable[["Settings", Run], None]


class Settings(BaseModel):
    """The base of an experiment's settings: frozen, and closed to names that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Experiment:
    """A paper's experiment.

    Args:
        paper: its slug.
        presets: the Settings for `smoke`, `class` and `paper`.
        stages: functions `stage(settings, run)` that measure and write to `run`, in order, each with its
            share of the time, roughly (for the progress bar): a number, or a function of the settings,
            for which 0 means that the stage is not run with these settings.
        claims: `claims(measurements, settings) -> list[Claim]`; a pure function of the table.
    """

    def __init__(
        self,
        paper: str,
        presets: Mapping[str, Settings],
        stages: Mapping[Stage, float | Callable[[Settings], float]],
        claims: Callable[[Measurements, Settings], list[Claim]],
    ):
        if set(presets) != set(SCALES):
            raise ValueError(f"presets must be given for {', '.join(SCALES)}; got {', '.join(presets)}")
        self.paper = paper
        self.presets = dict(presets)
        self.stages = dict(stages)
        self.claims = claims

    def settings(self, scale: str) -> Settings:
        """The settings of a scale."""
        return self.presets[check_scale(scale)]

    def run(
        self,
        scale: str = "smoke",
        device: str | torch.device = "auto",
        seed: int | Sequence[int] = 0,
        *,
        progress: Progress | None = None,
        checkpoints: str | Path | None = None,
        settings: Settings | None = None,
        keep_checkpoints: bool = False,
    ) -> Result:
        """Run all stages for every seed, and check the claims.

        Args:
            scale, device, seed: see `labkit.run`.
            progress: called with the fraction done and a few words; by default a progress bar.
            checkpoints: a folder for finished stages and trainings under way. A run that was killed
                goes on from there when it is called again with the same arguments; a run that
                finishes clears it. A disk that refuses them does not stop the run; it warns.
            settings: instead of the scale's preset.
            keep_checkpoints: leave them when the run finishes, for a caller who stores the Result first
                and then calls `clear_checkpoints`.

        Raises:
            ValueError: for an unknown scale or device, or a seed that is no non-negative integer.
        """
        settings = settings if settings is not None else self.settings(check_scale(scale))
        seeds = _check_seeds(seed)
        place = devices.resolve(device)
        if progress is None:
            with bar(f"{self.paper} ({scale})") as progress:
                result = self._run(settings, scale, place, seeds, progress, checkpoints)
        else:
            result = self._run(settings, scale, place, seeds, progress, checkpoints)
        if checkpoints is not None and not keep_checkpoints:
            self.clear_checkpoints(checkpoints, result)
        return result

    def clear_checkpoints(self, checkpoints: str | Path, result: Result) -> None:
        """Remove what the run of this Result left for resuming."""
        for seed in result.seeds:
            _clear(_folder(checkpoints, result.scale, result.device, seed))

    def _run(self, settings, scale, place, seeds, progress, checkpoints) -> Result:
        memory = devices.PeakMemory(place)
        runs = []
        shares = {
            stage: share(settings) if callable(share) else share for stage, share in self.stages.items()
        }
        whole = sum(shares.values()) * len(seeds)
        done = 0.0
        for seed in seeds:
            for stage, share in shares.items():
                if share == 0:
                    continue
                title = stage.__name__.replace("_", " ")
                title = f"{title}, seed {seed}" if len(seeds) > 1 else title
                report = part(progress, done / whole, (done + share) / whole, title)
                runs.append(self._run_stage(stage, settings, scale, place, seed, report, checkpoints))
                done += share
        progress(1.0, "done")

        table = pd.DataFrame([{"seed": run.seed, **row} for run in runs for row in run.rows])
        found = self.claims(Measurements(table), settings)
        about = {"scale": scale, "device": str(place), "seeds": seeds}
        result = Result(
            paper=self.paper,
            scale=scale,
            device=str(place),
            device_name=devices.name(place),
            seeds=seeds,
            settings=settings.model_dump(mode="json"),
            metrics=table,
            tensors={
                name: value for run in runs if run.seed == seeds[0] for name, value in run.tensors.items()
            },
            claims=[claim.model_copy(update=about) for claim in found],
            seconds=sum(run.seconds for run in runs),  # those of stages that an earlier process finished too
            peak_memory=memory.mebibytes(),
            data=list(dict.fromkeys(name for run in runs for name in run.data)),
            versions=_versions(),
            date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        return result

    def _run_stage(self, stage, settings, scale, place, seed, progress, checkpoints) -> Run:
        run = Run(stage.__name__, scale, place, seed, progress)
        if checkpoints is None:
            _timed(stage, settings, run)
            return run
        run.folder = _folder(checkpoints, scale, str(place), seed)
        key = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()
        if not run.restore(key):
            _timed(stage, settings, run)
            try:
                run.store(key)
            except OSError as error:  # what was computed is worth more than the means to resume it
                warnings.warn(f"the run goes on, but cannot be resumed: {error}", stacklevel=2)
        return run


def _timed(stage, settings, run: Run) -> None:
    began = time.perf_counter()
    stage(settings, run)
    run.seconds = time.perf_counter() - began


def _check_seeds(seed: int | Sequence[int]) -> tuple[int, ...]:
    seeds = (seed,) if isinstance(seed, int) else tuple(seed)
    good = all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in seeds)
    if not seeds or not good or len(set(seeds)) < len(seeds):
        raise ValueError(f"seed must be a non-negative integer, or several different ones; got {seed!r}")
    return seeds


def _versions() -> dict[str, str]:
    from labkit import __version__

    return {"python": platform.python_version(), "torch": torch.__version__, "labkit": __version__}


def _folder(checkpoints: str | Path, scale: str, device: str, seed: int) -> Path:
    return Path(checkpoints) / f"{scale}-{device.replace(':', '')}-seed{seed}"


def _clear(folder: Path) -> None:
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
