"""Grades one submission, in a process of its own: `python -m labkit.classroom.worker JOB.json`."""

import json
import re
import sys
from pathlib import Path

from nbformat import NotebookNode

from labkit.classroom.course import course
from labkit.classroom.grades import Grade
from labkit.classroom.submissions import restore
from labkit.notebook import cells, source

STUDENT = "student"  # nbgrader's name for whoever it is: names of real people stay out of its paths
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def grade(student: str, paper: str, submitted: Path, instructor: Path, prepared: Path, timeout: int) -> Grade:
    """Grade a submission with nbgrader's autograder, in a copy of the course that is prepared for the paper."""
    original = source.load(instructor)
    maxima = maximum_points(original)
    nothing = dict.fromkeys(maxima, 0.0)
    try:
        notebook, notes = restore(source.load(submitted), original)
        with course(timeout, like=prepared) as here:
            place = here.submission(STUDENT)
            place.parent.mkdir(parents=True)
            place.write_text(source.dumps(notebook), encoding="utf-8")
            executed = source.load(here.autograde(STUDENT))
            scores = here.scores(STUDENT)
    except ValueError as error:
        return Grade(student, paper, nothing, maxima, problem=str(error))
    points = dict(nothing)
    for mark, (score, _) in scores.items():
        name = re.sub(r"_check(_\d+)?$", "", mark)
        if name in points:
            points[name] += score
    messages = {
        name: first_message(executed, name, timeout) for name in maxima if points[name] < maxima[name]
    }
    for name, note in notes.items():
        messages[name] = ". ".join(filter(None, [note, messages.get(name, "")]))
    return Grade(student, paper, points, maxima, messages)


def maximum_points(notebook: NotebookNode) -> dict[str, float]:
    """Every exercise's points, in the notebook's order."""
    found: dict[str, float] = {}
    for cell in notebook.cells:
        if cells.kind(cell) == "check":
            name = cells.exercise_name(cell)
            found[name] = found.get(name, 0.0) + float(cell.metadata.nbgrader.points)
    return found


def first_message(notebook: NotebookNode, name: str, timeout: int) -> str:
    """What went wrong first: in the answer's own cell, or in its check."""
    for cell in notebook.cells:
        if cells.kind(cell) not in ("exercise", "check") or cells.exercise_name(cell) != name:
            continue
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename != "NotImplementedError":
                return _words(output, timeout)
    return "there is no answer"


def _words(output: NotebookNode, timeout: int) -> str:
    if output.ename in ("KeyboardInterrupt", "CellTimeoutError"):
        return f"it took longer than {timeout} s and was stopped"
    said = COLOURS.sub("", output.evalue).strip()
    return said if output.ename == "Wrong" else f"{output.ename}: {said}".rstrip(": ")


def main(job: Path) -> None:
    """Read a job, grade it, and write the answer beside it."""
    asked = json.loads(job.read_text(encoding="utf-8"))
    places = {name: Path(asked[name]) for name in ("submitted", "instructor", "prepared")}
    done = grade(asked["student"], asked["paper"], timeout=asked["timeout"], **places)
    job.with_suffix(".done").write_text(json.dumps(done.as_json()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
