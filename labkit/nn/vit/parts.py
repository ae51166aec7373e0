"""What the vision transformers are built of: patches, stochastic depth, the pre-norm block, hooks for positions."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.attention import MultiHeadAttention


class Patches(nn.Module):
    """Cut images into patches and map each to `dim` numbers; patches come in raster order.

    Raises:
        ValueError: height or width is no multiple of the patch (on call: also images of another size).
    """

    def __init__(self, size: tuple[int, int], patch: int, dim: int, channels: int = 3):
        super().__init__()
        check_patch(size, patch)
        self.size = size
        self.grid = (size[0] // patch, size[1] // patch)
        self.project = nn.Conv2d(channels, dim, patch, stride=patch)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch n dim"]:
        if tuple(images.shape[-2:]) != self.size:
            wanted, got = (" x ".join(map(str, pair)) for pair in (self.size, images.shape[-2:]))
            raise ValueError(f"images must be {wanted} pixels; got {got}")
        return self.project(images).flatten(2).transpose(1, 2)


def check_patch(size: tuple[int, int], patch: int) -> None:
    """Refuse an image that is no whole number of patches.

    Raises:
        ValueError: names height, width and patch.
    """
    height, width = size
    if patch < 1 or height % patch or width % patch:
        raise ValueError(
            f"height and width must be multiples of the patch; got height={height}, width={width}, patch={patch}"
        )


class DropPath(nn.Module):
    """Stochastic depth: in training, drop a residual branch for a sample with probability `rate`."""

    def __init__(self, rate: float = 0.0):
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return x
        keep = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device, dtype=x.dtype) >= self.rate
        return x * keep / (1 - self.rate)


def mlp(dim: int, ratio: float) -> nn.Sequential:
    """Linear, GELU, linear."""
    hidden = round(dim * ratio)
    return nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim))


class Scale(nn.Module):
    """LayerScale (CaiT): a learned factor for each channel of a residual branch, small at first."""

    def __init__(self, dim: int, start: float | None):
        super().__init__()
        self.gamma = None if start is None else nn.Parameter(torch.full((dim,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x if self.gamma is None else x * self.gamma


class Block(nn.Module):
    """A pre-norm transformer block: x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(
        self,
        dim: int,
        heads: int,
        mlp_ratio: float = 4.0,
        *,
        drop_path: float = 0.0,
        talking: bool = False,
        layer_scale: float | None = None,
    ):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, heads, talking=talking)
        self.mlp = mlp(dim, mlp_ratio)
        self.drop = DropPath(drop_path)
        self.scale1, self.scale2 = Scale(dim, layer_scale), Scale(dim, layer_scale)

    def forward(self, x: Float[Tensor, "batch n dim"], **options) -> Float[Tensor, "batch n dim"]:
        x = x + self.drop(self.scale1(self.attention(self.norm1(x), **options)))
        return x + self.drop(self.scale2(self.mlp(self.norm2(x))))


def hooks(positional: nn.Module | None) -> tuple[dict, Callable[[int, Tensor], Tensor]]:
    """What a positional module wants of the attention, and what it does behind a block."""
    bias = getattr(positional, "attention_bias", None)
    bias = bias() if bias is not None else None
    rotate = positional.rotate if getattr(positional, "rotates", False) else None
    after = getattr(positional, "after_block", None) or (lambda index, tokens: tokens)
    return {"bias": bias, "rotate": rotate}, after


def initialise(module: nn.Module) -> None:
    """ViT's initialisation (Dosovitskiy et al., the published code): Xavier uniform weights, biases 0.

    Its deviation, sqrt(2 / (fan_in + fan_out)), follows the width. DeiT's fixed 0.02 is made for width 768: at
    width 48 it leaves the attention flat, and a training of 500 steps ends below where this one is after 300.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def rates(drop_path: float, depth: int) -> list[float]:
    """The drop rate of each block: rising linearly from 0."""
    return [drop_path * i / max(1, depth - 1) for i in range(depth)]
