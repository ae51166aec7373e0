"""Data: every data set's source, licence and checksum in one registry, and the loaders."""

from labkit.datasets.cifar import cifar10, cifar100
from labkit.datasets.digits import Images, digits
from labkit.datasets.forecasting import Split, etth1_or_generated, etth1_split, generated_split
from labkit.datasets.graphs import connected_graphs, hard_pairs, lifts
from labkit.datasets.image_sources import ImageSource, digit_source, mnist_source
from labkit.datasets.mnist import mnist, mnist_5k
from labkit.datasets.moving_digits import MovingDigits, read_videos, to_signed, to_unit
from labkit.datasets.pets import pets
from labkit.datasets.registry import REGISTRY, Dataset, Missing, dataset, status
from labkit.datasets.series import SERIES, Series, etth1, series
from labkit.datasets.surfaces import surfaces
from labkit.datasets.text import paragraphs

__all__ = [
    "REGISTRY",
    "SERIES",
    "Dataset",
    "ImageSource",
    "Images",
    "Missing",
    "MovingDigits",
    "Series",
    "Split",
    "cifar10",
    "cifar100",
    "connected_graphs",
    "dataset",
    "digit_source",
    "digits",
    "etth1",
    "etth1_or_generated",
    "etth1_split",
    "generated_split",
    "hard_pairs",
    "lifts",
    "mnist",
    "mnist_5k",
    "mnist_source",
    "paragraphs",
    "pets",
    "read_videos",
    "series",
    "status",
    "surfaces",
    "to_signed",
    "to_unit",
]
