"""Data: every data set's source, licence and checksum in one registry, and the loaders."""

from labkit.datasets.digits import Images, digits
from labkit.datasets.mnist import mnist, mnist_5k
from labkit.datasets.registry import REGISTRY, Dataset, Missing, dataset, status
from labkit.datasets.series import SERIES, Series, etth1, series

__all__ = [
    "REGISTRY",
    "SERIES",
    "Dataset",
    "Images",
    "Missing",
    "Series",
    "dataset",
    "digits",
    "etth1",
    "mnist",
    "mnist_5k",
    "series",
    "status",
]
