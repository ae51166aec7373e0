"""The small trained closed loops that ship with the lab, for the picture.

labkit run spacetime --scale class --seed 0 --seed 1 --seed 2
python -m labkit.state_space.spacetime.experiment.shipped results/spacetime/class-cpu
"""

import sys
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from labkit import checkpoint, paths
from labkit.datasets import Missing
from labkit.experiment import Result
from labkit.state_space.spacetime.experiment.loops import TRAINED, make
from labkit.state_space.spacetime.experiment.settings import SpaceTimeSettings

PREFIX = "sinusoid_loops/weights/"
LOOPS = TRAINED[:2]


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "spacetime.safetensors"


def ship(result: Result) -> Path:
    """Write the first seed's closed loops of a Result.

    Raises ValueError where the Result's scale trained none.
    """
    kept = {name.removeprefix(PREFIX): v for name, v in result.tensors.items() if name.startswith(PREFIX)}
    if not kept:
        raise ValueError(f"the Result at scale {result.scale} has no closed loops")
    about = {"settings": result.settings, "seed": result.seeds[0], "device": result.device_name}
    return checkpoint.save(file(), kept, about)


@lru_cache(maxsize=1)
def _stored() -> tuple[dict, dict]:
    if not file().is_file():
        raise Missing(
            "the trained closed loops of spacetime are not here; they ship with the lab (data/models)"
        )
    return checkpoint.load(file())


def settings() -> SpaceTimeSettings:
    """The settings that they were trained with. Raises Missing, or ValueError for a damaged file."""
    return SpaceTimeSettings(**_stored()[1]["settings"])


@lru_cache(maxsize=4)
def trained(name: str) -> nn.Module:
    """The closed loop of that name, in eval mode on the CPU. Raises ValueError for another name, and Missing."""
    if name not in LOOPS:
        raise ValueError(f"name must be one of {', '.join(LOOPS)}; got {name!r}")
    weights = {k.removeprefix(f"{name}/"): v for k, v in _stored()[0].items() if k.startswith(f"{name}/")}
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        model = make(name, settings().sinusoids)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


if __name__ == "__main__":
    print(ship(Result.load(sys.argv[1])))
