"""The papers of the lab, found in their theme packages.

A theme is a package `labkit/<theme>/`; a paper is a package `labkit/<theme>/<slug>/` whose `__init__.py`
holds `PAPER = Paper(...)`. Nothing registers anything: to add a paper is to add its folder.
"""

import importlib
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from labkit import paths

if TYPE_CHECKING:
    from labkit.demo import Demo
    from labkit.exercise import Exercise
    from labkit.experiment import Experiment

Level = Literal["introductory", "intermediate", "advanced"]


@dataclass(frozen=True)
class Theme:
    """A group of papers that share a question and a package."""

    slug: str
    title: str
    question: str


THEMES = {
    theme.slug: theme
    for theme in (
        Theme("ordering", "Ordering", "What does the order of the input, or of the output, do to a model?"),
        Theme("state_space", "State-space models", "How can a linear system remember a whole signal?"),
        Theme("memory", "Memory", "What can a state of fixed size keep, and for how long?"),
        Theme("equivariance", "Equivariance", "What is gained by building a symmetry in, and what is lost?"),
        Theme("generation", "Generation", "In which order, and how, should a sequence be produced?"),
        Theme("language", "Language models", "What can be made of a language model once it is trained?"),
        Theme("parallelism", "Parallelism", "How is a sequence shared among many processors?"),
        Theme("applied", "Applications", "Where do sequence models meet the world?"),
    )
}


@dataclass(frozen=True)
class Equation:
    """A key equation: what it says, and its LaTeX (without dollar signs)."""

    says: str
    latex: str


@dataclass(frozen=True)
class Paper:
    """One paper of the lab.

    Attributes:
        slug: its name in code, files and addresses.
        theme: the slug of its theme, which is its package's parent.
        level: `introductory`, `intermediate` or `advanced`.
        minutes: how long its notebook takes a class.
        prerequisites: what a learner should know, in words; slugs of other papers are linked.
        idea: the paper's idea in a few sentences (Markdown with LaTeX).
        equations: its key equations.
        studio: the dashboard's page of its own, where it has one.
    """

    slug: str
    title: str
    authors: tuple[str, ...]
    year: int
    venue: str
    arxiv: str
    theme: str
    level: Level
    minutes: int
    prerequisites: tuple[str, ...]
    idea: str
    equations: tuple[Equation, ...] = field(default=())
    studio: str | None = None

    @property
    def package(self) -> str:
        """The dotted name of the paper's package."""
        return f"labkit.{self.theme}.{self.slug}"

    @property
    def url(self) -> str:
        """The paper's page on arXiv."""
        return f"https://arxiv.org/abs/{self.arxiv}"

    @property
    def notebook(self) -> Path:
        """The instructor's notebook."""
        return paths.notebooks() / self.theme / f"{self.slug}.ipynb"

    def module(self, part: Literal["method", "experiment", "figures", "demo", "exercise"]) -> ModuleType:
        """One of the paper's modules, imported when asked for."""
        return importlib.import_module(f"{self.package}.{part}")

    def experiment(self) -> "Experiment":
        """The paper's experiment."""
        return self.module("experiment").EXPERIMENT

    def demos(self) -> "list[Demo]":
        """The paper's interactive pictures, in teaching order."""
        from labkit.demo import Demo

        return _members(self.module("demo"), "DEMOS", Demo)

    def demo_names(self) -> list[str]:
        """The names by which `demo` finds them."""
        return [demo.name for demo in self.demos()]

    def demo(self, name: str) -> "Demo":
        """The demo of that name."""
        return _find(self.demos(), name, f"demo of {self.slug}")

    def exercises(self) -> "list[Exercise]":
        """The paper's exercises, easiest first."""
        from labkit.exercise import Exercise

        return _members(self.module("exercise"), "EXERCISES", Exercise)

    def exercise(self, name: str) -> "Exercise":
        """The exercise of that name."""
        return _find(self.exercises(), name, f"exercise of {self.slug}")


def _members(module: ModuleType, listed: str, kind: type) -> list:
    """What the module lists in the constant of that name; without it, all of that kind, as they stand in the file."""
    return list(getattr(module, listed, None) or [v for v in vars(module).values() if isinstance(v, kind)])


def _find(things: list, name: str, kind: str):
    for thing in things:
        if thing.name == name:
            return thing
    raise ValueError(f"unknown {kind}: {name!r}; choose from {', '.join(thing.name for thing in things)}")


@cache
def _papers() -> dict[str, Paper]:
    found = {}
    for theme in THEMES:
        folder = Path(__file__).parent / theme
        if not folder.is_dir():
            continue
        for module in pkgutil.iter_modules([str(folder)]):
            # shared mathematics may be a package too; only a paper has a method
            if not any((folder / module.name / method).exists() for method in ("method.py", "method")):
                continue
            record = getattr(importlib.import_module(f"labkit.{theme}.{module.name}"), "PAPER", None)
            if record is not None:
                found[record.slug] = record
    return found


def papers(theme: str | None = None) -> list[Paper]:
    """Every paper of the lab, theme by theme; or those of one theme.

    Raises:
        ValueError: for an unknown theme, with the choices.
    """
    if theme is not None and theme not in THEMES:
        raise ValueError(f"unknown theme: {theme!r}; choose from {', '.join(THEMES)}")
    return [paper for paper in _papers().values() if theme in (None, paper.theme)]


def paper(slug: str) -> Paper:
    """The paper of that slug.

    Raises:
        ValueError: for an unknown slug, with the choices.
    """
    known = _papers()
    if slug not in known:
        raise ValueError(f"unknown paper: {slug!r}; choose from {', '.join(known)}")
    return known[slug]
