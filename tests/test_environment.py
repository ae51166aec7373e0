"""The environment: stated once, the same for pip and conda, and what is installed lies within it."""

import platform
import re

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from labkit import environment


def conda(root) -> tuple[dict[str, str], list[str]]:
    """environment.yml's requirements, and the lines that are none."""
    found, other = {}, []
    lines = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    flat = [line for line in lines if isinstance(line, str)]
    flat += [line for part in lines if isinstance(part, dict) for line in part["pip"]]
    for line in flat:
        if line.startswith("-") or line == "pip":
            other.append(line)
        else:
            requirement = Requirement(line)
            found[canonicalize_name(requirement.name)] = str(requirement.specifier)
    return found, other


def test_conda_and_pip_agree(root):
    found, other = conda(root)
    assert found.pop("python") == str(environment.python_range())
    assert found == {name: str(r.specifier) for name, r in environment.requirements("dev").items()}
    assert other == ["pip", "--editable ."]


def test_what_is_installed_is_supported():
    assert environment.lacking("dev") == []
    assert environment.python_range().contains(platform.python_version())


@pytest.mark.parametrize("extras", [(), ("dev",)])
def test_every_requirement_has_both_bounds(extras):
    unbounded = [
        name
        for name, requirement in environment.requirements(*extras).items()
        if not re.search(r">=?", str(requirement.specifier))
    ]
    assert unbounded == []


def test_the_ranges_are_stated_once(root):
    """No other file repeats Python's or torch's range."""
    texts = {path: path.read_text() for path in [*root.glob("*.md"), *root.glob(".ci/*"), root / "Makefile"]}
    texts |= {path: path.read_text() for path in (root / "labkit").rglob("*.py")}
    for path, text in texts.items():
        assert not re.search(r"torch *>= *\d", text), f"{path} repeats torch's range"
        assert not re.search(r">= *3\.1\d, *< *3\.1\d", text), f"{path} repeats Python's range"


def test_constraints_are_versions_within_the_ranges(root):
    text = (root / "constraints.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pins = environment.read_constraints(text)
    assert len(pins) == len(lines), "names and versions only"
    for name, requirement in environment.requirements("dev").items():
        assert requirement.specifier.contains(pins[name]), (
            f"{name} {pins[name]} is outside {requirement.specifier}"
        )


def test_constraints_name_everything_that_is_pulled_in(root):
    pins = environment.read_constraints((root / "constraints.txt").read_text())
    assert set(environment.pins()) <= set(pins)


def test_a_lack_is_named(monkeypatch):
    monkeypatch.setattr(environment, "installed", lambda name: {"torch": "1.0.0"}.get(name, "999"))
    assert f"torch 1.0.0 is outside {environment.requirements()['torch'].specifier}" in environment.lacking()
    monkeypatch.setattr(environment, "installed", lambda name: None)
    assert any(line.startswith("numpy is not installed") for line in environment.lacking())
