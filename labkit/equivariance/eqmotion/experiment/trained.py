"""The models that ship with the lab, for the pictures: how they were trained, and how to load them.

`python -m labkit.equivariance.eqmotion.experiment.trained` trains them anew and writes data/models/eqmotion.safetensors
(about two minutes of one core): EqMotion, PlainGNN and LSTM on springs, EqMotion with labels for the graph, and
EqMotion with 20 heads on a generated crowd.
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from labkit import checkpoint, paths
from labkit.datasets.pedestrians import crowd, focal_samples
from labkit.equivariance.eqmotion.experiment import worlds
from labkit.equivariance.eqmotion.experiment.settings import PRESETS, Task
from labkit.equivariance.eqmotion.experiment.training import World, baseline, eqmotion, train
from labkit.experiment import Run
from labkit.experiment.progress import silent

SPRINGS = PRESETS["class"].graph.model_copy(update={"steps": 600, "rate": 2e-3})
CROWD = PRESETS["class"].pedestrians.model_copy(update={"steps": 250})
MODELS: dict[str, Task] = {
    "EqMotion": SPRINGS,
    "PlainGNN": SPRINGS,
    "LSTM": SPRINGS,
    "EqMotion with labels": SPRINGS,
    "crowd": CROWD,
}
_DATA_STREAM = 77  # other scenes than the experiment's


def default_file() -> Path:
    """Where the weights ship."""
    return paths.shipped() / "models" / "eqmotion.safetensors"


def build(name: str) -> nn.Module:
    """An untrained model of that name.

    Raises:
        ValueError: an unknown name.
    """
    if name not in MODELS:
        raise ValueError(f"no trained model {name!r}; choose from {', '.join(MODELS)}")
    return baseline(name, SPRINGS) if name in ("PlainGNN", "LSTM") else eqmotion(MODELS[name])


@lru_cache(maxsize=1)
def _stored() -> dict[str, Tensor]:
    return checkpoint.load(default_file())[0]


@lru_cache(maxsize=8)
def trained(name: str) -> nn.Module:
    """The shipped model of that name, in evaluation mode.

    Raises:
        ValueError: there is none. FileNotFoundError: the file is not there.
    """
    model = build(name)
    start = f"{name}/"
    model.load_state_dict(
        {key.removeprefix(start): value.float() for key, value in _stored().items() if key.startswith(start)}
    )
    return model.eval().requires_grad_(False)


def train_all(to: Path | None = None) -> Path:
    """Train every model on the CPU with seed 0 and store the weights as float16 in one safetensors file."""
    run = Run("trained", "class", torch.device("cpu"), 0)
    springs = worlds.springs(SPRINGS, SPRINGS.train, run.generator(_DATA_STREAM))
    walks = focal_samples(list(crowd(240, run.generator(_DATA_STREAM), CROWD.agents)), CROWD.agents)
    stored: dict[str, Tensor] = {}
    for name, task in MODELS.items():
        world = World(walks.positions, None, walks.present) if name == "crowd" else springs
        weight = 0.1 if name.endswith("labels") else 0.0
        model, history = train(lambda name=name: build(name), task, world, run, name, silent, weight)
        print(f"{name}: loss {sum(history.losses[-20:]) / 20:.4f}", flush=True)
        stored |= {f"{name}/{key}": value.half() for key, value in model.state_dict().items()}
    about = {"paper": "eqmotion", "seed": 0, "springs": SPRINGS.model_dump(), "crowd": CROWD.model_dump()}
    return checkpoint.save(to or default_file(), stored, about)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"Stored in {train_all()}")
