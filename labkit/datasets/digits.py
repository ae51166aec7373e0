"""Handwritten digits of 8 x 8 pixels, with scikit-learn."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.registry import dataset


@dataclass(frozen=True)
class Images:
    """Images with their classes, split; on the CPU.

    Attributes:
        train, test: (n, 8, 8) in [0, 1]. train_labels, test_labels: (n,) from 0 to 9.
    """

    train: Float[Tensor, "train 8 8"]
    train_labels: Int[Tensor, " train"]
    test: Float[Tensor, "test 8 8"]
    test_labels: Int[Tensor, " test"]


def digits(test: int = 360) -> Images:
    """The 1,797 digits, shuffled once and for all, the last `test` held out.

    Raises:
        Missing: the package lacks the file. ValueError: it was altered.
    """
    table = np.loadtxt(dataset("digits").path(), delimiter=",", dtype=np.int64)
    order = torch.randperm(
        len(table), generator=torch.Generator(device="cpu").manual_seed(0), device="cpu"
    ).numpy()
    table = torch.from_numpy(table[order])
    images, labels = (table[:, :64].float() / 16).view(-1, 8, 8), table[:, 64]
    return Images(images[:-test], labels[:-test], images[-test:], labels[-test:])
