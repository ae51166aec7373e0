"""The small trained models that ship with the lab, for the pictures: how they were trained, and how to load them.

`python -m labkit.equivariance.fernn.experiment.trained` trains them anew and writes data/models/fernn.safetensors
(about ten minutes of one core). FERNN's weights do not depend on V, so they serve any V.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from labkit import checkpoint, paths
from labkit.datasets import digit_source
from labkit.device import seed_everything
from labkit.equivariance.fernn.experiment.settings import Task
from labkit.equivariance.fernn.experiment.training import train
from labkit.equivariance.fernn.method import (
    FlowCell,
    FlowSeq2Seq,
    GRNNPlusCell,
    PixelRNN,
    ring_velocities,
    velocity_grid,
)
from labkit.equivariance.moving_images import strip_sequences, translating_sequences
from labkit.experiment import Run

STRIP, PLANE = 24, 16
MODELS = ("RNN", "G-RNN", "FERNN", "G-RNN+")
TASKS = {
    "strips": Task(size=STRIP, hidden=16, given=6, predicted=6, steps=800, batch=32, rate=3e-3, cosine=True),
    "still": Task(
        size=STRIP, hidden=16, given=6, predicted=6, steps=300, batch=16, rate=3e-3, radius=0, things=1
    ),
    "planes": Task(
        size=PLANE, hidden=8, given=6, predicted=6, steps=400, batch=12, rate=3e-3, cosine=True, radius=1
    ),
}
_PLUS_RADIUS = {"strips": 2, "planes": 1}


def build(world: str, kind: str, velocities: Sequence, readout: str = "reference") -> nn.Module:
    """An untrained model of the kind for a world ("strips", "still" or "planes").

    Args:
        velocities: V for FERNN; the G-RNN has V = {0}, the G-RNN+ as many copies as V, a grid, has velocities.
    """
    task = TASKS[world]
    dims = 2 if world == "planes" else 1
    if kind == "RNN":
        return PixelRNN(1, (task.size,) * dims, 64)
    if kind == "G-RNN+":
        radius = max(abs(v[0]) for v in velocities)
        return FlowSeq2Seq(GRNNPlusCell(1, task.hidden, radius, dims=dims), readout=readout)
    chosen = [(0,) * dims] if kind == "G-RNN" else velocities
    return FlowSeq2Seq(FlowCell(1, task.hidden, chosen, dims=dims), readout=readout)


def default_file() -> Path:
    """Where the weights ship."""
    return paths.shipped() / "models" / "fernn.safetensors"


@lru_cache(maxsize=1)
def _stored() -> dict[str, Tensor]:
    return checkpoint.load(default_file())[0]


def weights(world: str, kind: str) -> dict[str, Tensor]:
    """The shipped weights of a model.

    Raises:
        FileNotFoundError: the file is not there. ValueError: it is damaged, or has no such model.
    """
    found = {
        name.removeprefix(f"{world}/{kind}/"): value.float()
        for name, value in _stored().items()
        if name.startswith(f"{world}/{kind}/")
    }
    if not found:
        known = sorted({"/".join(name.split("/")[:2]) for name in _stored()})
        raise ValueError(f"no trained model {world}/{kind}; choose from {', '.join(known)}")
    return found


def has_weights(world: str, kind: str, velocities: Sequence) -> bool:
    """Whether weights ship for this model: a G-RNN+ only has them for the V that it was trained with."""
    return kind != "G-RNN+" or list(velocities) == velocity_grid(_PLUS_RADIUS[world], len(velocities[0]))


def draws(world: str, run: Run) -> Callable[[int], Tensor]:
    """The training frames of a world, step by step."""
    task = TASKS[world]
    length = task.given + task.predicted
    source = digit_source(8, "train") if world == "planes" else None

    def draw(step: int) -> Tensor:
        generator = run.generator(step)
        if world == "planes":
            return translating_sequences(
                source, task.batch, length, task.size, task.radius, 1 + step % 2, generator=generator
            )[0]
        speeds = [0] if world == "still" else task.radius
        return strip_sequences(task.batch, length, task.size, speeds, task.things, generator=generator)[0]

    return draw


def train_all(to: Path | None = None) -> Path:
    """Train every model on the CPU with seed 0 and store the weights as float16 in one safetensors file."""
    run = Run("trained", "class", torch.device("cpu"), 0)
    stored: dict[str, Tensor] = {}
    for world, task in TASKS.items():
        kinds = ("G-RNN", "FERNN") if world == "still" else MODELS
        for kind in kinds:
            V = {
                "strips": velocity_grid(2, 1),
                "still": ring_velocities(STRIP),
                "planes": velocity_grid(1, 2),
            }[world]
            seed_everything(0)
            readout = "aligned" if (world, kind) == ("still", "FERNN") else "reference"
            model = build(world, kind, V, readout)
            history = train(model, task, draws(world, run), run, kind, run.progress)
            print(f"{world}/{kind}: loss {sum(history.losses[-20:]) / 20:.4f}", flush=True)
            stored |= {f"{world}/{kind}/{name}": value.half() for name, value in model.state_dict().items()}
    about = {"paper": "fernn", "seed": 0, "tasks": {name: task.model_dump() for name, task in TASKS.items()}}
    return checkpoint.save(to or default_file(), stored, about)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"Stored in {train_all()}")
