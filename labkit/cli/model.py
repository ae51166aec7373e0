"""`labkit model list|fetch`: the language models, what they need, and whether they are here."""

import typer

from labkit.cli.errors import FAILED, complain, misuse
from labkit.cli.output import table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The language models: list, fetch.")


@app.command("list")
def list_models() -> None:
    """Every language model that can be loaded without a network, and whether it is here."""
    from labkit.language_model.catalogue import MODELS

    table(
        ("name", "here", "what", "licence"),
        [(m.name, "present" if m.present() else "absent", m.title, m.licence) for m in MODELS.values()],
    )
    print("labkit model fetch NAME fetches one. Any causal model of the Hugging Face hub can be named too.")


@app.command()
def fetch(
    names: list[str] | None = typer.Argument(None, help="Which; all that are not here when none is named."),
    optional: bool = typer.Option(False, help="Say so and succeed when one cannot be fetched."),
) -> None:
    """Fetch language models into the cache (LABKIT_CACHE, or ~/.cache/labkit)."""
    from labkit.language_model.catalogue import MODELS, model

    with misuse():
        wanted = [model(name) for name in names or []] or [m for m in MODELS.values() if not m.present()]
    failed = False
    for entry in wanted:
        try:
            print(f"{entry.name}: {entry.fetch()}")
        except (OSError, ValueError) as error:
            failed = True
            complain(f"{entry.name} was not fetched: {error}")
            if optional:
                print("The lab works without it, on the tiny model.")
    if not wanted:
        print("Everything is here.")
    if failed and not optional:
        raise typer.Exit(FAILED)
