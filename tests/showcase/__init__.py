"""A paper that does not exist, with every kind of control, picture and exercise; for the dashboard's tests."""

from labkit import catalogue
from labkit.catalogue import Equation, Paper


class Showcase(Paper):
    """A paper whose package lies among the tests."""

    @property
    def package(self) -> str:
        return "tests.showcase"


PAPER = Showcase(
    slug="showcase",
    title="A Showcase of Every Control",
    authors=("Ada Example", "Bo Sample"),
    year=2024,
    venue="Test 2024",
    arxiv="0000.00000",
    theme="applied",
    level="advanced",
    minutes=5,
    prerequisites=("nothing at all", "hippo"),
    idea="Every control moves **something**: $y = a x$.",
    equations=(Equation("a line", r"y = a x"),),
)


def install(monkeypatch=None) -> None:
    """Add the showcase to the catalogue."""
    papers = {**catalogue._papers(), "showcase": PAPER}
    if monkeypatch is None:
        catalogue._papers = lambda: papers
    else:
        monkeypatch.setattr(catalogue, "_papers", lambda: papers)
