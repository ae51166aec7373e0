"""What is wrong with a stored notebook, in words that say how to mend it."""

import ast
import re

import nbformat
from nbformat import NotebookNode

from labkit.notebook import cells, source

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
LOCAL = re.compile(r"(?<![\w.:/])(/(?:home|Users|root|work|tmp|mnt|content)/|[A-Z]:\\\\?\w|file://)")
CHECK = re.compile(r"\.exercise\(\s*[\"'](\w+)[\"']\s*\)\.check\(")
MEND = "python -m labkit.notebook tidy mends it"


def problems(notebook: NotebookNode) -> list[str]:
    """Everything that is wrong with a notebook as it is stored; nothing when it is fit to be stored."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {str(error).splitlines()[0]}"]
    found = [*_whole(notebook), *_parameters(notebook), *_exercises(notebook)]
    for number, cell in enumerate(notebook.cells, start=1):
        found += [f"cell {number}: {problem}" for problem in _cell(cell)]
    return found or _form(notebook)


def _whole(notebook: NotebookNode) -> list[str]:
    found = []
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append(f"the kernel should be python3; {MEND}")
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.lstrip().startswith("# "):
        found.append("the first cell should be Markdown and start with a title (`# ...`)")
    return found


def _cell(cell: NotebookNode) -> list[str]:
    found = []
    if cell.cell_type == "raw":
        found.append("a raw cell; use Markdown or code")
    if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
        found.append(f"outputs are stored; {MEND}")
    if not cell.source.strip():
        found.append("the cell is empty")
    if match := LOCAL.search(cell.source):
        found.append(f"a path of one machine: {match[0]!r}")
    if cells.kind(cell) == "code":
        if SOLUTION[0] in cell.source:
            found.append(
                "a solution in a cell that is no exercise: its header should be `# %% exercise NAME`"
            )
        if match := CHECK.search(cell.source):
            found.append(
                f"an exercise's check in an ordinary cell: its header should be `# %% check {match[1]}`"
            )
    return found


def _parameters(notebook: NotebookNode) -> list[str]:
    found = [cell for cell in notebook.cells if cells.kind(cell) == "parameters"]
    if len(found) != 1:
        return [f"there should be one cell `# %% parameters`; there are {len(found)}"]
    try:
        defaults = {
            target.id: ast.literal_eval(line.value)
            for line in ast.parse(found[0].source).body
            if isinstance(line, ast.Assign)
            for target in line.targets
        }
    except (SyntaxError, ValueError, AttributeError) as error:
        return [f"the parameters should be plain values (name = value): {error}"]
    if defaults != {"scale": "smoke", "device": "auto", "seed": 0}:
        return [f"the parameters should be scale='smoke', device='auto', seed=0; they are {defaults}"]
    if not any("parameters(" in cell.source for cell in notebook.cells if cells.kind(cell) == "code"):
        return ["nothing checks the parameters: call labkit.notebook.parameters(...)"]
    return []


def _exercises(notebook: NotebookNode) -> list[str]:
    found = []
    answers = {cells.exercise_name(c): c for c in notebook.cells if cells.kind(c) == "exercise"}
    checks: dict[str, list[NotebookNode]] = {}
    for cell in notebook.cells:
        if cells.kind(cell) == "check":
            checks.setdefault(cells.exercise_name(cell), []).append(cell)
    for name, cell in answers.items():
        found += [f"{name}: {problem}" for problem in _marks(cell.source, *SOLUTION, needed=True)]
        if cell.source.lstrip().startswith(SOLUTION[0]):
            found.append(
                f"{name}: give the answer a first value before the solution, such as `answer = None`"
            )
        if name not in checks:
            found.append(f"{name}: nothing checks it (`# %% check {name}`)")
    for name, several in checks.items():
        if name not in answers:
            found.append(f"{name}: it is checked but has no answer cell (`# %% exercise {name}`)")
        for cell in several:
            found += [f"{name}: {problem}" for problem in _marks(cell.source, *HIDDEN, needed=False)]
            if cell.metadata.nbgrader.get("points", 0) <= 0:
                found.append(f"{name}: its check is worth no points")
    return found


def _marks(text: str, begin: str, end: str, needed: bool) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    marks = [line for line in lines if line in (begin, end)]
    if marks != [begin, end] * (len(marks) // 2) or (needed and not marks):
        return [f"`{begin}` and `{end}` should stand in pairs, each on its own line; found: {marks}"]
    return []


def _form(notebook: NotebookNode) -> list[str]:
    try:
        same = source.dumps(source.tidy(notebook)) == nbformat.writes(notebook) + "\n"
    except ValueError as error:
        return [str(error)]
    return [] if same else [f"ids or metadata are not as the lab stores them; {MEND}"]
