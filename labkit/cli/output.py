"""Tables and progress for the terminal; plain text where the output is no terminal."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

VERDICTS = {"holds": "green", "does not hold": "red", "reported": "dim"}
WIDE = 160


def console(stderr: bool = False) -> "Console":
    """Where to print. A pipe or a file is as wide as the table needs, and has no colours."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not found.is_terminal:
        found.width = WIDE
    return found


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print a table."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        *columns, title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    for row in rows:
        drawn.add_row(*(Text(str(cell), style=VERDICTS.get(str(cell), "")) for cell in row))
    console().print(drawn)


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """A progress bar on stderr, as a `labkit.experiment.Progress`."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[doing]}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0, doing="")

        def report(done: float, message: str = "") -> None:
            bar.update(task, completed=min(max(done, 0.0), 1.0), doing=message)

        yield report
