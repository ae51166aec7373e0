"""The three parameters that every notebook has, checked before anything runs with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Parameters:
    """How a notebook runs: `run("hippo", **settings)` takes them all.

    Attributes:
        scale: `smoke`, `class` or `paper`.
        device: where to compute.
        seed: one seed, or several.
    """

    scale: str
    device: torch.device
    seed: int | tuple[int, ...]

    def keys(self) -> tuple[str, ...]:
        """The names, so that `**settings` passes them on."""
        return ("scale", "device", "seed")

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def parameters(*, scale: Any = "smoke", device: Any = "auto", seed: Any = 0) -> Parameters:
    """A notebook's parameters, checked.

    Raises:
        ValueError: one is of the wrong type or value; names it and says what is allowed.
    """
    from labkit import device as devices
    from labkit.experiment.scale import SCALES

    if not isinstance(scale, str) or scale not in SCALES:
        raise ValueError(f"the parameter scale is {scale!r}; choose from {', '.join(SCALES)}")
    if not isinstance(device, str):
        raise ValueError(f'the parameter device is {device!r}; give a name such as "auto", "cpu" or "cuda"')
    return Parameters(scale, devices.resolve(device), _seed(seed))


def _seed(seed: Any) -> int | tuple[int, ...]:
    several = tuple(seed) if isinstance(seed, list | tuple) else (seed,)
    whole = all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in several)
    if not several or not whole or len(set(several)) < len(several):
        raise ValueError(
            f"the parameter seed is {seed!r}; give a whole number from 0, or a list of them, all different"
        )
    return several if isinstance(seed, list | tuple) else seed
