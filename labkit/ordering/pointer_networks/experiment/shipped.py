"""The small trained networks that ship with the lab, for the pictures.

labkit run pointer_networks --scale class --seed 0 --seed 1 --seed 2
python -m labkit.ordering.pointer_networks.experiment.shipped results/pointer_networks/class-cpu
"""

import sys
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from labkit import checkpoint, paths
from labkit.datasets import Missing
from labkit.experiment import Result
from labkit.ordering.pointer_networks.experiment.settings import PointerSettings
from labkit.ordering.pointer_networks.experiment.training import build
from labkit.ordering.pointer_networks.method import PointerNetwork

NETWORKS = {
    "hull": ("hulls", "Ptr-Net, n = 5-10"),
    "hull, n = 5": ("hulls", "Ptr-Net"),
    "hull, attention": ("hulls", "+attention"),
    "hull, LSTM": ("hulls", "LSTM"),
    "delaunay": ("triangulations", "Ptr-Net"),
    "tsp": ("tours", "from optimal"),
    "tsp, n = 5": ("tours", "Ptr-Net"),
}
PLATEAU = "hulls/moments/Ptr-Net", "hulls/points/Ptr-Net"


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "pointer_networks.safetensors"


def ship(result: Result) -> Path:
    """Write the first seed's networks of a Result in half precision, and the scores of all seeds."""
    kept = {name: result.tensors[name] for name in PLATEAU}
    for stage, method in NETWORKS.values():
        prefix = f"{stage}/weights/{method}/"
        found = {name: value for name, value in result.tensors.items() if name.startswith(prefix)}
        if not found:
            raise ValueError(f"the Result at scale {result.scale} has no weights of {method}")
        kept.update(found)
    table = result.metrics
    scores = table[(table["metric"] != "loss") & (table["stage"] != "")]
    columns = ["stage", "metric", "method", "n", "constraint"]
    means = scores[scores["constraint"].notna()].groupby(columns)["value"].mean().round(4).reset_index()
    losses = table[(table["metric"] == "loss") & (table["method"] == "Ptr-Net") & (table["stage"] == "hulls")]
    first = losses[losses["seed"] == result.seeds[0]]
    about = {
        "settings": result.settings,
        "seeds": list(result.seeds),
        "device": result.device_name,
        "scores": {k: [None if v != v else v for v in vs] for k, vs in means.to_dict(orient="list").items()},
        "losses": {"step": first["step"].astype(int).tolist(), "value": first["value"].round(4).tolist()},
    }
    half = {name: v.half() if v.is_floating_point() and "weights" in name else v for name, v in kept.items()}
    return checkpoint.save(file(), half, about)


@lru_cache(maxsize=1)
def _stored() -> tuple[dict, dict]:
    if not file().is_file():
        raise Missing("the trained pointer networks are not here; they ship with the lab (data/models)")
    return checkpoint.load(file())


def about() -> dict:
    """Settings, seeds, scores and the loss curve of the run that they come from.

    Raises:
        Missing: the file is not here. ValueError: it is damaged.
    """
    return _stored()[1]


def plateau() -> tuple[Tensor, Tensor]:
    """Answers (moments, instances, length; padded with -1) to fixed points (instances, n, 2) during a training."""
    return tuple(_stored()[0][name] for name in PLATEAU)


@lru_cache(maxsize=16)
def trained(name: str) -> PointerNetwork:
    """The network of that name, in eval mode on the CPU.

    Raises:
        ValueError: there is none of this name. Missing: the file is not here.
    """
    if name not in NETWORKS:
        raise ValueError(f"name: no trained network {name!r}; choose from {', '.join(NETWORKS)}")
    stage, method = NETWORKS[name]
    task = getattr(PointerSettings(**about()["settings"]), stage)[method]
    prefix = f"{stage}/weights/{method}/"
    state = {k.removeprefix(prefix): v.float() for k, v in _stored()[0].items() if k.startswith(prefix)}
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        model = build(task)
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


if __name__ == "__main__":
    print(ship(Result.load(sys.argv[1])))
