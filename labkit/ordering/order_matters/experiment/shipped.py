"""The small trained networks that ship with the lab, for the pictures.

labkit run order_matters --scale class --seed 3 --seed 4 --seed 5
python -m labkit.ordering.order_matters.experiment.shipped results/order_matters/class-cpu
"""

import sys
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from labkit import checkpoint, paths
from labkit.datasets import Missing
from labkit.experiment import Result
from labkit.ordering.order_matters.experiment.settings import OrderSettings, Sorter
from labkit.ordering.order_matters.experiment.sorting import build
from labkit.ordering.order_matters.method import ReadProcessWrite, SetLanguageModel

SORTERS = {("Ptr-Net", glimpses): Sorter(encoder="lstm", glimpses=glimpses) for glimpses in (0, 1)} | {
    (f"P = {p}", glimpses): Sorter(steps=p, glimpses=glimpses) for p in (0, 1, 5, 10) for glimpses in (0, 1)
}
GRAMS = ("natural", "bad", "hard")
PREFERENCES = ("hard", "max at once")


def file() -> Path:
    """Where they are kept."""
    return paths.shipped() / "models" / "order_matters.safetensors"


def ship(result: Result) -> Path:
    """Write the first seed's networks of a Result in half precision, and the scores of all seeds."""
    prefixes = tuple(f"sorting/weights/5-{name}-{glimpses}/" for name, glimpses in SORTERS)
    kept = {
        name: value
        for name, value in result.tensors.items()
        if name.startswith((*prefixes, *(f"grams/weights/{name}/" for name in GRAMS), "grams/preferences/"))
    }
    for prefix in (*prefixes, *(f"grams/weights/{name}/" for name in GRAMS)):
        if not any(name.startswith(prefix) for name in kept):
            raise ValueError(f"the Result at scale {result.scale} has no weights {prefix}")
    table = result.metrics
    accuracy = table[(table["stage"] == "sorting") & (table["metric"] == "accuracy")]
    nll = table[table["metric"] == "nll"]
    columns = ["variables", "samples", "peakiness", "order"]
    about = {
        "settings": result.settings,
        "seeds": list(result.seeds),
        "device": result.device_name,
        "accuracy": _means(accuracy, ["model", "n", "glimpses"]),
        "nll": _means(nll, columns),
        "perplexity": _means(table[table["metric"] == "perplexity"], ["model", "of"]),
    }
    half = {name: v.half() if v.is_floating_point() else v for name, v in kept.items()}
    return checkpoint.save(file(), half, about)


def _means(rows, columns: list[str]) -> dict[str, list]:
    return rows.groupby(columns, sort=False)["value"].mean().round(4).reset_index().to_dict(orient="list")


@lru_cache(maxsize=1)
def _stored() -> tuple[dict, dict]:
    if not file().is_file():
        raise Missing(
            "the trained networks of order_matters are not here; they ship with the lab (data/models)"
        )
    return checkpoint.load(file())


def about() -> dict:
    """Settings, seeds and scores of the run that they come from.

    Raises:
        Missing: the file is not here. ValueError: it is damaged.
    """
    return _stored()[1]


def preferences(name: str) -> Tensor:
    """Mean share of each of the 120 orders at moments of a training (moments, 120), lexicographic.

    Raises:
        ValueError: not one of `hard`, `max at once`.
    """
    if name not in PREFERENCES:
        raise ValueError(f"name: {name!r}; choose from {', '.join(PREFERENCES)}")
    return _stored()[0][f"grams/preferences/{name}"].float()


@lru_cache(maxsize=16)
def sorter(name: str, glimpses: int) -> ReadProcessWrite:
    """A network that sorts five numbers, in eval mode on the CPU.

    Raises:
        ValueError: there is none of this name. Missing: the file is not here.
    """
    if (name, glimpses) not in SORTERS:
        raise ValueError(f"name: no sorter {name!r} with {glimpses} glimpses")
    settings = OrderSettings(**about()["settings"])
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(0)
        model = build(SORTERS[name, glimpses], settings.d)
    return _filled(model, f"sorting/weights/5-{name}-{glimpses}/")


def fresh_sorter(name: str, glimpses: int) -> ReadProcessWrite:
    """The same network before training."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(0)
        model = build(SORTERS[name, glimpses], 32)
    return model.eval().requires_grad_(False)


@lru_cache(maxsize=4)
def grams_model(name: str) -> SetLanguageModel:
    """A model of five-grams as sets, in eval mode on the CPU."""
    if name not in GRAMS:
        raise ValueError(f"name: {name!r}; choose from {', '.join(GRAMS)}")
    settings = OrderSettings(**about()["settings"])
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        model = SetLanguageModel(5 * settings.symbols, settings.d_sets)
    return _filled(model, f"grams/weights/{name}/")


def _filled(model, prefix: str):
    state = {k.removeprefix(prefix): v.float() for k, v in _stored()[0].items() if k.startswith(prefix)}
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


if __name__ == "__main__":
    print(ship(Result.load(sys.argv[1])))
