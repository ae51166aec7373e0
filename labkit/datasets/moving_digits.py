"""Moving digits: videos of digits that fly straight and bounce off the walls (Moving-MNIST), and stored ones."""

import math
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.datasets.image_sources import ImageSource

STEP = 0.15  # of the free range, a frame


class MovingDigits:
    """Videos of digits that bounce in a square canvas, drawn as the Moving-MNIST generator does.

    source    the digits; another split for testing, so that no digit is seen twice
    digits    how many a video
    canvas    height and width in pixels, at least the digits' size
    step      speed: the fraction of the free range (canvas - digit) that is covered in a frame

    A digit starts anywhere, in any direction. Positions live in [0, 1] of the free range: p <- p + step * (cos, sin);
    where p leaves [0, 1] it is clamped to the wall and that component of the velocity turns round. The pixel is
    int(p * free), truncated. Where digits overlap the brighter pixel wins.

    Raises ValueError for digits < 1, a canvas smaller than the digits, and a step outside (0, 1].
    """

    def __init__(self, source: ImageSource, digits: int = 1, canvas: int = 16, step: float | int = STEP):
        size = source.images.shape[-1]
        if digits < 1:
            raise ValueError(f"digits must be at least 1; got {digits}")
        if canvas < size:
            raise ValueError(f"canvas must be at least the digits' size {size}; got {canvas}")
        if not 0 < step <= 1:
            raise ValueError(f"step must lie in (0, 1]; got {step}")
        self.source, self.digits, self.canvas, self.step = source, digits, canvas, float(step)

    def paths(self, n: int, length: int, *, generator: torch.Generator) -> Float[Tensor, "n length digits 2"]:
        """Positions (x, y) in [0, 1] of the free range, frame by frame. Raises ValueError for n or length < 1."""
        if n < 1 or length < 1:
            raise ValueError(f"n and length must be at least 1; got {n}, {length}")
        shape = (n, self.digits)
        place = torch.rand(*shape, 2, generator=generator, dtype=torch.float64, device="cpu")
        angle = 2 * math.pi * torch.rand(*shape, generator=generator, dtype=torch.float64, device="cpu")
        velocity = self.step * torch.stack([angle.cos(), angle.sin()], dim=-1)
        found = []
        for _ in range(length):
            found.append(place)
            beyond = place + velocity
            place = beyond.clamp(0, 1)
            velocity = torch.where(beyond == place, velocity, -velocity)
        return torch.stack(found, dim=1)

    def sample(
        self, n: int, length: int, *, generator: torch.Generator
    ) -> tuple[Float[Tensor, "n length 1 canvas canvas"], dict[str, Tensor]]:
        """Videos in [-1, 1] on the CPU (-1 is black), and their "labels" (n, digits), "paths", and "corners": the
        pixel (x, y) of each digit's upper left corner (n, length, digits, 2).
        """
        images = self.source.images
        chosen = torch.randint(len(images), (n, self.digits), generator=generator, device="cpu")
        paths = self.paths(n, length, generator=generator)
        size = images.shape[-1]
        corners = (paths * (self.canvas - size)).to(torch.long)
        pixel = torch.arange(size, device="cpu")
        frames = torch.zeros(n, length, self.canvas, self.canvas, device="cpu")
        batch = torch.arange(n, device="cpu")[:, None, None, None]
        time = torch.arange(length, device="cpu")[None, :, None, None]
        for digit in range(self.digits):
            x = corners[:, :, digit, 0, None, None] + pixel[None, None, None, :]
            y = corners[:, :, digit, 1, None, None] + pixel[None, None, :, None]
            drawn = images[chosen[:, digit]][:, None]
            frames[batch, time, y, x] = torch.maximum(frames[batch, time, y, x], drawn)
        return to_signed(frames[:, :, None]), {
            "labels": self.source.labels[chosen],
            "paths": paths,
            "corners": corners,
        }


def to_signed(frames: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Pixels from [0, 1] to the [-1, 1] that the models read."""
    return 2 * frames - 1


def to_unit(frames: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Pixels from [-1, 1] to [0, 1], clamped: for metrics and for the eye."""
    return ((frames + 1) / 2).clamp(0, 1)


def read_videos(path: str | Path) -> tuple[Float[Tensor, "n length 1 H W"], Int[Tensor, " n"] | None]:
    """Stored videos of bytes, an .npz with the key `data` (n, T, H, W) or (n, T, H, W, 1), in [-1, 1]; and `labels`.

    Raises:
        FileNotFoundError: there is no such file. ValueError: it has no `data` of bytes in that shape.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"no videos at {path}")
    with np.load(path, allow_pickle=False) as archive:
        found, labels = archive.get("data"), archive.get("labels")
    if found is not None and found.ndim == 5 and found.shape[-1] == 1:
        found = found[..., 0]
    if found is None or found.ndim != 4 or found.dtype != np.uint8:
        said = "no such key" if found is None else f"{found.dtype} of shape {found.shape}"
        raise ValueError(f"{path} should hold `data`, bytes of shape (n, T, H, W[, 1]); got {said}")
    frames = to_signed(torch.from_numpy(found.astype(np.float32) / 255)[:, :, None])
    return frames, None if labels is None else torch.from_numpy(labels.astype(np.int64))
