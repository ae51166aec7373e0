"""A notebook as readable text, and back: see the package's docstring for the format."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labkit.notebook import cells

HEADER = re.compile(r"^# %%(?P<rest>.*)$")
PAPER = re.compile(r"^# paper: (?P<slug>\S+)$")


def lesson(found: list[NotebookNode], paper: str | None = None) -> NotebookNode:
    """A notebook of these cells (see `labkit.notebook.cells`)."""
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "labkit": {"paper": paper},
    }
    notebook = nbformat.v4.new_notebook(cells=cells.distinct_ids(found), metadata=metadata)
    notebook.nbformat_minor = 5
    return notebook


def read(text: str, paper: str | None = None) -> NotebookNode:
    """The notebook that a text in percent format describes.

    Args:
        paper: the slug, where the text does not name it.

    Raises:
        ValueError: a header that is not understood, or two answers to one exercise; names the line.
    """
    blocks: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := HEADER.match(line):
            blocks.append((number, match["rest"].strip(), []))
        elif blocks:
            blocks[-1][2].append(line)
        elif match := PAPER.match(line):
            paper = match["slug"]
        elif line.strip():
            raise ValueError(f"line {number}: {line!r} stands before the first cell (`# %%`)")
    made: list[NotebookNode] = []
    checks: dict[str, int] = {}
    for number, header, lines in blocks:
        try:
            made.append(_cell(header, "\n".join(lines).strip("\n"), paper, checks))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    names = [cells.exercise_name(cell) for cell in made if cells.kind(cell) == "exercise"]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"these exercises have two answer cells: {', '.join(sorted(twice))}")
    return lesson(made, paper)


def _cell(header: str, source: str, paper: str | None, checks: dict[str, int]) -> NotebookNode:
    first, *words = header.split() or [""]
    if first == "" and not words:
        return cells.code(source)
    if first == "[markdown]" and not words:
        return cells.markdown(_markdown(source))
    if first == "parameters" and not words:
        return cells.parameters(source)
    if first in ("exercise", "check") and words and cells.NAME.fullmatch(words[0]):
        name, *options = words
        if first == "exercise" and not options:
            return cells.exercise(name, source)
        if first == "check" and len(options) <= 1:
            checks[name] = checks.get(name, 0) + 1
            return cells.check(name, source, _points(name, options, paper), checks[name])
    raise ValueError(
        f"`# %% {header}` is not understood; use `# %%`, `# %% [markdown]`, `# %% parameters`, "
        "`# %% exercise NAME` or `# %% check NAME [points=N]`"
    )


def _points(name: str, options: list[str], paper: str | None) -> float:
    if options:
        match = re.fullmatch(r"points=(\d+(?:\.\d+)?)", options[0])
        if not match:
            raise ValueError(f"{options[0]!r} is not understood; use points=N")
        points = float(match[1])
        return int(points) if points.is_integer() else points
    if paper is None:
        raise ValueError(f"the check of {name} needs points=N, since the text does not name its paper")
    import labkit

    return labkit.paper(paper).exercise(name).points


def _markdown(source: str) -> str:
    quoted = re.fullmatch(r'r?"""\n?(.*?)\n?"""', source.strip(), flags=re.DOTALL)
    if quoted:
        return quoted[1].strip("\n")
    lines = source.splitlines()
    if not all(line == "#" or line.startswith("# ") or not line.strip() for line in lines):
        raise ValueError('Markdown stands between r""" and """, or every line starts with `# `')
    return "\n".join(line[2:] for line in lines)


def text(notebook: NotebookNode) -> str:
    """The notebook as text; `read` makes the same notebook of it again.

    Raises:
        ValueError: a raw cell, or Markdown with three double quotes; the format has no place for them.
    """
    parts = []
    paper = notebook.metadata.get("labkit", {}).get("paper")
    if paper:
        parts.append(f"# paper: {paper}")
    for cell in notebook.cells:
        kind, source = cells.kind(cell), cell.source.strip("\n")
        if kind == "markdown":
            if '"""' in source:
                raise ValueError(f'Markdown with """ in it: {source[:60]!r}')
            parts.append(f'# %% [markdown]\nr"""\n{source}\n"""')
        elif kind == "raw":
            raise ValueError(f"a raw cell; lessons have none: {source[:60]!r}")
        else:
            parts.append(f"{_header(kind, cell)}\n{source}")
    return "\n\n".join(parts) + "\n"


def _header(kind: str, cell: NotebookNode) -> str:
    if kind in ("exercise", "check"):
        points = f" points={cell.metadata.nbgrader.points:g}" if kind == "check" else ""
        return f"# %% {kind} {cells.exercise_name(cell)}{points}"
    return "# %% parameters" if kind == "parameters" else "# %%"


def dumps(notebook: NotebookNode) -> str:
    """The notebook as it is stored."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def load(path: str | Path) -> NotebookNode:
    """A stored notebook.

    Raises:
        ValueError: the file is no notebook.
    """
    try:
        notebook = nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)
    except Exception as error:  # nbformat raises several kinds for a file that is no notebook
        raise ValueError(f"{path} is no notebook: {error}") from error
    return notebook


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The same lesson as it should be stored: no outputs, stable ids, the right marks."""
    return read(text(notebook))
