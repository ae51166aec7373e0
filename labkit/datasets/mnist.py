"""MNIST from its official IDX files, and the 5,000 of its digits that a package brings along."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.registry import dataset


def read_idx(path: str | Path) -> np.ndarray:
    """The array of unsigned bytes in an IDX file, gzipped or not.

    Raises:
        ValueError: it is no IDX file of bytes, or is truncated.
    """
    raw = Path(path).read_bytes()
    try:
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError) as error:
        raise ValueError(f"{path} is truncated or no gzip file ({error})") from error
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of unsigned bytes: it begins with {content[:4].hex()!r}")
    shape = tuple(np.frombuffer(content, ">u4", count=content[3], offset=4).tolist())
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])
    if values.size != int(np.prod(shape)):
        raise ValueError(
            f"{path} is truncated: it holds {values.size} bytes of the {int(np.prod(shape))} of {shape}"
        )
    return values.reshape(shape)


def mnist(split: str = "test") -> tuple[Float[Tensor, "n 28 28"], Int[Tensor, " n"]]:
    """MNIST's images in [0, 1] and their labels, on the CPU; `split` is "train" (60,000) or "test" (10,000).

    Raises:
        Missing: the files are not here; says how to fetch them. ValueError: an unknown split, or an altered file.
    """
    if split not in ("train", "test"):
        raise ValueError(f"unknown split: {split!r}; choose from train, test")
    images = read_idx(dataset(f"mnist-{split}-images").path())
    labels = read_idx(dataset(f"mnist-{split}-labels").path())
    pixels = torch.from_numpy(images.astype(np.float32) / 255)
    return pixels, torch.from_numpy(labels.astype(np.int64))


def mnist_5k(split: str = "test") -> tuple[Float[Tensor, "n 28 28"], Int[Tensor, " n"]]:
    """5,000 of MNIST's digits, in [0, 1], and their labels, on the CPU: they need no download.

    The lab's own split, "train" or "test": of each digit's 500, the first 400 or the last 100, mixed.

    Raises:
        Missing: the package lacks the file. ValueError: an unknown split, or an altered file.
    """
    if split not in ("train", "test"):
        raise ValueError(f"unknown split: {split!r}; choose from train, test")
    table = pd.read_csv(dataset("mnist-5k").path(), header=None).to_numpy()
    place = np.arange(len(table)) % 500  # the file is sorted by label
    table = table[place < 400 if split == "train" else place >= 400]
    table = table[np.random.default_rng(0).permutation(len(table))]
    pixels = torch.from_numpy(table[:, :-1].astype(np.float32) / 255)
    return pixels.view(-1, 28, 28), torch.from_numpy(table[:, -1].astype(np.int64))
