"""What the lab needs and what is installed: supported ranges, their check, and the pinned versions.

    python -m labkit.environment > constraints.txt

The ranges are stated once, in `pyproject.toml`; an installed labkit carries them in its metadata.
"""

import re
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def python_range() -> SpecifierSet:
    """The Pythons that the lab supports."""
    if PYPROJECT.is_file():
        return SpecifierSet(_project()["requires-python"])
    return SpecifierSet(metadata.metadata("labkit")["Requires-Python"])


def requirements(*extras: str) -> dict[str, Requirement]:
    """The lab's direct requirements by canonical name; with the extras' (`"dev"`) when named."""
    if PYPROJECT.is_file():
        project = _project()
        lines = [*project["dependencies"], *(r for e in extras for r in project["optional-dependencies"][e])]
        found = [Requirement(line) for line in lines]
    else:
        found = [
            requirement
            for requirement in map(Requirement, metadata.requires("labkit") or [])
            if _applies(requirement, ("", *extras))
        ]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def installed(name: str) -> str | None:
    """The installed version of a package, without a build's label (`2.13.0`, not `2.13.0+cpu`)."""
    try:
        return metadata.version(name).split("+")[0]
    except metadata.PackageNotFoundError:
        return None


def lacking(*extras: str) -> list[str]:
    """What is missing or outside its range, one sentence each."""
    problems = []
    for name, requirement in requirements(*extras).items():
        version = installed(name)
        if version is None:
            problems.append(f"{requirement.name} is not installed (needs {requirement.specifier})")
        elif not requirement.specifier.contains(version, prereleases=True):
            problems.append(f"{requirement.name} {version} is outside {requirement.specifier}")
    return problems


def pins() -> dict[str, str]:
    """Everything that the lab's requirements pull in here, with its version."""
    found: dict[str, str] = {}
    seen = set()
    todo = list(requirements("dev").values())
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        extras = ("", *sorted(requirement.extras))
        version = installed(name)
        if (name, extras) in seen or version is None:
            continue
        seen.add((name, extras))
        found[name] = version
        needed = map(Requirement, metadata.requires(name) or [])
        todo += [requirement for requirement in needed if _applies(requirement, extras)]
    return dict(sorted(found.items()))


def _applies(requirement: Requirement, extras: tuple[str, ...]) -> bool:
    marker, here = requirement.marker, default_environment()
    return marker is None or any(marker.evaluate({**here, "extra": extra}) for extra in extras)


def _project() -> dict:
    import tomllib

    return tomllib.loads(PYPROJECT.read_text())["project"]


def constraints_text() -> str:
    """The contents of `constraints.txt`."""
    lines = ["# The versions that the tests passed with (make constraints). Names and versions only."]
    lines += [f"{name}=={version}" for name, version in pins().items()]
    return "\n".join(lines) + "\n"


def read_constraints(text: str) -> dict[str, str]:
    """Names and versions of a constraints file."""
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)$", text, flags=re.MULTILINE))


if __name__ == "__main__":
    print(constraints_text(), end="")
