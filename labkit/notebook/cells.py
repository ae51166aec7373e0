"""The kinds of cell that a lesson is made of, each with its stable id and its marks for nbgrader."""

import hashlib
import re

import nbformat
from nbformat import NotebookNode

PARAMETERS = "parameters"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def markdown(source: str) -> NotebookNode:
    """Text."""
    return nbformat.v4.new_markdown_cell(source, id=_id("markdown", source))


def code(source: str) -> NotebookNode:
    """Code that everyone runs."""
    return nbformat.v4.new_code_cell(source, id=_id("code", source))


def parameters(source: str) -> NotebookNode:
    """The cell after which papermill puts its parameters."""
    return nbformat.v4.new_code_cell(source, id=PARAMETERS, metadata={"tags": [PARAMETERS]})


def exercise(name: str, source: str) -> NotebookNode:
    """Where the learner answers; what stands between the solution marks is not in the student version."""
    return nbformat.v4.new_code_cell(source, id=f"exercise-{name}", metadata=_marks(name, solution=True))


def check(name: str, source: str, points: float, number: int = 1) -> NotebookNode:
    """What marks the answer. An exercise may have several; their points add up."""
    which = "" if number == 1 else f"_{number}"
    marks = _marks(f"{name}_check{which}", grade=True, locked=True, points=points)
    return nbformat.v4.new_code_cell(source, id=f"check-{name}{which}", metadata=marks)


def _marks(grade_id: str, **marks) -> dict:
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": {**plain, "grade_id": grade_id, **marks}}


def kind(cell: NotebookNode) -> str:
    """`markdown`, `code`, `parameters`, `exercise`, `check` or `raw`."""
    marks = cell.metadata.get("nbgrader", {})
    if cell.cell_type != "code":
        return cell.cell_type
    if PARAMETERS in cell.metadata.get("tags", []):
        return "parameters"
    if marks.get("solution"):
        return "exercise"
    return "check" if marks.get("grade") else "code"


def exercise_name(cell: NotebookNode) -> str:
    """The exercise that a cell belongs to: its answer's, or its check's."""
    return re.sub(r"_check(_\d+)?$", "", cell.metadata["nbgrader"]["grade_id"])


def distinct_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Cells of the same content get numbers behind their ids."""
    seen: dict[str, int] = {}
    for cell in cells:
        seen[cell.id] = seen.get(cell.id, 0) + 1
        if seen[cell.id] > 1:
            cell["id"] = f"{cell.id}-{seen[cell.id]}"
    return cells


def _id(kind: str, source: str) -> str:
    return hashlib.sha256(f"{kind}\n{source}".encode()).hexdigest()[:10]
