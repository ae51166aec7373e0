"""`labkit classroom release|grade`."""

from pathlib import Path

import typer

import labkit
from labkit.cli.errors import complain, misuse

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Student versions and grading, with nbgrader."
)


@app.command()
def release(
    paper: str = typer.Argument(help="The paper's slug; labkit list names them."),
    to: Path = typer.Option(Path("release"), help="The folder for the students."),
) -> None:
    """Write the student version of a paper's notebook: without solutions and hidden tests."""
    with misuse():
        found = labkit.paper(paper)
    from labkit.classroom import release_paper

    print(f"Wrote {release_paper(found, to)}")


@app.command()
def grade(
    folder: Path = typer.Argument(help="Submissions: STUDENT/PAPER.ipynb, or STUDENT.ipynb."),
    output: Path = typer.Option(Path("grades.csv"), "--output", "-o", help="The CSV to write."),
    paper: str | None = typer.Option(None, help="The paper, where the submissions do not say."),
    timeout: int = typer.Option(120, min=1, help="Seconds that one cell may take."),
    workers: int = typer.Option(2, min=1, help="How many submissions are graded at a time."),
) -> None:
    """Grade a folder of submissions into a CSV. The students' code runs here, as you: see the documentation."""
    with misuse():
        if paper is not None:
            labkit.paper(paper)
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder")
    from labkit.classroom import find_submissions, grade_all, write_csv
    from labkit.cli.output import progress

    with misuse():
        found = find_submissions(folder, paper)
        if not found:
            raise ValueError(f"{folder} has no submissions: STUDENT/PAPER.ipynb, or STUDENT.ipynb")
    with progress("grading") as report:
        grades = grade_all(found, timeout=timeout, workers=workers, progress=report)
    write_csv(grades, output)
    for one in grades:
        if one.problem:
            complain(f"{one.student}: {one.problem}")
    print(f"Graded {len(grades)} submissions into {output}")
