"""The three scales of an experiment."""

from typing import Literal, get_args

Scale = Literal["smoke", "class", "paper"]
SCALES: tuple[str, ...] = get_args(Scale)

MEANING = {
    "smoke": "seconds: does it run, and does the effect show?",
    "class": "minutes on a laptop: a lesson's worth of evidence, over several seeds",
    "paper": "the paper's own configuration: real data and GPUs",
}


def check_scale(scale: str) -> str:
    """Return the scale, or raise a ValueError that lists the choices."""
    if scale not in SCALES:
        raise ValueError(f"unknown scale: {scale!r}; choose from {', '.join(SCALES)}")
    return scale
