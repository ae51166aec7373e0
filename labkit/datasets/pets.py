"""Oxford-IIIT Pet: photographs of 37 breeds of cats and dogs, from its two official archives."""

import tarfile
from pathlib import PurePosixPath

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.registry import dataset

_LISTS = {"train": "annotations/trainval.txt", "test": "annotations/test.txt"}


def pets(
    split: str = "train", size: int = 224, limit: int | None = None
) -> tuple[Float[Tensor, "n 3 size size"], Int[Tensor, " n"], tuple[str, ...]]:
    """The photographs in [0, 1], squared to `size` pixels, their breeds (from 0) and the breeds' names.

    Args:
        split: "train" (the official trainval list, 3,680) or "test" (3,669).
        size: the shorter side is resized to it (bilinear) and the centre is cut out.
        limit: at most so many, evenly over the list.

    Raises:
        Missing: an archive is not here; says how to fetch it. ValueError: an unknown split, a size below 8,
        another file.
    """
    from PIL import Image

    if split not in _LISTS:
        raise ValueError(f"unknown split: {split!r}; choose from {', '.join(_LISTS)}")
    if size < 8:
        raise ValueError(f"size must be at least 8; got {size}")
    wanted = _read_list(split)
    names = {label: PurePosixPath(name).name.rsplit("_", 1)[0] for name, label in wanted}
    if limit is not None:
        wanted = [
            wanted[i] for i in np.linspace(0, len(wanted) - 1, min(limit, len(wanted))).round().astype(int)
        ]
    place = {f"images/{name}.jpg": i for i, (name, _) in enumerate(wanted)}
    pixels = torch.zeros(len(wanted), 3, size, size, device="cpu")
    found = set()
    with tarfile.open(dataset("pets-images").path()) as archive:
        for member in archive:
            if member.name not in place:
                continue
            image = Image.open(archive.extractfile(member)).convert("RGB")
            scale = size / min(image.size)
            width, height = (max(size, round(side * scale)) for side in image.size)
            left, top = (width - size) // 2, (height - size) // 2
            image = image.resize((width, height), Image.Resampling.BILINEAR)
            image = image.crop((left, top, left + size, top + size))
            pixels[place[member.name]] = torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255
            found.add(member.name)
    if len(found) < len(place):
        raise ValueError(f"the archive of images lacks {sorted(set(place) - found)[0]}")
    labels = torch.tensor([label for _, label in wanted], dtype=torch.long, device="cpu")
    return pixels, labels, tuple(names[label] for label in sorted(names))


def _read_list(split: str) -> list[tuple[str, int]]:
    """(image, breed from 0) of each line `Name_12 class species breed`."""
    path = dataset("pets-annotations").path()
    with tarfile.open(path) as archive:
        try:
            text = archive.extractfile(_LISTS[split]).read().decode()
        except KeyError:
            raise ValueError(f"{path} has no {_LISTS[split]}: it is not the official archive") from None
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    bad = next((row for row in rows if len(row) != 4 or not row[1].isdigit()), None)
    if bad is not None:
        raise ValueError(f"{_LISTS[split]}: {' '.join(bad)!r} is no line `name class species breed`")
    return [(name, int(label) - 1) for name, label, _, _ in rows]
