"""The Makefile: the environment is built when it must be, and only then; a failed install does not count."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRETENDER = """#!/bin/sh
echo "$@" >> calls
case "$*" in *"pip install"*) exit ${FAIL:-0};; esac
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")


@pytest.fixture
def checkout(tmp_path):
    """The files that make reads, and a Python that only notes how it was called."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "venv", tmp_path / ".ci" / "venv")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PRETENDER)
    python.chmod(0o755)
    return tmp_path


def make(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, list[str]]:
    """Exit code, what was said, and the calls of Python since the last time."""
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    done = subprocess.run(
        ["make", *arguments], cwd=folder, capture_output=True, text=True, env={**clean, **environment}
    )
    return (
        done.returncode,
        done.stdout + done.stderr,
        calls.read_text().splitlines() if calls.exists() else [],
    )


def installs(calls: list[str]) -> list[str]:
    return [call for call in calls if "pip install" in call]


def test_it_installs_once_and_again_when_something_changed(checkout):
    code, _, calls = make(checkout, "quick")
    assert code == 0
    assert "-c constraints.txt -e .[dev]" in installs(calls)[0]
    assert calls[-1] == "-m pytest -n 2 -m not slow and not browser"
    assert installs(make(checkout, "quick")[2]) == []
    for name in ("constraints.txt", "pyproject.toml"):
        later = (checkout / ".venv" / ".ready").stat().st_mtime + 5
        os.utime(checkout / name, (later, later))
        assert len(installs(make(checkout, "quick")[2])) == 1
        os.utime(checkout / ".venv" / ".ready", (later + 1, later + 1))


def test_a_failed_install_is_tried_again(checkout):
    code, _, calls = make(checkout, "test", FAIL="1")
    assert code != 0
    assert not any("pytest" in call for call in calls)
    assert not (checkout / ".venv" / ".ready").exists()
    code, _, calls = make(checkout, "test")
    assert code == 0
    assert len(installs(calls)) == 1
    assert calls[-1] == "-m pytest -n 2"


def test_the_labs_ports_can_be_chosen(checkout):
    assert make(checkout, "lab")[2][-1] == "-m labkit lab --lab-port 8888 --dash-port 8501"
    assert make(checkout, "lab", "LAB_PORT=9999")[2][-1] == "-m labkit lab --lab-port 9999 --dash-port 8501"


def test_benchmarks_run_alone(checkout):
    call = make(checkout, "bench")[2][-1]
    assert call.startswith("-m pytest tests/benchmarks --benchmark-enable")
    assert "-n" not in call.split()


def test_without_a_python_that_fits_it_says_so(checkout):
    shutil.rmtree(checkout / ".venv")
    code, said, _ = make(checkout, "test", "PYTHON=no-such-python")
    assert code != 0
    assert "The lab needs Python >=3.11" in said
    assert "make lab PYTHON=python3.12" in said
    assert not (checkout / ".venv").exists()


def test_make_alone_lists_the_commands(checkout):
    said = make(checkout)[1]
    for name in ("lab", "test", "quick", "bench", "lint", "clean"):
        assert f"make {name}" in said
