"""A class at the dashboard: so many visitors, each going through all studios and moving controls like a person."""

import asyncio
import random
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import psutil

from app.session import PAGES
from labkit import papers
from tests.load.visitor import Visitor

STUDIOS = [page for page in PAGES if page not in ("home", "ledger", "paper")]
SLOW = {demo.name for paper in papers() for demo in paper.demos() if demo.slow}


def direct(key: str) -> bool:
    """Whether a control is one that redraws at once: not the device or the step, and of no slow demo."""
    return "." in key and key.split(".")[0] not in SLOW


@dataclass(frozen=True)
class Load:
    """What a class did to the server.

    Attributes:
        waits: seconds from each move of a control to the end of the server's script.
        openings: seconds from each opening of a page to the end of its script.
        errors: what visitors saw in red, and sessions that broke.
        first, last: the server's memory (MiB) with one visitor, and the most that it was with all of them.
        cpu: the server's processor time (s) for each move or opening.
    """

    visitors: int
    waits: np.ndarray
    openings: np.ndarray
    errors: list[str]
    first: float
    last: float
    cpu: float

    def p(self, percent: float) -> float:
        """A percentile of the waits, in seconds."""
        return float(np.percentile(self.waits, percent))

    @property
    def per_visitor(self) -> float:
        """MiB for each further visitor, the caches that all share included: an upper bound."""
        return max(0.0, self.last - self.first) / max(1, self.visitors - 1)


def attend(address: str, server: int, visitors: int, seconds: float, *, pause: float = 2.5) -> Load:
    """Let a class loose on a running dashboard.

    Args:
        address: host:port. server: the server's process number.
        pause: the mean of the seconds between the end of a redraw and the next move.
    """
    return asyncio.run(_attend(address, server, visitors, seconds, pause))


async def _attend(address: str, server: int, visitors: int, seconds: float, pause: float) -> Load:
    process = psutil.Process(server)
    teacher = Visitor(address, 0)
    pages = []
    for page in [page for studio in STUDIOS for page in await _steps(teacher, studio)]:
        # loads every module and data set, as the first visitor of the day does
        await teacher.arrive(*page)
        if any(direct(key) for key in teacher.widgets):
            await teacher.move(direct)
            pages.append(page)
        await teacher.leave()
    first, spent = process.memory_info().rss / 2**20, sum(process.cpu_times()[:2])
    people = [Visitor(address, seed) for seed in range(1, visitors + 1)]
    openings: list[float] = []
    broken: list[str] = []

    async def one(person: Visitor) -> None:
        try:
            await _visit(person, pages, seconds, pause, openings)
        except Exception as error:
            broken.append(f"visitor {person.seed}: {error!r}")

    tasks = [asyncio.create_task(one(person)) for person in people]
    last = first
    while any(not task.done() for task in tasks):
        await asyncio.sleep(0.5)
        last = max(last, process.memory_info().rss / 2**20)
    waits = np.array([wait for person in people for wait in person.waits])
    cpu = (sum(process.cpu_times()[:2]) - spent) / max(1, len(waits) + len(openings))
    errors = [error for person in [teacher, *people] for error in person.errors]
    return Load(visitors, waits, np.array(openings), errors + broken, first, last, cpu)


async def _steps(person: Visitor, studio: str) -> list[tuple[str, str]]:
    """The studio's steps, each as a page and its address's parameters."""
    await person.arrive(studio)
    await person.leave()
    steps = [option.content for option in person.widgets["step"].proto.options]
    return [(studio, urlencode({"step": step})) for step in steps]


async def _visit(
    person: Visitor, pages: list[tuple[str, str]], seconds: float, pause: float, openings: list[float]
) -> None:
    choose = random.Random(person.seed)
    pages = choose.sample(pages, len(pages))
    await asyncio.sleep(choose.uniform(0, pause))  # nobody clicks at the same moment
    ends = time.perf_counter() + seconds
    for number, page in enumerate(pages):
        begun = time.perf_counter()
        await person.arrive(*page)
        openings.append(time.perf_counter() - begun)
        until = begun + (ends - begun) / (len(pages) - number)
        while time.perf_counter() < until:
            await person.move(direct)
            await asyncio.sleep(choose.uniform(0.4, 1.6) * pause)
        await person.leave()
