"""Every notebook, run from top to bottom by papermill at smoke scale; and how notebooks are stored and written."""

import os
import sys
from pathlib import Path

import nbformat
import pytest

import labkit
from labkit.notebook import __main__ as command
from labkit.notebook import cells, lint, parameters, source
from tests import lesson

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
ALLOWED = 60  # seconds for a notebook at smoke scale


@every_notebook
@pytest.mark.slow
def test_it_runs(path, monkeypatch):
    """The executed copy is kept under build/notebooks/; at its end every exercise was answered rightly."""
    import papermill

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("LABKIT_RESULTS", str(ROOT / "build" / "results"))
    target = ROOT / "build" / "notebooks" / path.relative_to(ROOT / "notebooks")
    target.parent.mkdir(parents=True, exist_ok=True)
    found = papermill.execute_notebook(
        path,
        target,
        parameters={"scale": "smoke", "device": "auto", "seed": 0},
        cwd=target.parent,
        kernel_name="python3",
        progress_bar=False,
        execution_timeout=240,
    )
    assert found.metadata.papermill.exception is None
    for cell in found.cells:
        if cells.kind(cell) == "check":
            said = "".join(output.get("text", "") for output in cell.outputs)
            assert "Correct." in said or "assert" in cell.source, cell.source
        for output in cell.get("outputs", []):
            assert "Traceback" not in output.get("text", ""), output["text"]
            assert 'role="alert"' not in str(output.get("data", "")), "a demo shows an error"
    # shared machines are slower than the lesson promises: the promise is kept by `make bench`
    assert found.metadata.papermill.duration < 4 * ALLOWED


@every_notebook
def test_it_is_stored_as_it_should_be(path):
    assert lint.problems(source.load(path)) == []


@pytest.mark.parametrize("paper", labkit.papers(), ids=lambda paper: paper.slug)
def test_its_exercises_are_the_papers(paper):
    """Each exercise is asked, and worth what the paper says."""
    asked: dict[str, float] = {}
    for cell in source.load(paper.notebook).cells:
        if cells.kind(cell) == "check":
            name = cells.exercise_name(cell)
            asked[name] = asked.get(name, 0) + cell.metadata.nbgrader.points
    assert asked == {exercise.name: exercise.points for exercise in paper.exercises()}


# the text that notebooks are written in


@pytest.fixture
def notebook():
    return source.read(lesson.TEXT.strip())


def test_a_lesson_is_read_with_its_marks(notebook):
    kinds = [cells.kind(cell) for cell in notebook.cells]
    assert kinds == ["markdown", "parameters", "code", "code", "exercise", "check", "exercise", "check"]
    assert notebook.metadata.labkit.paper == "showcase"
    assert notebook.metadata.kernelspec.name == "python3"
    marks = notebook.cells[-1].metadata.nbgrader
    assert (marks.grade_id, marks.grade, marks.locked, marks.points) == ("write_line_check", True, True, 2)
    assert notebook.cells[-2].metadata.nbgrader.solution is True
    assert lint.problems(notebook) == []


def test_text_and_notebook_are_the_same_lesson(notebook):
    assert source.text(notebook) == lesson.TEXT.lstrip()
    assert source.dumps(source.tidy(notebook)) == source.dumps(notebook)


def test_the_same_text_gives_the_same_file(notebook):
    assert source.dumps(source.read(lesson.TEXT.strip())) == source.dumps(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    more = source.read(lesson.TEXT.strip() + "\n\n# %%\n1 + 1\n")
    assert [cell.id for cell in more.cells[:-1]] == ids, "a new cell changes no other's id"


@every_notebook
def test_every_stored_notebook_has_its_text(path):
    notebook = source.load(path)
    assert source.dumps(source.read(source.text(notebook))) == path.read_text(encoding="utf-8")


def test_markdown_may_stand_behind_hashes():
    found = source.read("# %% [markdown]\n# # Title\n#\n# Text.\n")
    assert found.cells[0].source == "# Title\n\nText."


def test_points_come_from_the_paper():
    found = source.read('# paper: hippo\n\n# %% check legs_matrix\npaper("hippo")\n')
    assert found.cells[0].metadata.nbgrader.points == labkit.paper("hippo").exercise("legs_matrix").points


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "line 1: 'x = 1' stands before the first cell"),
        ("# %% markdown\n", "line 1: `# %% markdown` is not understood"),
        ("# %%\n1\n# %% exercise Big\n", "line 3: `# %% exercise Big` is not understood"),
        ("# %% check a points=two\n", "'points=two' is not understood; use points=N"),
        ("# %% check a\n", "the check of a needs points=N"),
        ("# %% [markdown]\nbare text\n", "Markdown stands between"),
        ("# %% exercise a\n1\n# %% exercise a\n2\n", "two answer cells: a"),
        ("# paper: nope\n# %% check a\n", "unknown paper: 'nope'"),
    ],
)
def test_a_slip_in_the_text_is_named(text, message):
    with pytest.raises(ValueError) as caught:
        source.read(text)
    assert message in str(caught.value)


