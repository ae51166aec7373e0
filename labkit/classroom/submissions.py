"""What students handed in: finding it, and putting back what was lost from it before it is graded."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

import labkit
from labkit.notebook import cells, source


@dataclass(frozen=True)
class Submission:
    """A notebook that was handed in.

    Attributes:
        student: who, by the folder's or the file's name.
        paper: the slug; empty when it cannot be told.
        instructor: the paper's own notebook.
        problem: why it cannot be graded, or nothing.
    """

    student: str
    path: Path
    paper: str = ""
    instructor: Path | None = None
    problem: str = ""


def find_submissions(folder: Path, paper: str | None = None) -> list[Submission]:
    """Every submission in a folder: `STUDENT/PAPER.ipynb` (at any depth below STUDENT), or `STUDENT.ipynb`.

    Args:
        paper: the slug, where neither the file's name nor the notebook says it.
    """
    found = []
    for place in sorted(Path(folder).iterdir()):
        if place.name.startswith("."):
            continue
        if place.is_dir():
            files = sorted(f for f in place.rglob("*.ipynb") if ".ipynb_checkpoints" not in f.parts)
            found += [_submission(place.name, file, file.stem, paper) for file in files]
            if not files:
                found.append(Submission(place.name, place, problem="there is no notebook in the folder"))
        elif place.suffix == ".ipynb":
            found.append(_submission(place.stem, place, "", paper))
    return found


def _submission(student: str, path: Path, named: str, asked: str | None) -> Submission:
    known = {record.slug: record for record in labkit.papers()}
    problem = ""
    try:
        says = source.load(path).metadata.get("labkit", {}).get("paper")
    except ValueError as error:
        says, problem = None, _short(error)
    slug = next((slug for slug in (named, says, asked) if slug in known), "")
    if not slug:
        problem = (
            problem or f"it does not say which paper it belongs to; name it with --paper ({', '.join(known)})"
        )
        return Submission(student, path, problem=problem)
    return Submission(student, path, slug, known[slug].notebook, problem)


def restore(submitted: NotebookNode, instructor: NotebookNode) -> tuple[NotebookNode, dict[str, str]]:
    """A submission ready for nbgrader, and what was put back, by exercise.

    The parameters are the instructor's again (a class is graded at one scale). A check that is missing is
    put back behind its answer; behind everything when the answer's cell is missing too.

    Raises:
        ValueError: none of the lesson's exercises are in it: another notebook was handed in.
    """
    notebook = deepcopy(submitted)
    marked = [cell for cell in instructor.cells if cells.kind(cell) in ("exercise", "check")]
    present = {_mark(cell) for cell in notebook.cells} - {""}
    if marked and not present & {_mark(cell) for cell in marked}:
        raise ValueError("none of the lesson's exercises are in it: is it another notebook?")
    notes: dict[str, str] = {}
    for cell in marked:
        name = cells.exercise_name(cell)
        if _mark(cell) in present:
            continue
        if cells.kind(cell) == "exercise":
            notes[name] = "the answer's cell was deleted"
            continue
        notes[name] = "; ".join(filter(None, [notes.get(name, ""), "its check was deleted, and put back"]))
        places = [
            i for i, other in enumerate(notebook.cells) if _mark(other) and cells.exercise_name(other) == name
        ]
        notebook.cells.insert(max(places, default=len(notebook.cells) - 1) + 1, deepcopy(cell))
    original = [cell.source for cell in instructor.cells if cells.kind(cell) == "parameters"]
    notebook.cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    for cell in notebook.cells:
        if cells.kind(cell) == "parameters" and original:
            cell.source = original[0]
    return notebook, notes


def _mark(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else f"{text[:157]}..."
