"""CIFAR and Oxford Pets in their official formats, from small archives that are made here."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from labkit import datasets
from labkit.datasets import REGISTRY, Missing


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


def records(n, labels, start=0):
    """Records whose red, green and blue planes are start + i, 100 and 200, each after its label bytes."""
    rows = np.zeros((n, 3, 1024), np.uint8)
    rows[:, 0] = start + np.arange(n)[:, None]
    rows[:, 1], rows[:, 2] = 100, 200
    heads = np.array(labels, np.uint8).reshape(n, -1)
    return np.concatenate([heads, rows.reshape(n, 3072)], axis=1).tobytes()


def test_cifar10(folder):
    inside = "cifar-10-batches-bin"
    members = {f"{inside}/data_batch_{i}.bin": records(2, [i, 9], 2 * i) for i in range(1, 6)}
    members[f"{inside}/test_batch.bin"] = records(3, [0, 1, 2])
    members[f"{inside}/batches.meta.txt"] = b"airplane\nbird\n\n"
    archive(folder / "cifar" / "cifar-10-binary.tar.gz", members)
    images, labels, names = datasets.cifar10("train")
    assert images.shape == (10, 3, 32, 32)
    assert labels.tolist() == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert torch.allclose(images[3], torch.tensor([5, 100, 200])[:, None, None].expand(3, 32, 32) / 255)
    assert names == ("airplane", "bird")
    assert len(datasets.cifar10("test")[0]) == 3
    with pytest.raises(ValueError, match="unknown split: 'x'; choose from train, test"):
        datasets.cifar10("x")


def test_cifar100_has_fine_labels(folder):
    # a record's first byte is the coarse label, its second the fine one
    members = {
        "cifar-100-binary/train.bin": records(2, [[1, 7], [19, 99]]),
        "cifar-100-binary/test.bin": records(1, [[0, 3]]),
        "cifar-100-binary/fine_label_names.txt": b"apple\n",
    }
    archive(folder / "cifar" / "cifar-100-binary.tar.gz", members)
    assert datasets.cifar100("train")[1].tolist() == [7, 99]
    assert datasets.cifar100("test")[2] == ("apple",)


def test_another_archive_is_refused(folder):
    archive(folder / "cifar" / "cifar-10-binary.tar.gz", {"other": b"x"})
    with pytest.raises(ValueError, match="it is not the official binary archive"):
        datasets.cifar10()
    cut = {
        "cifar-100-binary/train.bin": records(2, [[1, 2], [3, 4]])[:-5],
        "cifar-100-binary/fine_label_names.txt": b"",
    }
    archive(folder / "cifar" / "cifar-100-binary.tar.gz", cut)
    with pytest.raises(ValueError, match="should hold records of 3074 bytes; it has 6143"):
        datasets.cifar100()


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


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "pets"])
def test_what_is_absent_says_where_it_is_from(name, tmp_path, monkeypatch):
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr("labkit.paths.downloads", lambda: tmp_path)
    with pytest.raises(Missing, match="is not on this machine; fetch it with: labkit data fetch"):
        getattr(datasets, name)()