def spoiled(notebook, number: int, **changes):
    """The lesson with one cell changed."""
    cell = notebook.cells[number]
    for name, value in changes.items():
        cell[name] = value
    return lint.problems(notebook)


def test_the_lint_names_what_is_wrong(notebook):
    output = nbformat.v4.new_output("stream", text="1\n")
    slip = lesson.TEXT.strip()
    cases = {
        "outputs are stored": spoiled(source.read(slip), 3, outputs=[output]),
        "a path of one machine": spoiled(source.read(slip), 3, source='open("/home/ada/data.csv")'),
        "the cell is empty": spoiled(source.read(slip), 3, source=" "),
        "there should be one cell `# %% parameters`; there are 0": spoiled(source.read(slip), 1, metadata={}),
        "they are {'scale': 'paper'": spoiled(
            source.read(slip), 1, source='scale = "paper"\ndevice = "auto"\nseed = 0'
        ),
        "plain values": spoiled(source.read(slip), 1, source="scale = f()"),
        "nothing checks the parameters": spoiled(source.read(slip), 2, source="1"),
        "`### BEGIN SOLUTION` and `### END SOLUTION` should stand in pairs": spoiled(
            source.read(slip), 4, source="slope = 3"
        ),
        "slope: give the answer a first value": spoiled(
            source.read(slip), 4, source="### BEGIN SOLUTION\nslope = 3\n### END SOLUTION"
        ),
        "a solution in a cell that is no exercise": spoiled(source.read(slip), 4, metadata={}),
        "an exercise's check in an ordinary cell": spoiled(source.read(slip), 5, metadata={}),
        "write_line: nothing checks it": lint.problems(
            source.lesson(source.read(slip).cells[:-1], "showcase")
        ),
        "start with a title": lint.problems(source.lesson(source.read(slip).cells[1:], "showcase")),
        "ids or metadata are not as the lab stores them": spoiled(source.read(slip), 3, id="another"),
    }
    for message, problems in cases.items():
        assert any(message in problem for problem in problems), f"{message!r} not in {problems}"


def test_the_command_goes_both_ways_and_tidies(tmp_path, capsys):
    text, stored = tmp_path / "a.py", tmp_path / "sub" / "a.ipynb"
    text.write_text(lesson.TEXT.strip() + "\n")
    assert command.main([str(text), str(stored)]) == 0
    clean = stored.read_text()
    assert command.main([str(stored), str(tmp_path / "b.py")]) == 0
    assert (tmp_path / "b.py").read_text() == lesson.TEXT.lstrip()
    messy = nbformat.read(stored, as_version=4)
    messy.cells[3].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    messy.cells[3].execution_count = 7
    messy.cells[3].id = "random"
    nbformat.write(messy, stored)
    assert command.main(["lint", str(stored)]) == 1
    assert "outputs are stored" in capsys.readouterr().out
    assert command.main(["tidy", str(stored)]) == 0
    assert stored.read_text() == clean
    assert command.main(["lint", str(stored)]) == 0
    assert command.main(["bogus"]) == 2


# parameters


def test_parameters_are_passed_on():
    chosen = parameters(scale="class", device="cpu", seed=[0, 1, 2])
    assert dict(**chosen) == {"scale": "class", "device": chosen.device, "seed": (0, 1, 2)}
    assert str(chosen.device) == "cpu"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scale": "huge"}, "the parameter scale is 'huge'; choose from smoke, class, paper"),
        ({"scale": 1}, "the parameter scale is 1; choose from"),
        ({"device": 3}, "the parameter device is 3; give a name such as"),
        ({"device": "tpu"}, "unknown device: 'tpu'; choose from auto, cpu"),
        ({"seed": "x"}, "the parameter seed is 'x'; give a whole number from 0"),
        ({"seed": -1}, "the parameter seed is -1"),
        ({"seed": 1.5}, "the parameter seed is 1.5"),
        ({"seed": True}, "the parameter seed is True"),
        ({"seed": [1, 1]}, "all different"),
        ({"seed": []}, "give a whole number"),
    ],
)
def test_parameters_of_the_wrong_type_are_refused(wrong, message):
    with pytest.raises(ValueError) as caught:
        parameters(**wrong)
    assert message in str(caught.value)


@pytest.mark.slow
def test_a_wrong_parameter_stops_the_notebook_with_its_reason(tmp_path, monkeypatch):
    import papermill

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = lesson.write(tmp_path / "lesson.ipynb")
    with pytest.raises(
        papermill.PapermillExecutionError, match="the parameter seed is 'x'; give a whole number"
    ):
        papermill.execute_notebook(
            path, tmp_path / "out.ipynb", parameters={"seed": "x"}, kernel_name="python3", progress_bar=False
        )


def test_the_kernel_is_this_python():
    from jupyter_client.kernelspec import KernelSpecManager

    program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    assert Path(program).name.startswith("python")
    assert not Path(program).is_absolute() or Path(program).resolve() == Path(sys.executable).resolve()
