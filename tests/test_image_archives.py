"""CIFAR, MNIST-1D and Oxford Pets in their official formats, from small archives that are made here."""

import io
import os
import pickle
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from labkit import datasets
from labkit.datasets import REGISTRY, Missing
from labkit.datasets.pickled import read_pickle


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """LABKIT_DATA in a folder of the test's own; no checksums, for what is made here is not the official file."""
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    for entry in REGISTRY.values():
        monkeypatch.setitem(REGISTRY, entry.name, type(entry)(**{**vars(entry), "sha256": None}))
    return tmp_path


def archive(path, members: dict[str, bytes]):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def batch(rows, labels, key=b"labels"):
    # protocol 2 with keys of bytes, as Python 2 wrote them
    return pickle.dumps({b"data": rows, key: labels}, protocol=2)


def colours(n, start=0):
    """Images whose red, green and blue planes are start + i, 100 and 200."""
    rows = np.zeros((n, 3, 1024), np.uint8)
    rows[:, 0] = start + np.arange(n)[:, None]
    rows[:, 1], rows[:, 2] = 100, 200
    return rows.reshape(n, 3072)


def test_cifar10(folder):
    members = {f"cifar-10-batches-py/data_batch_{i}": batch(colours(2, 2 * i), [i, 9]) for i in range(1, 6)}
    members["cifar-10-batches-py/test_batch"] = batch(colours(3), [0, 1, 2])
    members["cifar-10-batches-py/batches.meta"] = pickle.dumps(
        {b"label_names": [b"airplane", b"bird"]}, protocol=2
    )
    archive(folder / "cifar" / "cifar-10-python.tar.gz", members)
    images, labels, names = datasets.cifar10("train")
    assert images.shape == (10, 3, 32, 32)
    assert labels.tolist() == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert torch.allclose(images[3], torch.tensor([5, 100, 200])[:, None, None].expand(3, 32, 32) / 255)
    assert names == ("airplane", "bird")
    assert len(datasets.cifar10("test")[0]) == 3
    with pytest.raises(ValueError, match="unknown split: 'x'; choose from train, test"):
        datasets.cifar10("x")


def test_cifar100_has_fine_labels(folder):
    members = {
        "cifar-100-python/train": batch(colours(2), [7, 99], b"fine_labels"),
        "cifar-100-python/test": batch(colours(1), [3], b"fine_labels"),
        "cifar-100-python/meta": pickle.dumps({b"fine_label_names": [b"apple"]}, protocol=2),
    }
    archive(folder / "cifar" / "cifar-100-python.tar.gz", members)
    assert datasets.cifar100("train")[1].tolist() == [7, 99]
    assert datasets.cifar100("test")[2] == ("apple",)


def test_another_archive_is_refused(folder):
    archive(folder / "cifar" / "cifar-10-python.tar.gz", {"other": b"x"})
    with pytest.raises(ValueError, match="it is not the official archive for Python"):
        datasets.cifar10()
    members = {"cifar-100-python/train": batch(np.zeros((2, 5), np.uint8), [1, 2], b"fine_labels")}
    archive(folder / "cifar" / "cifar-100-python.tar.gz", members)
    with pytest.raises(ValueError, match="rows of 3072 bytes"):
        datasets.cifar100()


def test_a_pickle_cannot_run_anything():
    class Evil:
        def __reduce__(self):
            return os.system, ("echo run",)

    with pytest.raises(ValueError, match=r"the pickle asks for posix.system"):
        read_pickle(pickle.dumps({"x": Evil()}), "evil")
    with pytest.raises(ValueError, match="truncated or no pickle"):
        read_pickle(pickle.dumps({"x": 1})[:-3], "cut")
    with pytest.raises(ValueError, match="holds a list; a dictionary"):
        read_pickle(pickle.dumps([1]), "list")


def test_mnist1d(folder):
    path = folder / "mnist1d" / "mnist1d_data.pkl"
    path.parent.mkdir()
    made = {"x": np.ones((4, 40)), "y": np.arange(4), "x_test": np.zeros((2, 40)), "y_test": np.array([5, 6])}
    path.write_bytes(pickle.dumps(made))
    x, y = datasets.mnist1d("train")
    assert x.shape == (4, 40)
    assert x.dtype == torch.float32
    assert y.tolist() == [0, 1, 2, 3]
    assert datasets.mnist1d("test")[1].tolist() == [5, 6]
    path.write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(ValueError, match="should hold x_test and y_test; it has x"):
        datasets.mnist1d("test")


def photo(width, height, colour):
    content = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(content, "JPEG", quality=95)
    return content.getvalue()


def test_pets(folder):
    lists = "#comment\nAbyssinian_1 1 1 1\nyorkshire_terrier_20 37 2 25\nAbyssinian_2 1 1 1\n"
    archive(
        folder / "pets" / "annotations.tar.gz",
        {"annotations/trainval.txt": lists.encode(), "annotations/test.txt": b"Abyssinian_9 1 1\n"},
    )
    archive(
        folder / "pets" / "images.tar.gz",
        {
            "images/yorkshire_terrier_20.jpg": photo(60, 30, (255, 0, 0)),
            "images/Abyssinian_1.jpg": photo(20, 50, (0, 0, 255)),
            "images/Abyssinian_2.jpg": photo(16, 16, (0, 255, 0)),
        },
    )
    images, labels, names = datasets.pets("train", size=16)
    assert images.shape == (3, 3, 16, 16)
    assert labels.tolist() == [0, 36, 0]
    assert names == ("Abyssinian", "yorkshire_terrier")
    assert images.mean((2, 3)).argmax(1).tolist() == [2, 0, 1]
    assert datasets.pets("train", size=16, limit=2)[1].tolist() == [0, 0]
    with pytest.raises(ValueError, match="is no line `name class species breed`"):
        datasets.pets("test")
    with pytest.raises(ValueError, match="size must be at least 8"):
        datasets.pets("train", size=4)


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "mnist1d", "pets"])
def test_what_is_absent_says_where_it_is_from(name, tmp_path, monkeypatch):
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr("labkit.paths.downloads", lambda: tmp_path)
    with pytest.raises(
        Missing, match=r"is not on this machine; (fetch it with: labkit data fetch|get it from)"
    ):
        getattr(datasets, name)()
