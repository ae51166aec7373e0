"""CIFAR-10 and CIFAR-100 from their authors' binary archives."""

import tarfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.registry import dataset

PIXELS = 3 * 32 * 32
_PARTS = {
    ("cifar-10", "train"): tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
    ("cifar-10", "test"): ("cifar-10-batches-bin/test_batch.bin",),
    ("cifar-100", "train"): ("cifar-100-binary/train.bin",),
    ("cifar-100", "test"): ("cifar-100-binary/test.bin",),
}
_NAMES = {
    "cifar-10": "cifar-10-batches-bin/batches.meta.txt",
    "cifar-100": "cifar-100-binary/fine_label_names.txt",
}
_LABELS = {
    "cifar-10": 1,
    "cifar-100": 2,
}  # bytes of labels before each image; the last one is the (fine) label


def cifar10(split: str = "train") -> tuple[Float[Tensor, "n 3 32 32"], Int[Tensor, " n"], tuple[str, ...]]:
    """CIFAR-10's colour images in [0, 1], their labels and the classes' names; "train" (50,000) or "test" (10,000).

    Raises:
        Missing: the archive is not here; says how to fetch it. ValueError: an unknown split, or another archive.
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
    path, heads = dataset(name).path(), _LABELS[name]
    record = heads + PIXELS
    found = _members(path, (*_PARTS[name, split], _NAMES[name]))
    rows = []
    for part in _PARTS[name, split]:
        values = np.frombuffer(found[part], np.uint8)
        if values.size == 0 or values.size % record:
            raise ValueError(
                f"{path}: {part} should hold records of {record} bytes; it has {values.size} bytes"
            )
        rows.append(values.reshape(-1, record))
    table = np.concatenate(rows)
    # after the labels: 1024 red, 1024 green, 1024 blue, row by row
    pixels = torch.from_numpy(table[:, heads:].copy()).view(-1, 3, 32, 32).float() / 255
    labels = torch.from_numpy(table[:, heads - 1].astype(np.int64))
    return pixels, labels, tuple(found[_NAMES[name]].decode().split())


def _members(path: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        found = {m.name: archive.extractfile(m).read() for m in archive if m.isfile() and m.name in names}
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{path} has no {missing[0]}: it is not the official binary archive")
    return found
