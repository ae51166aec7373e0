"""Progress: a function that long work calls with the fraction done and a few words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Called by long work. `done` runs from 0 to 1; the words say what is being done now."""

    def __call__(self, done: float, message: str = "") -> None: ...


def silent(done: float, message: str = "") -> None:
    """Report nothing."""


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """A progress bar for the terminal or the notebook, whichever this is."""
    from tqdm.auto import tqdm

    form = "{desc} |{bar}| {percentage:3.0f}% {elapsed}<{remaining} {postfix}"
    with tqdm(total=1000, desc=title, bar_format=form, leave=False) as meter:

        def report(done: float, message: str = "") -> None:
            meter.set_postfix_str(message, refresh=False)
            meter.n = round(1000 * min(max(done, 0.0), 1.0))
            meter.refresh()

        yield report


def part(progress: Progress, start: float, end: float, title: str = "") -> Progress:
    """A Progress for a part of the work, that fills the whole from `start` to `end`."""

    def report(done: float, message: str = "") -> None:
        words = ": ".join(word for word in (title, message) if word)
        progress(start + (end - start) * min(max(done, 0.0), 1.0), words)

    return report
