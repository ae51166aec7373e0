"""Grades, and the CSV that they are written into."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Grade:
    """One submission's points.

    Attributes:
        points, maxima: by exercise.
        messages: the first message of each exercise that was not answered rightly.
        problem: why it could not be graded; its points are then 0.
    """

    student: str
    paper: str
    points: dict[str, float] = field(default_factory=dict)
    maxima: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def total(self) -> float:
        """All points together."""
        return sum(self.points.values())

    def as_json(self) -> dict:
        """Plain values."""
        return asdict(self)


def write_csv(grades: Sequence[Grade], path: Path) -> Path:
    """Write a table with a row for each submission, in one step: an older table stays if the disk refuses."""
    from labkit.experiment.store import replace

    names = list(dict.fromkeys(name for grade in grades for name in grade.maxima))
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(
        ["student", "paper", *names, "total", "max", *(f"{name}: message" for name in names), "problem"]
    )
    for grade in grades:
        points = [_number(grade.points[name]) if name in grade.points else "" for name in names]
        messages = [_text(grade.messages.get(name, "")) for name in names]
        whole = _number(sum(grade.maxima.values())) if grade.maxima else ""
        row = [
            _text(grade.student),
            grade.paper,
            *points,
            _number(grade.total),
            whole,
            *messages,
            _text(grade.problem),
        ]
        writer.writerow(row)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, table.getvalue().encode("utf-8"))
    return path


def _number(value: float) -> str:
    return f"{value:g}"


def _text(text: str) -> str:
    """On one line; and a spreadsheet must not take a student's text for a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
