"""The small trained models that ship with the lab, for the pictures: how they were trained, and how to load them.

`python -m labkit.state_space.s4_survey.experiment.trained` trains them anew, in under a minute of one
core, and writes data/models/s4_survey.safetensors.
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from labkit import checkpoint, paths
from labkit.experiment import Run
from labkit.state_space.s4_survey.experiment.settings import TokenTask
from labkit.state_space.s4_survey.experiment.token_tasks import copy_draw, train
from labkit.state_space.s4_survey.method.lineage import LineageModel, build

COPYING = TokenTask(models=("mamba", "s4d"), length=24, steps=600)


def default_file() -> Path:
    """Where the weights ship."""
    return paths.shipped() / "models" / "s4_survey.safetensors"


@lru_cache(maxsize=1)
def _stored() -> dict[str, Tensor]:
    return checkpoint.load(default_file())[0]


@lru_cache(maxsize=4)
def trained(name: str) -> LineageModel:
    """A model trained on selective copying (24 steps, 3 data tokens, vocabulary 6), in eval mode on the CPU.

    Raises:
        FileNotFoundError: the file is not there. ValueError: it is damaged, or has no such model.
    """
    if name not in COPYING.models:
        raise ValueError(f"name must be one of {', '.join(COPYING.models)}; got {name!r}")
    found = {
        key.removeprefix(f"{name}/"): value for key, value in _stored().items() if key.startswith(f"{name}/")
    }
    with torch.random.fork_rng(devices=[]):
        model = build(name, COPYING.d_model, COPYING.layers, COPYING.vocab, d_state=COPYING.d_state)
    model.load_state_dict(found)
    return model.eval()


def train_all(to: Path | None = None) -> Path:
    """Train every model on the CPU with seed 0 and store the weights in one safetensors file."""
    run = Run("trained", "class", torch.device("cpu"), 0)
    stored: dict[str, Tensor] = {}
    for name in COPYING.models:
        model = train(name, COPYING, run, copy_draw(COPYING), run.progress)
        stored |= {f"{name}/{key}": value for key, value in model.state_dict().items()}
    for row in run.rows:
        if row["metric"] == "final accuracy":
            print(f"{row['model']}: accuracy {row['value']:.3f}", flush=True)
    return checkpoint.save(
        to or default_file(), stored, {"paper": "s4_survey", "seed": 0, **COPYING.model_dump()}
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"Stored in {train_all()}")
