"""The small trained networks that ship with the lab, for the pictures.

labkit run loope --scale class --seed 0 --seed 1 --seed 2
python -m labkit.ordering.loope.experiment.shipped results/loope/class-cpu
"""

import sys
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from labkit import checkpoint, paths
from labkit.datasets import Missing
from labkit.experiment import Result
from labkit.ordering.loope.experiment.models import build
from labkit.ordering.loope.experiment.settings import LoopeSettings
from labkit.ordering.loope.three_cell import LABELS

EMBEDDINGS = ("none", "sinusoid", "gilbert", "loope", "sinusoid2d_sum", "sinusoid2d_concat", "rpe")


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "loope.safetensors"


def ship(result: Result) -> Path:
    """Write the first seed's networks of a Result, in half precision, with the learning curves of all seeds.

    Raises:
        ValueError: the Result's scale has not all the networks, or they are too large to have been kept.
    """
    kept = {
        name: value
        for name, value in result.tensors.items()
        if name.startswith(("digits/weights/", *(f"three_cells/weights/{pe}/" for pe in EMBEDDINGS)))
    }
    missing = [pe for pe in EMBEDDINGS if not any(f"three_cells/weights/{pe}/" in name for name in kept)]
    if missing:
        raise ValueError(f"the Result at scale {result.scale} has no weights of {', '.join(missing)}")
    table = result.metrics
    rows = table[(table["stage"] == "three_cells") & (table["metric"] == "accuracy")]
    means = rows.groupby(["host", "pe", "score", "step"])["value"].mean().round(4).reset_index()
    about = {
        "settings": result.settings,
        "seeds": list(result.seeds),
        "device": result.device_name,
        "curves": means.to_dict(orient="list"),
    }
    half = {name: v.half() if v.is_floating_point() else v for name, v in kept.items()}
    return checkpoint.save(file(), half, about)


@lru_cache(maxsize=1)
def _stored() -> tuple[dict, dict]:
    if not file().is_file():
        raise Missing("the trained networks of loope are not here; they ship with the lab (data/models)")
    return checkpoint.load(file())


def about() -> dict:
    """The settings that they were trained with, and the learning curves.

    Raises:
        Missing: the file is not here. ValueError: it is damaged.
    """
    return _stored()[1]


@lru_cache(maxsize=16)
def trained(pe: str, *, digits: bool = False, fresh: bool = False) -> nn.Module:
    """The network with that embedding, in eval mode on the CPU.

    Args:
        digits: the one for digits (LOOPE only) instead of the one for three cells.
        fresh: as it was before training (its random weights, by seed 0).

    Raises:
        ValueError: there is none with this embedding. Missing: the file is not here.
    """
    settings = LoopeSettings(**about()["settings"])
    if digits:
        task, host, grid, outputs = settings.digits, settings.digits.host, 8 // settings.digits.patch, 10
    else:
        task, host, grid = settings.three_cell, settings.three_cell.hosts["ViT"], settings.three_cell.grid
        outputs = len(LABELS)
    prefix = f"{'digits' if digits else 'three_cells'}/weights/{pe}/"
    state = {k.removeprefix(prefix): v for k, v in _stored()[0].items() if k.startswith(prefix)}
    if not state:
        raise ValueError(f"pe: no trained network with {pe!r}; choose from {', '.join(EMBEDDINGS)}")
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(0)
        model = build(host, pe, grid, task.patch, outputs)
    if not fresh:
        model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    return model.eval().requires_grad_(False)


if __name__ == "__main__":
    print(ship(Result.load(sys.argv[1])))
