"""The n-body models that ship with the lab, for the pictures: how they were trained, and how to load them.

`python -m labkit.equivariance.frame_averaging.experiment.trained` trains them anew and writes
data/models/frame_averaging.safetensors (about a minute of one core).
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from labkit import checkpoint, paths
from labkit.equivariance.frame_averaging.experiment.nbody import MODELS, train, trajectories
from labkit.equivariance.frame_averaging.experiment.settings import PRESETS
from labkit.experiment import Run
from labkit.experiment.progress import silent

TASK = PRESETS["class"].nbody
_DATA_STREAM = 77  # other trajectories than the experiment's


def default_file() -> Path:
    """Where the weights ship."""
    return paths.shipped() / "models" / "frame_averaging.safetensors"


@lru_cache(maxsize=1)
def _stored() -> dict[str, Tensor]:
    return checkpoint.load(default_file())[0]


@lru_cache(maxsize=8)
def trained(name: str) -> nn.Module:
    """The shipped model of that name: linear, GNN, EGNN or FA-GNN.

    Raises:
        ValueError: there is none. FileNotFoundError: the file is not there.
    """
    if name not in MODELS:
        raise ValueError(f"no trained model {name!r}; choose from {', '.join(MODELS)}")
    weights = {
        key.removeprefix(f"{name}/"): value.float()
        for key, value in _stored().items()
        if key.startswith(f"{name}/")
    }
    model = MODELS[name](TASK)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False)


def train_all(to: Path | None = None) -> Path:
    """Train every model on the CPU with seed 0 and store the weights as float16 in one safetensors file."""
    run = Run("trained", "class", torch.device("cpu"), 0)
    data = trajectories(TASK, TASK.train, run.generator(_DATA_STREAM))
    stored: dict[str, Tensor] = {}
    for name in MODELS:
        model, history = train(name, TASK, data, run, silent)
        print(f"{name}: loss {sum(history.losses[-20:]) / 20:.4f}", flush=True)
        stored |= {f"{name}/{key}": value.half() for key, value in model.state_dict().items()}
    about = {"paper": "frame_averaging", "seed": 0, "task": TASK.model_dump()}
    return checkpoint.save(to or default_file(), stored, about)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"Stored in {train_all()}")
