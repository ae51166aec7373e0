"""The baselines, one class each, all called alike: `pe(images)` is what is added to the tokens.

`pe.attention_bias()`, `pe.rotate(q, k)` and `pe.after_block(index, tokens)` are the other ways to say where a patch is.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.ordering.curves import ORDERS
from labkit.ordering.loope.method import LOOPE, check_images, frequencies, sinusoid


class Positional(nn.Module):
    """No positions at all; the others override what they need.

    Args:
        dim: the width. grid: (rows, columns). patch: in pixels.
        class_token: whether the first token is the class token.
    """

    rotates = False

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, *, class_token: bool = True):
        super().__init__()
        self.dim, self.grid, self.patch, self.has_class = dim, tuple(grid), patch, class_token

    @property
    def tokens(self) -> int:
        """How many tokens there are, the class token included."""
        return self.grid[0] * self.grid[1] + self.has_class

    def embedding(self) -> Float[Tensor, "tokens dim"] | None:
        """What is added to the tokens of every image; None for nothing."""
        return None

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "1 tokens dim"]:
        check_images(images, self.grid, self.patch)
        found = self.embedding()
        return images.new_zeros(1, self.tokens, self.dim) if found is None else found[None]

    def attention_bias(self) -> Float[Tensor, "heads tokens tokens"] | None:
        """Added to the attention's logits in every block; None for nothing."""
        return None

    def rotate(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """Applied to queries and keys (batch, heads, tokens, d) in every block."""
        return q, k

    def after_block(self, index: int, tokens: Tensor) -> Tensor:
        """Applied to the tokens behind block `index`."""
        return tokens

    def _with_class(self, patches: Float[Tensor, "cells dim"], row: Tensor) -> Tensor:
        return torch.cat([row.view(1, -1), patches]) if self.has_class else patches


class Learnable(Positional):
    """A free vector for every token, N(0, 0.02^2) at first."""

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, **options):
        super().__init__(dim, grid, patch, **options)
        self.table = nn.Parameter(torch.randn(self.tokens, dim) * 0.02)

    def embedding(self) -> Tensor:
        return self.table


def _cells(grid: tuple[int, int]) -> tuple[Tensor, Tensor]:
    cell = torch.arange(grid[0] * grid[1], device="cpu")
    return cell // grid[1], cell % grid[1]


class _Fixed(Positional):
    """A fixed table for the patches; the class token sits at position 0 (zeros where it has no position)."""

    def _register(self, patches: Tensor, row: Tensor) -> None:
        self.register_buffer("table", self._with_class(patches, row), persistent=False)

    def embedding(self) -> Tensor:
        return self.table


class Sinusoid(_Fixed):
    """The 1-D sinusoid at rank + 1 of any order, the class token at 0: raster is the usual one, Hilbert the paper's."""

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, *, order="raster", base=1e4, **options):
        super().__init__(dim, grid, patch, **options)
        rank = LOOPE(dim, grid, patch, order=order, context=False, base=base).static
        self._register(sinusoid(rank, dim, base), sinusoid(torch.zeros((), device="cpu"), dim, base))


class Sinusoid2DSum(_Fixed):
    """The paper's 2-D sinusoid: sin(x w) + sin(y w), cos(x w) + cos(y w), coordinates linspace(-1, 1).

    Symmetric: E(x, y) = E(y, x) on a square, so nobody can tell a patch from its mirror image.
    """

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, **options):
        super().__init__(dim, grid, patch, **options)
        y, x = (torch.linspace(-1, 1, n, device="cpu")[c] for n, c in zip(grid, _cells(grid), strict=True))
        self._register(sinusoid(x, dim) + sinusoid(y, dim), torch.zeros(dim, device="cpu"))


