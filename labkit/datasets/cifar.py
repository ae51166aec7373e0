"""CIFAR-10 and CIFAR-100 from their official archives of Python pickles."""

import tarfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.pickled import read_pickle
from labkit.datasets.registry import dataset

_PARTS = {
    ("cifar-10", "train"): tuple(f"cifar-10-batches-py/data_batch_{i}" for i in range(1, 6)),
    ("cifar-10", "test"): ("cifar-10-batches-py/test_batch",),
    ("cifar-100", "train"): ("cifar-100-python/train",),
    ("cifar-100", "test"): ("cifar-100-python/test",),
}
_LABELS = {"cifar-10": "labels", "cifar-100": "fine_labels"}
_NAMES = {
    "cifar-10": ("cifar-10-batches-py/batches.meta", "label_names"),
    "cifar-100": ("cifar-100-python/meta", "fine_label_names"),
}


def cifar10(split: str = "train") -> tuple[Float[Tensor, "n 3 32 32"], Int[Tensor, " n"], tuple[str, ...]]:
    """CIFAR-10's colour images in [0, 1], their labels and the ten classes' names; "train" (50,000) or "test" (10,000).

    Raises:
        Missing: the archive is not here; says how to fetch it. ValueError: an unknown split, or an altered archive.
    """
    return _load("cifar-10", split)


def cifar100(split: str = "train") -> tuple[Float[Tensor, "n 3 32 32"], Int[Tensor, " n"], tuple[str, ...]]:
    """CIFAR-100, as `cifar10`; the labels are the hundred fine ones.

    Raises:
        Missing, ValueError: as `cifar10`.
    """
    return _load("cifar-100", split)


def _load(name: str, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    if split not in ("train", "test"):
        raise ValueError(f"unknown split: {split!r}; choose from train, test")
    images, labels = [], []
    path = dataset(name).path()
    member, key = _NAMES[name]
    for part in _PARTS[name, split]:
        found = _member(path, part)
        data = np.asarray(found.get("data"))
        if data.ndim != 2 or data.shape[1] != 3072 or data.dtype != np.uint8:
            raise ValueError(
                f"{part} should hold rows of 3072 bytes; it has {data.dtype} of shape {data.shape}"
            )
        images.append(data)
        labels += list(found[_LABELS[name]])
    # each row: 1024 red, 1024 green, 1024 blue, row by row
    pixels = torch.from_numpy(np.concatenate(images)).view(-1, 3, 32, 32).float() / 255
    names = tuple(n.decode() if isinstance(n, bytes) else n for n in _member(path, member)[key])
    return pixels, torch.tensor(labels, dtype=torch.long, device="cpu"), names


@lru_cache(maxsize=1)
def _opened(path: Path, modified: int) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            member.name: archive.extractfile(member).read()
            for member in archive.getmembers()
            if member.isfile() and not member.name.endswith((".html", ".txt~", ".txt"))
        }


def _member(path: Path, name: str) -> dict:
    content = _opened(path, path.stat().st_mtime_ns).get(name)
    if content is None:
        raise ValueError(f"{path} has no {name}: it is not the official archive for Python")
    return read_pickle(content, f"{path.name}/{name}")
