"""Grading many submissions, a few at a time; each in a process that is stopped when it takes too long."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

from labkit import paths
from labkit.classroom.course import course
from labkit.classroom.grades import Grade
from labkit.classroom.submissions import Submission
from labkit.experiment.progress import Progress, silent

WHOLE = 10  # a submission may take so many times one cell's limit


def grade_all(
    submissions: Sequence[Submission],
    *,
    timeout: int = 120,
    workers: int = 2,
    progress: Progress = silent,
) -> list[Grade]:
    """Grade submissions; one Grade each, in their order, whatever is wrong with them.

    Args:
        timeout: seconds that one cell may take; a submission may take ten times as many.
        workers: how many are graded at a time.
    """
    lock, done = threading.Lock(), 0
    instructors = {s.instructor for s in submissions if s.instructor is not None and not s.problem}

    def work(submission: Submission) -> Grade:
        nonlocal done
        grade = _grade(submission, prepared, timeout, workers)
        with lock:
            done += 1
            progress(done / len(submissions), f"{done} of {len(submissions)}")
        return grade

    with ExitStack() as stack:
        prepared = {instructor: _prepare(stack, instructor) for instructor in instructors}
        with ThreadPoolExecutor(max_workers=workers) as pool:
            return list(pool.map(work, submissions))


def _prepare(stack: ExitStack, instructor: Path) -> Path:
    """A course with the paper's release, for every submission to copy."""
    here = stack.enter_context(course())
    here.make_release(instructor)
    return here.folder


def _grade(submission: Submission, prepared: dict[Path, Path], timeout: int, workers: int) -> Grade:
    broken = _nothing(submission)
    if submission.problem or submission.instructor is None:
        return broken(submission.problem)
    with tempfile.TemporaryDirectory(prefix="labkit-grade-") as name:
        job = Path(name) / "job.json"
        asked = {
            "student": submission.student,
            "paper": submission.paper,
            "submitted": str(submission.path.resolve()),
            "instructor": str(submission.instructor.resolve()),
            "prepared": str(prepared[submission.instructor]),
            "timeout": timeout,
        }
        job.write_text(json.dumps(asked), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "labkit.classroom.worker", str(job)],
            cwd=name,
            env=_environment(workers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            _, said = process.communicate(timeout=timeout * WHOLE)
        except subprocess.TimeoutExpired:
            _stop(process)
            return broken(f"the whole notebook took longer than {timeout * WHOLE} s and was stopped")
        except BaseException:  # Ctrl-C: leave no process behind
            _stop(process)
            raise
        answer = job.with_suffix(".done")
        if not answer.is_file():
            last = said.strip().splitlines()[-1:] or ["no word"]
            return broken(f"grading it broke off (exit code {process.returncode}): {last[0]}")
        return Grade(**json.loads(answer.read_text(encoding="utf-8")))


def _nothing(submission: Submission):
    from labkit.classroom.worker import maximum_points
    from labkit.notebook import source

    maxima = maximum_points(source.load(submission.instructor)) if submission.instructor else {}

    def broken(problem: str) -> Grade:
        return Grade(
            submission.student, submission.paper, dict.fromkeys(maxima, 0.0), maxima, problem=problem
        )

    return broken


def _environment(workers: int) -> dict[str, str]:
    found = dict(os.environ)
    found["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(paths.PACKAGE.parent), found.get("PYTHONPATH", "")])
    )
    if workers > 1:
        found.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    return found


def _stop(process: subprocess.Popen) -> None:
    """Stop a grading; its kernel sees that its parent is gone, and goes too."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
