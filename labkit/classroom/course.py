"""A course of nbgrader's in a temporary folder: one assignment with one notebook, gone when it is done."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NAME = "lesson"  # of the assignment and of its notebook, whatever the paper
STUB = "# Your answer here, in place of the next line.\nraise NotImplementedError"


@dataclass(frozen=True)
class Course:
    """nbgrader's folders and its API."""

    folder: Path
    api: object

    def make_release(self, notebook: Path) -> Path:
        """Make the student version of an instructor's notebook, and note its checks; returns its file.

        Raises:
            ValueError: nbgrader refuses the notebook.
        """
        source = self.folder / "source" / NAME
        source.mkdir(parents=True)
        shutil.copy(notebook, source / f"{NAME}.ipynb")
        done = self.api.generate_assignment(NAME)
        if not done["success"]:
            raise ValueError(f"nbgrader could not make the student version of {notebook}: {_reason(done)}")
        return self.folder / "release" / NAME / f"{NAME}.ipynb"

    def autograde(self, student: str) -> Path:
        """Grade what lies in `submission(student)`; returns the executed notebook.

        Raises:
            ValueError: nbgrader could not.
        """
        done = self.api.autograde(NAME, student)
        if not done["success"]:
            raise ValueError(_reason(done))
        return self.folder / "autograded" / student / NAME / f"{NAME}.ipynb"

    def submission(self, student: str) -> Path:
        """Where a student's notebook must lie."""
        return self.folder / "submitted" / student / NAME / f"{NAME}.ipynb"

    def scores(self, student: str) -> dict[str, tuple[float, float]]:
        """Points and maximum of every check, by its mark."""
        with self.api.gradebook as gradebook:
            graded = gradebook.find_submission_notebook(NAME, NAME, student)
            return {grade.name: (float(grade.score), float(grade.max_score)) for grade in graded.grades}


@contextmanager
def course(timeout: int = 120, like: Path | None = None) -> Iterator[Course]:
    """A course that lives as long as the block.

    Args:
        timeout: seconds that one cell may take when it is graded.
        like: the folder of a course whose release was made; this one is a copy of it.
    """
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    with _scripts_on_path(), tempfile.TemporaryDirectory(prefix="labkit-classroom-") as name:
        folder = Path(name).resolve()
        if like is not None:
            shutil.copytree(like, folder, dirs_exist_ok=True)
        config = Config()
        config.CourseDirectory.root = str(folder)
        config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
        config.ClearSolutions.code_stub = {"python": STUB}
        config.Execute.timeout = timeout
        config.NbGraderAPI.log_level = "ERROR"
        yield Course(folder, NbGraderAPI(config=config))


def _reason(done: dict) -> str:
    said = f"{done.get('log', '')}\n{done.get('error', '')}"
    errors = re.findall(r"^\s*(?:[\w.]+\.)?(\w*(?:Error|Exception|Entry): .+)$", said, flags=re.MULTILINE)
    return next((e for e in errors if not e.startswith("NbGraderException")), "it does not say why")


@contextmanager
def _scripts_on_path() -> Iterator[None]:
    """nbgrader calls `alembic` by its name, which a Python that is called by its path need not find."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
