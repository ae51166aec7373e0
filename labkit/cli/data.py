"""`labkit data list|fetch|verify`: the data sets, where they come from, and whether they are as they should be."""

import typer

from labkit.cli.errors import FAILED, complain, misuse
from labkit.cli.output import table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The data sets: list, fetch, verify.")


@app.command("list")
def list_data() -> None:
    """Every data set: whether it is here, its licence, and its source."""
    from labkit.datasets import REGISTRY, status

    rows = [(d.name, status(d), d.title, d.licence, d.source) for d in REGISTRY.values()]
    table(("name", "here", "title", "licence", "source"), rows)
    if any(status == "absent" for _, status, *_ in rows):
        print("labkit data fetch NAME fetches one; LABKIT_DATA names a folder where they already are.")


@app.command()
def fetch(
    names: list[str] | None = typer.Argument(None, help="Which; all that are not here when none is named."),
) -> None:
    """Fetch data sets, and check what arrives."""
    from labkit.datasets import REGISTRY, dataset, status

    with misuse():
        wanted = [dataset(name) for name in names or []] or [
            d for d in REGISTRY.values() if status(d) != "present" and (d.url or d.bundled)
        ]
    failed = False
    for entry in wanted:
        try:
            print(f"{entry.name}: {entry.fetch(progress=True)}")
        except (OSError, ValueError) as error:
            failed = True
            complain(f"{entry.name} was not fetched ({error}); or put the file at {entry.places()[-1]}")
    if not wanted:
        print("Everything is here.")
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def verify(names: list[str] | None = typer.Argument(None, help="Which; all when none is named.")) -> None:
    """Check every file's SHA-256; fails when one is damaged."""
    from labkit.datasets import REGISTRY, Missing, dataset

    with misuse():
        wanted = [dataset(name) for name in names or []] or list(REGISTRY.values())
    damaged = False
    for entry in wanted:
        try:
            print(f"{entry.name}: good, {entry.path()}")
        except Missing as error:
            print(f"{entry.name}: absent. {error}")
        except ValueError as error:
            damaged = True
            complain(f"{entry.name}: {error}")
    if damaged:
        raise typer.Exit(FAILED)
