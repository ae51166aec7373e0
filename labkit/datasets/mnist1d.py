"""MNIST-1D: forty numbers a sample, ten classes, from its published pickle."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.pickled import read_pickle
from labkit.datasets.registry import dataset


def mnist1d(split: str = "train") -> tuple[Float[Tensor, "n 40"], Int[Tensor, " n"]]:
    """MNIST-1D's signals of 40 samples and their labels; "train" (4,000) or "test" (1,000).

    Raises:
        Missing: the file is not here; says where it is from. ValueError: an unknown split, or another file.
    """
    if split not in ("train", "test"):
        raise ValueError(f"unknown split: {split!r}; choose from train, test")
    path = dataset("mnist1d").path()
    found = read_pickle(path.read_bytes(), path.name)
    x, y = ("x", "y") if split == "train" else ("x_test", "y_test")
    if x not in found or y not in found:
        raise ValueError(f"{path} should hold {x} and {y}; it has {', '.join(map(str, found))}")
    signals = torch.as_tensor(found[x], dtype=torch.float32, device="cpu")
    return signals, torch.as_tensor(found[y], dtype=torch.long, device="cpu")
