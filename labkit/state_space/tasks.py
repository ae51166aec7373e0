"""Data for the theme's experiments: remembering white noise, digits read one pixel at a time, and tokens to be copied
or looked up."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.state_space.signals import white_signal

__all__ = [
    "Digits",
    "delay_task",
    "delayed",
    "induction_heads",
    "reconstruct_task",
    "selective_copying",
    "sequential_digits",
    "white_signal",
]


def delayed(u: Float[Tensor, "batch length"], lag: int) -> Float[Tensor, "batch length"]:
    """u shifted `lag` steps later, with zeros before it. Raises ValueError unless 0 <= lag <= length."""
    if not 0 <= lag <= u.shape[1]:
        raise ValueError(f"lag must lie between 0 and the length {u.shape[1]}; got {lag}")
    return torch.nn.functional.pad(u, (lag, 0))[:, : u.shape[1]]


def delay_task(
    batch: int,
    length: int,
    lag: int,
    dt: float | int,
    freq: float | int,
    rms: float | int = 0.5,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> tuple[Float[Tensor, "batch length 1"], Float[Tensor, "batch length 1"]]:
    """(input, target): white noise up to `freq` Hz at steps of `dt` seconds, and the same `lag` steps later.

    The paper's configuration is length 4000, lag 1000, dt 2.5e-4, freq 1000 (How to Train Your HiPPO,
    section 4.1). Raises as `white_signal` and `delayed` do, and for a length below 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    u = white_signal(length * dt, dt, freq, rms, batch, generator, dtype, device)[:, :length]
    return u[..., None], delayed(u, lag)[..., None]


def reconstruct_task(
    batch: int,
    length: int,
    memory: int,
    dt: float | int,
    freq: float | int,
    rms: float | int = 0.5,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> tuple[Float[Tensor, "batch length 1"], Float[Tensor, "batch memory"]]:
    """(input, target): white noise, and its last `memory` samples, all to be read from the final state.

    The paper's configuration is length 4000, memory 1000, dt 1e-3, freq 100. Raises ValueError unless
    1 <= memory <= length, and as `white_signal` does.
    """
    if not 1 <= memory <= length:
        raise ValueError(f"memory must lie between 1 and the length {length}; got {memory}")
    u = white_signal(length * dt, dt, freq, rms, batch, generator, dtype, device)[:, :length]
    return u[..., None], u[:, -memory:]


class Digits(NamedTuple):
    """Handwritten digits as sequences of pixels in [0, 1], row by row, with their labels."""

    train: Float[Tensor, "train length 1"]
    train_labels: Int[Tensor, " train"]
    test: Float[Tensor, "test length 1"]
    test_labels: Int[Tensor, " test"]


def sequential_digits(
    side: int = 16,
    train: int = 1400,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Digits:
    """scikit-learn's bundled 8 x 8 digits (UCI, 1797 images), resized bilinearly to side x side, pixel by
    pixel.

    The images are shuffled with the seed before the first `train` of them are set apart for training: 1400
    and 397. Raises ValueError for side < 1 and for a split that leaves nothing on one side.
    """
    from sklearn.datasets import load_digits

    bundled = load_digits()
    if side < 1 or not 0 < train < len(bundled.target):
        raise ValueError(
            f"side must be at least 1 and train between 1 and {len(bundled.target) - 1}; "
            f"got side={side}, train={train}"
        )
    images = torch.from_numpy(bundled.images).to(device=device, dtype=dtype)[:, None] / 16
    labels = torch.from_numpy(bundled.target).to(device=device, dtype=torch.int64)
    images = torch.nn.functional.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)
    order = torch.randperm(len(labels), generator=torch.Generator("cpu").manual_seed(seed), device="cpu")
    order = order.to(labels.device)
    pixels, labels = images.flatten(1)[order, :, None], labels[order]
    return Digits(pixels[:train], labels[:train], pixels[train:], labels[train:])


def selective_copying(
    batch: int,
    length: int,
    tokens: int,
    vocab: int,
    generator: torch.Generator | None = None,
    device: torch.device | str = "cpu",
) -> tuple[Int[Tensor, "batch whole"], Int[Tensor, "batch tokens"]]:
    """(input, target): `tokens` data tokens among noise, to be repeated in their order (Mamba, section 4.1.1).

    Token 0 is noise, 1 .. vocab-2 are data, vocab-1 is the marker. The data stand at random places among the first
    `length`; `tokens` markers follow, and at the k-th of them the k-th data token is wanted: the target belongs to the
    last `tokens` outputs. Where the data stand differs from sequence to sequence, so no fixed kernel can pick them.

    Raises ValueError for batch < 1, vocab < 3 and unless 1 <= tokens <= length.
    """
    if batch < 1 or vocab < 3:
        raise ValueError(f"batch must be at least 1 and vocab at least 3; got batch={batch}, vocab={vocab}")
    if not 1 <= tokens <= length:
        raise ValueError(f"tokens must lie between 1 and length={length}; got {tokens}")
    source = generator.device if generator is not None else torch.device(device)
    drawn = {"generator": generator, "device": source}
    places = torch.rand(batch, length, **drawn).argsort(-1)[:, :tokens].sort(-1).values
    data = torch.randint(1, vocab - 1, (batch, tokens), **drawn)
    x = torch.zeros(batch, length + tokens, dtype=torch.int64, device=source)
    x[:, length:] = vocab - 1
    x.scatter_(1, places, data)
    return x.to(device), data.to(device)


def induction_heads(
    batch: int,
    length: int,
    vocab: int,
    generator: torch.Generator | None = None,
    device: torch.device | str = "cpu",
) -> tuple[Int[Tensor, "batch length"], Int[Tensor, " batch"]]:
    """(input, target): random tokens with one special token inside and again at the end; wanted at the end is the token
    that followed it the first time (Mamba, section 4.1.2).

    The special token is vocab-1; the others are 0 .. vocab-2. Raises ValueError for batch < 1, vocab < 3, length < 3.
    """
    if batch < 1 or vocab < 3 or length < 3:
        raise ValueError(
            f"batch must be at least 1, vocab and length at least 3; got batch={batch}, vocab={vocab}, "
            f"length={length}"
        )
    source = generator.device if generator is not None else torch.device(device)
    drawn = {"generator": generator, "device": source}
    x = torch.randint(0, vocab - 1, (batch, length), **drawn)
    place = torch.randint(0, length - 2, (batch, 1), **drawn)
    target = x.gather(1, place + 1)[:, 0]
    x.scatter_(1, place, vocab - 1)
    x[:, -1] = vocab - 1
    return x.to(device), target.to(device)
