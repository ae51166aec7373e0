"""The forecasting split: official borders and normalisation, and windows that do not look ahead."""

import pytest
import torch

from labkit import paths
from labkit.datasets import Missing, etth1_or_generated, etth1_split, generated_split
from labkit.datasets.forecasting import PARTS, _standardised
from labkit.datasets.registry import dataset


@pytest.fixture
def split():
    return generated_split(torch.Generator().manual_seed(0))


def test_the_borders_are_the_official_ones():
    assert PARTS == {"train": (0, 8640), "validation": (8640, 11520), "test": (11520, 14400)}


def test_it_is_standardised_by_the_training_part(split):
    train = split.values[:8640]
    assert len(split.values) == 14400
    assert train.mean().abs() < 1e-9
    assert train.std(correction=0) == pytest.approx(1)
    assert split.values[8640:].mean().abs() > 1e-3


@pytest.mark.parametrize(("part", "windows"), [("train", 8640 - 336 - 96 + 1), ("test", 2880 - 96 + 1)])
def test_windows(split, part, windows):
    """All windows of a part at stride 1; a test window's past may lie in validation, its future may not."""
    past, future = split.windows(part, 336, 96)
    assert past.shape == (windows, 336)
    assert future.shape == (windows, 96)
    start = PARTS[part][0]
    first = start if part == "test" else start + 336
    assert torch.equal(future[0], split.values[first : first + 96])
    assert torch.equal(future[-1], split.values[PARTS[part][1] - 96 : PARTS[part][1]])
    assert torch.equal(past[5], split.values[first - 331 : first + 5])
    assert len(split.windows(part, 336, 96, stride=10)[0]) == -(-windows // 10)


def test_the_generator_is_repeatable(split):
    assert torch.equal(split.values, generated_split(torch.Generator().manual_seed(0)).values)
    assert not torch.equal(split.values, generated_split(torch.Generator().manual_seed(1)).values)
    day = split.values[: 24 * 350].view(-1, 24)
    assert day.mean(0).max() - day.mean(0).min() > 0.3, "it has a day in it"


def test_bad_input(split):
    with pytest.raises(ValueError, match="unknown part: 'x'; choose from train"):
        split.windows("x", 3, 3)
    with pytest.raises(ValueError, match="lag, horizon and stride must be at least 1"):
        split.windows("train", 0, 3)
    with pytest.raises(ValueError, match="lag \\+ horizon must fit into train"):
        split.windows("train", 8000, 700)
    with pytest.raises(ValueError, match="unknown column: 'x'; choose from HUFL"):
        etth1_split("x")
    with pytest.raises(ValueError, match="NaN or infinity"):
        _standardised("a series", torch.full((14400,), float("nan")))


def test_without_the_file_the_generated_one_stands_in(monkeypatch, tmp_path):
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(paths, "downloads", lambda: tmp_path)
    assert etth1_or_generated(torch.Generator().manual_seed(0)).name == "generated, of ETTh1's shape"
    with pytest.raises(Missing, match="labkit data fetch etth1"):
        etth1_split()


@pytest.mark.skipif(not dataset("etth1").present(), reason="ETTh1 is not on this machine")
def test_etth1():
    split = etth1_split()
    assert split.name == "ETTh1"
    # the oil temperature's first value, and Informer's scaler over the first 12 months
    assert split.values[0] * split.std + split.mean == pytest.approx(30.531, abs=1e-3)
    assert (split.mean, split.std) == (pytest.approx(17.1283, abs=1e-3), pytest.approx(9.1765, abs=1e-3))
    assert etth1_split("HUFL").name == "ETTh1 (HUFL)"
