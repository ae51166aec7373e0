"""What this machine has and lacks for the lab; each lack comes with the command that mends it."""

import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labkit import environment, paths
from labkit.chromium import MEND, chromium

REINSTALL = "make lab (it brings .venv up to date), or: pip install -c constraints.txt -e '.[dev]'"
ROOM = 2  # GiB that should be free for results


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: `good`; `note` for what the lab can do without; `lack` for what it cannot.
        mend: the command that mends it.
    """

    what: str
    state: Literal["good", "note", "lack"]
    says: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything."""
    found = [*_python(), *_packages()]
    if importlib.util.find_spec("torch"):
        found += _devices()
    return [*found, *_jupyter(), *_chromium(), *_data(), *_models(), *_folders()]


def _python() -> Iterator[Finding]:
    allowed, here = environment.python_range(), platform.python_version()
    if allowed.contains(here, prereleases=True):
        yield Finding("Python", "good", f"{here} (supported: {allowed}), {sys.executable}")
    else:
        yield Finding("Python", "lack", f"{here} is outside {allowed}", "make lab PYTHON=python3.12")


def _packages() -> Iterator[Finding]:
    problems = environment.lacking()
    for problem in problems:
        yield Finding("packages", "lack", problem, REINSTALL)
    if not problems:
        yield Finding(
            "packages", "good", f"all {len(environment.requirements())} are here, each within its range"
        )
    for problem in environment.lacking("dev") if not problems else []:
        yield Finding("packages for the tests", "note", problem, REINSTALL)


def _devices() -> Iterator[Finding]:
    import torch

    from labkit import device

    yield Finding(
        "torch", "good", f"{torch.__version__} (supported: {environment.requirements()['torch'].specifier})"
    )
    for name in device.available():
        yield Finding("device", "good", f"{name}, {device.describe(torch.device(name))}")
    if not torch.cuda.is_available():
        if shutil.which("nvidia-smi"):
            mend = "install torch's CUDA build for your driver: https://pytorch.org/get-started/locally"
            yield Finding("CUDA", "lack", "there is a driver, but this torch cannot use it", mend)
        else:
            yield Finding("CUDA", "note", "no CUDA device: the lab runs on the CPU")


def _jupyter() -> Iterator[Finding]:
    version = environment.installed("jupyterlab")
    if version is None:
        yield Finding("JupyterLab", "lack", "not installed", REINSTALL)
        return
    yield Finding("JupyterLab", "good", version)
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        kernel = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        kernel = ""
    if Path(kernel).name.startswith("python") and (not Path(kernel).is_absolute() or _same_python(kernel)):
        yield Finding("kernel", "good", "python3 runs with this Python")
    else:
        mend = f"{sys.executable} -m ipykernel install --sys-prefix --name python3"
        yield Finding("kernel", "lack", f"python3 is {kernel or 'not there'}, which is another Python", mend)
    widgets = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    missing = [name for name in ("anywidget", "@jupyter-widgets") if not (widgets / name).is_dir()]
    if missing:
        mend = "pip install --force-reinstall anywidget jupyterlab_widgets"
        yield Finding("widgets", "lack", f"JupyterLab lacks {', '.join(missing)}", mend)
    else:
        yield Finding("widgets", "good", "JupyterLab can show them")


def _same_python(path: str) -> bool:
    return Path(path).resolve() == Path(sys.executable).resolve()


def _chromium() -> Iterator[Finding]:
    browser = chromium()
    if browser:
        yield Finding("Chromium", "good", browser)
    else:
        yield Finding("Chromium", "note", "not found: no PNG export, and no browser tests", MEND)


def _data() -> Iterator[Finding]:
    from labkit.datasets import REGISTRY, status

    for entry in REGISTRY.values():
        state = status(entry)
        mend = REINSTALL if entry.bundled else f"labkit data fetch {entry.name}"
        if state == "present":
            yield Finding("data", "good", f"{entry.name}: {entry.title}")
        elif state == "damaged":
            yield Finding("data", "lack", f"{entry.name} is truncated or altered", mend)
        else:
            yield Finding("data", "note", f"{entry.name} is not here", mend)


def _models() -> Iterator[Finding]:
    from labkit import checkpoint

    files = sorted(paths.shipped().glob("**/*.safetensors"))
    for file in files:
        try:
            checkpoint.load(file)
            yield Finding("model", "good", file.name)
        except ValueError as error:
            yield Finding("model", "lack", str(error), f"git checkout -- {file}")
    if not files:
        yield Finding("models", "note", "this version ships none")


def _folders() -> Iterator[Finding]:
    for what, folder in (("notebooks", paths.notebooks()), ("ledger", paths.ledger())):
        if folder.is_dir():
            yield Finding(what, "good", str(folder))
        else:
            yield Finding(what, "lack", f"{folder} is missing", f"git checkout -- {folder}")
    home = paths.results() if paths.results().is_dir() else paths.results().parent
    free = shutil.disk_usage(home).free / 2**30
    if free < ROOM:
        yield Finding(
            "disk",
            "lack",
            f"only {free:.1f} GiB are free for results",
            "free some space, or set LABKIT_RESULTS",
        )
    else:
        yield Finding("disk", "good", f"{free:.0f} GiB free for results in {paths.results()}")
