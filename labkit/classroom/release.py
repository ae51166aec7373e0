"""The student version of a notebook: no solutions, no hidden tests, everything else as it was."""

from pathlib import Path

from labkit.catalogue import Paper
from labkit.classroom.course import course
from labkit.notebook import lint, source

README = """# {title}

Open `{file}` in JupyterLab (`make lab` in the lab's folder starts it; or `jupyter lab` where labkit is
installed) and work through it from the top. {count} of its cells ask for an answer:

{exercises}

Each is followed by a cell that checks it and says what is wrong with a wrong answer: run it as often as you
like. Hints: `paper("{slug}").exercise("NAME").hint(1)`.

Write your answers in the cells that are there. Do not delete, copy or rename them: they carry the marks by
which they are graded. You may add cells of your own. Before you hand the notebook in, restart the kernel
and run everything from the top, and save.
"""


def release_paper(paper: Paper, to: Path) -> Path:
    """Write a paper's student notebook and a README for the students into a folder; returns the notebook.

    Raises:
        ValueError: there is no notebook, or something in the folder would be overwritten that is no
            student version.
    """
    if not paper.notebook.is_file():
        raise ValueError(f"{paper.slug} has no notebook at {paper.notebook}")
    target = Path(to) / f"{paper.slug}.ipynb"
    written = release_notebook(paper.notebook, target)
    tasks = [f"- {e.title} (`{e.name}`, {e.points} points)" for e in paper.exercises()]
    text = README.format(
        title=paper.title, file=target.name, count=len(tasks), exercises="\n".join(tasks), slug=paper.slug
    )
    (target.parent / "README.md").write_text(text, encoding="utf-8")
    return written


def release_notebook(instructor: Path, target: Path) -> Path:
    """Write the student version of an instructor's notebook; returns its file.

    Raises:
        ValueError: nbgrader refuses the notebook, or `target` exists and is no student version.
    """
    if target.exists() and not _is_student_version(target):
        raise ValueError(
            f"{target} exists and is no student version; it is not overwritten: choose another folder"
        )
    with course() as here:
        notebook = source.load(here.make_release(instructor))
    notebook.metadata.setdefault("labkit", {})["version"] = "student"
    text = source.dumps(notebook)
    for mark in (*lint.SOLUTION, *lint.HIDDEN):
        if mark in text:
            raise ValueError(
                f"{instructor}: `{mark}` was left in the student version; is it on its own line?"
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _is_student_version(path: Path) -> bool:
    try:
        return source.load(path).metadata.get("labkit", {}).get("version") == "student"
    except ValueError:
        return False
