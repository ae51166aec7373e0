"""Long work in the background, shared by all visitors: experiments and slow demos."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from labkit import paths
from labkit.catalogue import Paper
from labkit.experiment import Progress, Result

log = logging.getLogger("labkit.app")


class Stopped(Exception):
    """Somebody stopped the work; raised inside it, where it next tells how far it is."""


@dataclass
class Job:
    """One piece of work. It is its own Progress: the work calls it with the fraction done and a few words."""

    key: Hashable
    state: Literal["waiting", "running", "done", "failed", "stopped"] = "waiting"
    fraction: float = 0.0
    message: str = "waiting for its turn"
    value: Any = None
    error: Exception | None = None
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    stopping: bool = False

    def __call__(self, done: float, message: str = "") -> None:
        if self.stopping:
            raise Stopped
        self.fraction = min(max(done, 0.0), 1.0)
        self.message = message

    def stop(self) -> None:
        """Have the work end where it next tells how far it is."""
        self.stopping = True

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self.ended or time.monotonic()) - self.started


class Jobs:
    """One worker, and the last results: asking twice for the same work does it once."""

    def __init__(self, name: str, keep: int = 64):
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._keep = keep

    def get(self, key: Hashable) -> Job | None:
        """The job of that key, if it was asked for and not yet forgotten."""
        with self._lock:
            return self._jobs.get(key)

    def submit(self, key: Hashable, work: Callable[[Progress], Any], *, again: bool = False) -> Job:
        """Do the work, unless it is under way or done (or with `again`, under way)."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and (job.active or (job.state == "done" and not again)):
                return job
            job = self._jobs[key] = Job(key)
            self._jobs.move_to_end(key)
            finished = [name for name, other in self._jobs.items() if not other.active]
            for name in finished[: max(0, len(self._jobs) - self._keep)]:
                del self._jobs[name]
            self._pool.submit(self._run, job, work)
            return job

    def ahead(self, job: Job) -> int:
        """How many jobs the worker does before this one."""
        with self._lock:
            active = [other for other in self._jobs.values() if other.active]
        return active.index(job) if job in active else 0

    def _run(self, job: Job, work: Callable[[Progress], Any]) -> None:
        job.started, job.state, job.message = time.monotonic(), "running", "starting"
        try:
            job(0.0, "starting")
            job.value = work(job)
            job.state = "done"
        except Stopped:
            job.state = "stopped"
        except Exception as error:
            log.exception("the job %s failed", job.key)
            job.error = error
            job.state = "failed"
        finally:
            job.ended = time.monotonic()


@st.cache_resource(show_spinner=False)
def experiments() -> Jobs:
    """The experiments' worker."""
    return Jobs("experiment")


@st.cache_resource(show_spinner=False)
def slow_demos() -> Jobs:
    """The slow demos' worker, so that a picture does not wait for an experiment."""
    return Jobs("demo")


def run_key(paper: str, scale: str, device: str, seeds: tuple[int, ...]) -> tuple:
    """What makes a run the same run."""
    return (paper, scale, device, seeds)


def run_folder(paper: str, scale: str, device: str, seeds: tuple[int, ...]) -> Path:
    """Where a run's Result is stored."""
    name = f"{scale}-{device.replace(':', '')}-seed{'_'.join(map(str, seeds))}"
    return paths.results() / paper / name


def start_run(paper: Paper, scale: str, device: str, seeds: tuple[int, ...], *, again: bool = False) -> Job:
    """Run a paper's experiment in the background; its Result is stored.

    A run that was interrupted goes on from its checkpoints.
    """

    def work(progress: Progress) -> Result:
        checkpoints = paths.results() / "checkpoints" / paper.slug
        experiment = paper.experiment()
        result = experiment.run(
            scale=scale,
            device=device,
            seed=seeds,
            progress=progress,
            checkpoints=checkpoints,
            keep_checkpoints=True,
        )
        result.save(run_folder(paper.slug, scale, device, seeds))  # a full disk loses no finished stage
        experiment.clear_checkpoints(checkpoints, result)
        return result

    return experiments().submit(run_key(paper.slug, scale, device, seeds), work, again=again)


def stored_run(paper: str, scale: str, device: str, seeds: tuple[int, ...]) -> Result | None:
    """The stored Result of a run, from the dashboard or from `labkit run`.

    Raises:
        ValueError: it was truncated or altered.
    """
    own = run_folder(paper, scale, device, seeds)
    for folder in (own, own.with_name(own.name.rpartition("-seed")[0])):  # the second is the command line's
        document = folder / "result.json"
        if document.is_file():
            result = _load(str(folder), document.stat().st_mtime_ns)
            if tuple(result.seeds) == seeds:
                return result
    return None


@st.cache_resource(max_entries=32, show_spinner=False)
def _load(folder: str, modified: int) -> Result:
    return Result.load(folder)
