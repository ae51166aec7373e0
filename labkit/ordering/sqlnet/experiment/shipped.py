"""The small trained models that ship with the lab, for the pictures.

labkit run sqlnet --scale class --seed 0 --seed 1 --seed 2
python -m labkit.ordering.sqlnet.experiment.shipped results/sqlnet/class-cpu
"""

import sys
from functools import lru_cache
from pathlib import Path

import torch

from labkit import checkpoint, paths
from labkit.datasets import Missing
from labkit.experiment import Result
from labkit.ordering.sqlnet.baseline import Seq2SQL
from labkit.ordering.sqlnet.data import HashedEmbedding
from labkit.ordering.sqlnet.experiment.sequences import make as make_sequence
from labkit.ordering.sqlnet.experiment.settings import SQLNetSettings
from labkit.ordering.sqlnet.experiment.sketch import make as make_sketch
from labkit.ordering.sqlnet.method import SQLNet

PREFIXES = (
    "sketch/weights/",
    "one_reading/weights/",
    "sequences/weights/schema/",
    "sequences/weights/random/",
)


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "sqlnet.safetensors"


def ship(result: Result) -> Path:
    """Write the first seed's models of a Result, in half precision, with the errors of all seeds.

    Raises:
        ValueError: the Result lacks one of the models.
    """
    kept = {name: value.half() for name, value in result.tensors.items() if name.startswith(PREFIXES)}
    for prefix in PREFIXES:
        if not any(name.startswith(prefix) for name in kept):
            raise ValueError(f"the Result at scale {result.scale} has no weights of {prefix}")
    table = result.metrics
    rows = table[table["metric"] == "errors"]
    means = rows.groupby(["model", "domains", "slot", "conditions"], sort=False)["value"].mean().round(4)
    about = {
        "settings": result.settings,
        "seeds": list(result.seeds),
        "device": result.device_name,
        "errors": means.reset_index().to_dict(orient="list"),
    }
    return checkpoint.save(file(), kept, about)


@lru_cache(maxsize=1)
def _stored() -> tuple[dict, dict]:
    if not file().is_file():
        raise Missing("the trained models of sqlnet are not here; they ship with the lab (data/models)")
    return checkpoint.load(file())


def about() -> dict:
    """The settings that they were trained with, and the errors of every model. Raises Missing."""
    return _stored()[1]


def _settings() -> SQLNetSettings:
    return SQLNetSettings(**about()["settings"])


def _load(model, prefix: str):
    state = {k.removeprefix(prefix): v.float() for k, v in _stored()[0].items() if k.startswith(prefix)}
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


@lru_cache(maxsize=2)
def trained(column_attention: bool = True) -> SQLNet:
    """SQLNet in eval mode on the CPU; without column attention it has select, number and columns. Raises Missing."""
    settings = _settings()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        model = make_sketch(settings, HashedEmbedding(settings.dim), column_attention)
    return _load(model, PREFIXES[0] if column_attention else PREFIXES[1])


@lru_cache(maxsize=2)
def trained_sequence(order: str) -> Seq2SQL:
    """The sequence decoder taught in `schema` or `random` order. Raises ValueError for another order, and Missing."""
    if order not in ("schema", "random"):
        raise ValueError(f"order must be schema or random; got {order!r}")
    settings = _settings()
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        model = make_sequence(settings, HashedEmbedding(settings.dim), order)
    return _load(model, f"sequences/weights/{order}/")


if __name__ == "__main__":
    print(ship(Result.load(sys.argv[1])))
