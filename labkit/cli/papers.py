"""`labkit list`, `labkit show`, `labkit ledger`: what the lab knows, without computing anything."""

import textwrap

import typer

import labkit
from labkit.cli.errors import misuse
from labkit.cli.output import table


def list_papers(
    theme: str | None = typer.Option(None, help="Only this theme's papers."),
) -> None:
    """Every paper: its slug, theme, level, minutes and title."""
    with misuse():
        found = labkit.papers(theme)
    rows = [(p.slug, p.theme, p.level, p.minutes, f"{p.title} ({p.venue})") for p in found]
    table(("paper", "theme", "level", "minutes", "title"), rows)
    print("labkit show PAPER tells more.")


def show(paper: str = typer.Argument(help="The paper's slug; labkit list names them.")) -> None:
    """A paper: its idea, equations, demos with their controls, exercises and notebook."""
    with misuse():
        found = labkit.paper(paper)
    print(f"{found.title}\n{', '.join(found.authors)}; {found.venue}; {found.url}\n")
    print(textwrap.fill(found.idea, 100), end="\n\n")
    for equation in found.equations:
        print(f"  {equation.says}:\n      {equation.latex}")
    print(f"\n{found.level}, {found.minutes} minutes. You should know: {'; '.join(found.prerequisites)}.")
    print(f"Notebook: {found.notebook}\n")
    print("Demos (labkit figure PAPER DEMO --control NAME=VALUE -o out.html):")
    for demo in found.demos():
        print(f"  {demo.name}: {demo.title}{' (slow)' if demo.slow else ''}")
        for control in demo.controls:
            print(f"      {control.name} = {_short(control.to_text(control.default))}: {control.allowed()}")
    print("\nExercises:")
    for exercise in found.exercises():
        print(f"  {exercise.name}: {exercise.title} ({exercise.level}, {exercise.points} points)")


def ledger(paper: str | None = typer.Argument(None, help="Only this paper's claims.")) -> None:
    """Every claim that was checked: what the paper says, what was measured, and whether it holds."""
    from labkit.experiment import read_ledger

    if paper is not None:
        with misuse():
            labkit.paper(paper)
    entries = read_ledger(paper=paper)
    if not entries:
        print(
            f"The ledger has no entries{f' for {paper}' if paper else ''} yet; labkit run PAPER --ledger makes one."
        )
        return
    rows = [
        (
            entry.paper,
            claim.statement,
            claim.reported,
            claim.measured_text,
            claim.required,
            claim.verdict,
            about,
        )
        for entry in entries
        for about in [f"{entry.scale}, {entry.device}, seeds {', '.join(map(str, entry.seeds))}"]
        for claim in entry.claims
    ]
    table(("paper", "claim", "reported", "measured", "required", "verdict", "run"), rows)


def _short(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