class Sinusoid2DConcat(_Fixed):
    """The field's 2-D sinusoid: half the channels for the row, half for the column, integer coordinates."""

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, **options):
        super().__init__(dim, grid, patch, **options)
        if dim % 4:
            raise ValueError(f"dim must be a multiple of 4; got {dim}")
        row, column = (c.float() for c in _cells(grid))
        patches = torch.cat([sinusoid(row, dim // 2), sinusoid(column, dim // 2)], dim=-1)
        self._register(patches, torch.zeros(dim, device="cpu"))


class Fourier(Positional):
    """Learnable Fourier features (Li et al. 2021): F = [sin, cos](p Wr^T), then Linear - GELU - Linear."""

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, *, features: int = 768, **options):
        super().__init__(dim, grid, patch, **options)
        row, column = (
            torch.linspace(-1, 1, n, device="cpu")[c] for n, c in zip(grid, _cells(grid), strict=True)
        )
        self.register_buffer("p", torch.stack([row, column], dim=1), persistent=False)
        self.Wr = nn.Parameter(torch.randn(features // 2, 2))
        self.mlp = nn.Sequential(nn.Linear(features, 32), nn.GELU(), nn.Linear(32, dim))
        self.class_row = nn.Parameter(torch.zeros(dim))

    def embedding(self) -> Tensor:
        phase = self.p @ self.Wr.T
        return self._with_class(self.mlp(torch.cat([phase.sin(), phase.cos()], dim=-1)), self.class_row)


class CPVT(Positional):
    """Conditional positions (Chu et al. 2021): a depth-wise 3 x 3 convolution of the patch grid behind block 1."""

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, **options):
        super().__init__(dim, grid, patch, **options)
        self.convolution = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def after_block(self, index: int, tokens: Float[Tensor, "batch tokens dim"]) -> Tensor:
        if index:
            return tokens
        head, patches = tokens[:, : int(self.has_class)], tokens[:, int(self.has_class) :]
        image = patches.transpose(1, 2).unflatten(2, self.grid)
        # residual; zero padding is what tells the border from the middle
        mixed = image + self.convolution(image)
        return torch.cat([head, mixed.flatten(2).transpose(1, 2)], dim=1)


class _Bias(Positional):
    def _pad(self, bias: Float[Tensor, "heads n n"]) -> Tensor:
        """Nothing is added where the class token takes part."""
        return nn.functional.pad(bias, (int(self.has_class), 0, int(self.has_class), 0))


def _offsets(grid: tuple[int, int]) -> tuple[Tensor, Tensor]:
    row, column = _cells(grid)
    return row[None] - row[:, None], column[None] - column[:, None]


class RelativeBias(_Bias):
    """A learned bias for every offset (rows, columns) and head, shared by the blocks; patch-patch pairs only."""

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, *, heads: int, **options):
        super().__init__(dim, grid, patch, **options)
        h, w = grid
        self.table = nn.Parameter(
            nn.init.trunc_normal_(torch.empty((2 * h - 1) * (2 * w - 1), heads), std=0.02)
        )
        dy, dx = _offsets(grid)
        self.register_buffer("index", (dy + h - 1) * (2 * w - 1) + dx + w - 1, persistent=False)

    def attention_bias(self) -> Tensor:
        return self._pad(self.table[self.index].permute(2, 0, 1))


def piecewise_index(x: Tensor, alpha: float, beta: float, gamma: float) -> Tensor:
    """iRPE's clipped map: round(x) for |x| <= alpha, logarithmic above, capped at beta (reached at gamma)."""
    size = x.abs().double()
    # sign(x) min(beta, alpha + ln(|x| / alpha) / ln(gamma / alpha) (beta - alpha))
    far = alpha + (size.clamp(min=alpha) / alpha).log() / math.log(gamma / alpha) * (beta - alpha)
    return (x.sign() * torch.where(size <= alpha, size.round(), far.clamp(max=beta).round())).long()


class CrossRelativeBias(_Bias):
    """iRPE, cross form (Wu et al. 2021): a table over clipped row offsets and one over column offsets, added."""

    def __init__(
        self, dim: int, grid: tuple[int, int], patch: int, *, heads: int, ratio: float = 1.9, **options
    ):
        super().__init__(dim, grid, patch, **options)
        alpha, beta, gamma = ratio, 2 * ratio, 8 * ratio
        top = round(beta)
        self.rows, self.columns = (
            nn.Parameter(nn.init.trunc_normal_(torch.empty(2 * top + 1, heads), std=0.02)) for _ in range(2)
        )
        for name, offset in zip(("row_index", "column_index"), _offsets(grid), strict=True):
            self.register_buffer(name, piecewise_index(offset, alpha, beta, gamma) + top, persistent=False)

    def attention_bias(self) -> Tensor:
        return self._pad((self.rows[self.row_index] + self.columns[self.column_index]).permute(2, 0, 1))


class RoPE2D(Positional):
    """Rotary positions in two dimensions: half of a head's channels turn with the row, half with the column.

    The class token does not turn. (Not in the paper: the lab's addition.)

    Raises:
        ValueError: the width of a head is no multiple of 4.
    """

    rotates = True

    def __init__(self, dim: int, grid: tuple[int, int], patch: int, *, heads: int, base=100.0, **options):
        super().__init__(dim, grid, patch, **options)
        if dim % (4 * heads):
            raise ValueError(f"dim must be a multiple of 4 heads; got dim={dim}, heads={heads}")
        w = frequencies(dim // heads // 2, base, device="cpu")
        row, column = (c.float() for c in _cells(grid))
        phase = torch.cat([row[:, None] * w, column[:, None] * w], dim=1)
        phase = self._with_class(phase, torch.zeros(phase.shape[1], device="cpu"))
        self.register_buffer("cosine", phase.cos(), persistent=False)
        self.register_buffer("sine", phase.sin(), persistent=False)

    def rotate(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        return self._turn(q), self._turn(k)

    def _turn(self, x: Float[Tensor, "batch heads tokens d"]) -> Tensor:
        a, b = x[..., 0::2], x[..., 1::2]
        cos, sin = self.cosine.to(x.dtype), self.sine.to(x.dtype)
        return torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(-2)


PositionalName = Literal[
    "none",
    "learnable",
    "sinusoid",
    "loope",
    "sinusoid2d_sum",
    "sinusoid2d_concat",
    "fourier",
    "cpvt",
    "rpe",
    "irpe",
    "rope2d",
]
_PLAIN: dict[str, Callable[..., nn.Module]] = {
    "none": Positional,
    "learnable": Learnable,
    "sinusoid": Sinusoid,
    "loope": LOOPE,
    "sinusoid2d_sum": Sinusoid2DSum,
    "sinusoid2d_concat": Sinusoid2DConcat,
    "fourier": Fourier,
    "cpvt": CPVT,
}
_WITH_HEADS: dict[str, Callable[..., nn.Module]] = {
    "rpe": RelativeBias,
    "irpe": CrossRelativeBias,
    "rope2d": RoPE2D,
}
POSITIONAL = (*_PLAIN, *_WITH_HEADS)


def make_positional(
    name: str, dim: int, grid: tuple[int, int], patch: int, *, heads: int = 1, **options
) -> nn.Module:
    """The positional module of that name; the name of an order gives the 1-D sinusoid along it.

    Args:
        heads: of the host, for the methods that work inside the attention. options: of the class.

    Raises:
        ValueError: an unknown name, with the choices.
    """
    if name in _WITH_HEADS:
        return _WITH_HEADS[name](dim, grid, patch, heads=heads, **options)
    if name in _PLAIN:
        return _PLAIN[name](dim, grid, patch, **options)
    if name in ORDERS:
        return Sinusoid(dim, grid, patch, order=name, **options)
    raise ValueError(
        f"unknown positional embedding: {name!r}; choose from {', '.join((*POSITIONAL, *ORDERS))}"
    )
