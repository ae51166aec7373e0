"""The command's entry point and its top level."""

import sys

import typer

from labkit import __version__
from labkit.cli import classroom, data, figure, model, papers, run, services
from labkit.cli.errors import MISUSED, complain, explain

app = typer.Typer(
    name="labkit",
    help="A teaching lab for sequence models: order, memory, symmetry and scale, one paper at a time.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(asked: bool) -> bool:
    if asked:
        print(__version__)
        raise typer.Exit
    return asked


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """A teaching lab for sequence models: order, memory, symmetry and scale, one paper at a time."""


app.command("list")(papers.list_papers)
app.command("show")(papers.show)
app.command("run")(run.run)
app.command("figure")(figure.figure)
app.command("ledger")(papers.ledger)
app.add_typer(data.app, name="data")
app.add_typer(model.app, name="model")
app.add_typer(classroom.app, name="classroom")
app.command("lab")(services.lab)
app.command("doctor")(services.doctor)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        code = app(args=arguments, prog_name="labkit", standalone_mode=False)
    except BaseException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())
            sys.exit(MISUSED)
        known = explain(error)
        if known is None:
            raise
        complain(known[0])
        sys.exit(known[1])
    sys.exit(code if isinstance(code, int) else 0)
