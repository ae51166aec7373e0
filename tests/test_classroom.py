"""The classroom, round trip: release, answer, grade."""

import csv
import json
import re
import shutil
import time
from pathlib import Path

import nbformat
import pytest

import labkit
from labkit.classroom import Grade, find_submissions, grade_all, release_notebook, release_paper, write_csv
from labkit.classroom.submissions import restore
from labkit.cli import main
from labkit.notebook import cells, lint, source
from tests import lesson, showcase

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def instructor(tmp_path, monkeypatch):
    """The showcase's lesson, as its paper's notebook."""
    path = lesson.write(tmp_path / "notebooks" / "showcase.ipynb")
    showcase.install(monkeypatch)
    monkeypatch.setattr(showcase.Showcase, "notebook", path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return path


@pytest.fixture
def handed_in(instructor, tmp_path):
    """The folder of submissions, with the student version beside it."""
    release_notebook(instructor, tmp_path / "release" / "showcase.ipynb")
    folder = tmp_path / "submissions"
    folder.mkdir()
    return folder


def student_version(folder: Path) -> Path:
    return folder.parent / "release" / "showcase.ipynb"


def graded(folder: Path, **options) -> dict[str, Grade]:
    options = {"timeout": 60} | options
    return {grade.student: grade for grade in grade_all(find_submissions(folder), **options)}


# release


def test_the_student_version_keeps_everything_but_the_answers(instructor, tmp_path):
    path = release_paper(labkit.paper("showcase"), tmp_path / "release")
    before, after = source.load(instructor), source.load(path)
    text = path.read_text()
    for secret in ("the secret", "3 * x", "three_times(7)", *lint.SOLUTION, *lint.HIDDEN):
        assert secret not in text
    for one, other in zip(before.cells, after.cells, strict=True):
        assert one.id == other.id
        if cells.kind(one) in ("markdown", "code", "parameters"):
            assert one.source == other.source
    assert "raise NotImplementedError" in after.cells[6].source
    assert after.cells[6].source.startswith("def three_times(x):\n")
    assert after.metadata.labkit == {"paper": "showcase", "version": "student"}


def test_the_readme_tells_students_what_to_do(instructor, tmp_path):
    release_paper(labkit.paper("showcase"), tmp_path / "release")
    readme = (tmp_path / "release" / "README.md").read_text()
    assert "Choose a slope (`slope`, 1 points)" in readme
    assert sorted(path.name for path in (tmp_path / "release").iterdir()) == ["README.md", "showcase.ipynb"]


def test_only_a_student_version_is_overwritten(instructor, tmp_path):
    target = tmp_path / "release" / "showcase.ipynb"
    release_notebook(instructor, target)
    release_notebook(instructor, target)
    with pytest.raises(ValueError, match="is no student version; it is not overwritten"):
        release_notebook(instructor, instructor)
    assert "the secret" in instructor.read_text()


def test_a_mark_that_nbgrader_does_not_see_is_refused(instructor, tmp_path):
    notebook = source.load(instructor)
    notebook.cells[3].source = "x = 1  ### BEGIN SOLUTION"
    nbformat.write(notebook, instructor)
    with pytest.raises(ValueError, match=r"left in the student version|could not make"):
        release_notebook(instructor, tmp_path / "release" / "showcase.ipynb")


@pytest.mark.parametrize("paper", labkit.papers(), ids=lambda paper: paper.slug)
@pytest.mark.slow
def test_no_papers_solution_is_released(paper, tmp_path):
    released = source.load(release_paper(paper, tmp_path))
    for cell, own in zip(released.cells, source.load(paper.notebook).cells, strict=True):
        if cells.kind(own) == "exercise":
            solution = re.findall(
                r"### BEGIN SOLUTION\n(.*?)\s*### END SOLUTION", own.source, flags=re.DOTALL
            )
            assert solution
            for part in solution:
                for line in filter(None, map(str.strip, part.splitlines())):
                    assert len(line) < 8 or line not in cell.source


# grading


@pytest.mark.slow
def test_the_round_trip(handed_in, instructor, capsys):
    """Full marks for the instructor's; the exercise's words for no answer, and for a typical wrong one."""
    (handed_in / "ada").mkdir()
    shutil.copy(instructor, handed_in / "ada" / "showcase.ipynb")
    (handed_in / "bob").mkdir()
    shutil.copy(student_version(handed_in), handed_in / "bob" / "showcase.ipynb")
    fitted = "def three_times(x):\n    return 3 if x == 1 else 0"
    lesson.answered(
        student_version(handed_in), handed_in / "carl.ipynb", slope="slope = -3", write_line=fitted
    )
    with pytest.raises(SystemExit) as left:
        main(["classroom", "grade", str(handed_in), "-o", str(handed_in.parent / "grades.csv")])
    assert left.value.code == 0
    rows = {row["student"]: row for row in csv.DictReader((handed_in.parent / "grades.csv").open())}
    assert [rows["ada"][name] for name in ("paper", "slope", "write_line", "total", "max")] == [
        "showcase",
        "1",
        "2",
        "3",
        "3",
    ]
    assert rows["ada"]["slope: message"] == rows["ada"]["problem"] == ""
    assert rows["bob"]["total"] == "0"
    assert rows["bob"]["slope: message"] == "Choose a slope: there is no answer yet."
    assert rows["bob"]["write_line: message"] == "Write a line: there is no answer yet."
    assert rows["carl"]["slope: message"] == "The sign: the line should rise."
    assert rows["carl"]["write_line: message"] == "AssertionError: three_times(7) should be 21"
    assert not list(Path.cwd().glob("gradebook.db")), "no database is left"


@pytest.mark.slow
def test_what_is_broken_becomes_a_row(handed_in, instructor):
    right = {"slope": "slope = 3", "write_line": "def three_times(x):\n    return 3 * x"}
    given = student_version(handed_in)
    lesson.answered(given, handed_in / "endless.ipynb", **right | {"slope": "while True: pass"})
    lesson.answered(
        given, handed_in / "typo.ipynb", **right | {"write_line": "def three_times(x) return 3 * x"}
    )
    (handed_in / "text.ipynb").write_text("{not json")
    (handed_in / "empty").mkdir()
    (handed_in / "other").mkdir()
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    nbformat.write(other, handed_in / "other" / "showcase.ipynb")
    nbformat.write(other, handed_in / "unknown.ipynb")
    grades = graded(handed_in, timeout=8)
    assert set(grades) == {"endless", "typo", "text", "empty", "other", "unknown"}
    assert grades["endless"].points == {"slope": 0, "write_line": 2}
    assert grades["endless"].messages == {"slope": "it took longer than 8 s and was stopped"}
    assert grades["typo"].points == {"slope": 1, "write_line": 0}
    assert "SyntaxError" in grades["typo"].messages["write_line"]
    assert "is no notebook" in grades["text"].problem
    assert grades["empty"].problem == "there is no notebook in the folder"
    assert "none of the lesson's exercises are in it" in grades["other"].problem
    assert grades["other"].maxima == {"slope": 1, "write_line": 2}
    assert "name it with --paper" in grades["unknown"].problem


@pytest.mark.slow
def test_checks_that_were_changed_or_deleted_are_put_back(handed_in):
    changed = source.load(student_version(handed_in))
    for cell in changed.cells:
        if cells.kind(cell) == "check":
            cell.source = "print('Correct.')"
        if cells.kind(cell) == "parameters":
            cell.source = 'scale = "paper"\ndevice = "auto"\nseed = 99'
    nbformat.write(changed, handed_in / "changed.ipynb")
    deleted = source.load(
        lesson.answered(student_version(handed_in), handed_in / "x.ipynb", slope="slope = 3")
    )
    (handed_in / "x.ipynb").unlink()
    deleted.cells = [
        c for c in deleted.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "slope_check"
    ]
    nbformat.write(deleted, handed_in / "deleted.ipynb")
    grades = graded(handed_in)
    assert grades["changed"].total == 0
    assert grades["changed"].messages["slope"] == "Choose a slope: there is no answer yet."
    assert grades["deleted"].points["slope"] == 1
    assert grades["deleted"].messages["slope"] == "its check was deleted, and put back"


@pytest.mark.slow
def test_a_notebook_that_cannot_be_interrupted_is_stopped(handed_in):
    stubborn = (
        "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"
    )
    lesson.answered(student_version(handed_in), handed_in / "stubborn.ipynb", slope=stubborn)
    started = time.monotonic()
    grade = graded(handed_in, timeout=2)["stubborn"]
    assert grade.total == 0
    assert grade.problem or grade.messages
    assert time.monotonic() - started < 60


MISTAKEN = {  # each exercise answered by its first typical mistake, in the names that its check reads
    "legs_matrix": "legs = {mistake}",
    "online_memory": "online_update, reconstruct = {mistake}",
    "hidden_delays": "choice, plot = {mistake}, None",
}


@pytest.mark.slow
def test_hippos_own_round_trip(tmp_path):
    """The instructor's notebook earns full marks, the student version none, and a typical mistake its message."""
    paper = labkit.paper("hippo")
    given = release_paper(paper, tmp_path / "release")
    folder = tmp_path / "submissions"
    (folder / "instructor").mkdir(parents=True)
    shutil.copy(paper.notebook, folder / "instructor" / "hippo.ipynb")
    shutil.copy(given, folder / "untouched.ipynb")
    wrong = {
        name: "import labkit\n"
        + text.format(mistake=f'labkit.paper("hippo").exercise("{name}").mistakes[0].answer')
        for name, text in MISTAKEN.items()
    }
    lesson.answered(given, folder / "mistaken.ipynb", **wrong)
    grades = graded(folder, timeout=120)
    assert grades["instructor"].points == {e.name: e.points for e in paper.exercises()}
    assert grades["instructor"].messages == {}
    assert grades["untouched"].total == grades["mistaken"].total == 0
    for exercise in paper.exercises():
        assert grades["untouched"].messages[exercise.name] == f"{exercise.title}: there is no answer yet."
        assert exercise.mistakes[0].message in grades["mistaken"].messages[exercise.name]


# the parts


def test_submissions_are_found_wherever_students_put_them(handed_in, instructor):
    given = student_version(handed_in)
    for place in ("ada/showcase.ipynb", "bob/deep/er/homework.ipynb", "carl.ipynb", ".hidden/x.ipynb"):
        (handed_in / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(given, handed_in / place)
    (handed_in / "notes.txt").write_text("not a submission")
    found = find_submissions(handed_in)
    assert [(one.student, one.paper, one.problem) for one in found] == [
        ("ada", "showcase", ""),
        ("bob", "showcase", ""),
        ("carl", "showcase", ""),
    ]


def test_the_paper_may_be_named(handed_in):
    nbformat.write(nbformat.v4.new_notebook(), handed_in / "ada.ipynb")
    assert find_submissions(handed_in)[0].problem
    assert find_submissions(handed_in, "showcase")[0].paper == "showcase"


def test_restoring_keeps_what_students_wrote(instructor):
    own = source.load(instructor)
    submitted = source.load(instructor)
    submitted.cells = [nbformat.v4.new_code_cell("mine = 1"), *submitted.cells[:5]]
    notebook, notes = restore(submitted, own)
    assert notebook.cells[0].source == "mine = 1"
    assert [cells.exercise_name(c) for c in notebook.cells if cells.kind(c) == "check"] == [
        "slope",
        "write_line",
    ]
    assert notes["write_line"] == "the answer's cell was deleted; its check was deleted, and put back"


@pytest.mark.slow
def test_a_submission_that_kills_its_grader_is_a_row(handed_in):
    kill = "import os\nos.kill(os.getppid(), 9)"
    lesson.answered(student_version(handed_in), handed_in / "ada.ipynb", slope=kill)
    grade = graded(handed_in)["ada"]
    assert grade.total == 0
    assert "grading it broke off (exit code -9)" in grade.problem


def test_the_table_is_safe_for_spreadsheets(tmp_path):
    grades = [
        Grade("ada", "p", {"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 2.0}, {"b": '=HYPERLINK("x")\nmore'}),
        Grade("Zoë", "p", problem="late, and broken"),
    ]
    path = write_csv(grades, tmp_path / "sub" / "grades.csv")
    rows = list(csv.reader(path.open(encoding="utf-8")))
    assert rows[0] == ["student", "paper", "a", "b", "total", "max", "a: message", "b: message", "problem"]
    assert rows[1] == ["ada", "p", "1", "0.5", "1.5", "3", "", '\'=HYPERLINK("x") more', ""]
    assert rows[2] == ["Zoë", "p", "", "", "0", "", "", "", "late, and broken"]


def test_grades_go_through_json():
    grade = Grade("ada", "p", {"a": 1.0}, {"a": 1.0}, {}, "")
    assert Grade(**json.loads(json.dumps(grade.as_json()))) == grade


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["release", "nope", "--to", "x"], 2, "unknown paper: 'nope'"),
        (["grade", "no-such-folder"], 2, "no-such-folder is no folder"),
        (["grade", ".", "--paper", "nope"], 2, "unknown paper: 'nope'"),
    ],
)
def test_slips_on_the_command_line(arguments, code, message, capsys):
    with pytest.raises(SystemExit) as left:
        main(["classroom", *arguments])
    assert left.value.code == code
    assert message in capsys.readouterr().err


def test_an_empty_folder_is_said_so(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["classroom", "grade", str(tmp_path)])
    assert left.value.code == 2
    assert "has no submissions: STUDENT/PAPER.ipynb, or STUDENT.ipynb" in capsys.readouterr().err
