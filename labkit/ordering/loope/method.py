"""LOOPE (Chowdhury, Rahman, Taki 2025): the patch order X = X_G + X_C behind a sinusoidal position embedding.

X_G is the rank of each patch on a space-filling curve (static, from 1; 0 is the class token), X_C in (-1, 1) a small
offset that a CNN reads off the image. The patches stay in raster order: each receives the sinusoid at its own X.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.nn.vit.parts import check_patch
from labkit.ordering.curves import check_rank, patch_order

Layout = Literal["interleaved", "concat"]

# The three published forms of the context network disagree; the reference code's is the default. The
# supplement says nothing of the coordinates: they are the code's here.
CONTEXT_VARIANTS: dict[str, dict] = {
    "code": {"activation": "gelu", "squash": "sigmoid", "coordinates": "unit", "bias": False},
    "supplement": {"activation": "relu", "squash": "sigmoid", "coordinates": "unit", "bias": True},
    "text": {"activation": "gelu", "squash": "tanh", "coordinates": "index", "bias": True},
}
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"gelu": nn.GELU, "relu": nn.ReLU, "tanh": nn.Tanh}


def frequencies(dim: int, base: float = 1e4, *, device=None, dtype=None) -> Float[Tensor, " half"]:
    """w_k = base^(-2k / dim) for k < dim / 2.

    Raises:
        ValueError: `dim` is odd or not positive, or `base` is not positive.
    """
    if dim < 2 or dim % 2:
        raise ValueError(f"dim must be even and positive; got {dim}")
    if base <= 0:
        raise ValueError(f"base must be positive; got {base}")
    # w_k = base^(-2k/D)
    k = torch.arange(dim // 2, device=device, dtype=dtype or torch.float32)
    return torch.exp(-math.log(base) * 2 * k / dim)


def sinusoid(
    positions: Float[Tensor, "*batch"],
    dim: int,
    base: float = 1e4,
    layout: Layout = "interleaved",
    w: Float[Tensor, " half"] | None = None,
) -> Float[Tensor, "*batch {dim}"]:
    """The sinusoidal embedding of real positions: <E(p), E(q)> = sum_k cos((p - q) w_k).

    Args:
        layout: "interleaved": E[2k] = sin, E[2k+1] = cos (the reference code); "concat": all sines, then all
            cosines (the paper's text): the same channels in another order.
        w: frequencies instead of base^(-2k / dim).

    Raises:
        ValueError: an odd `dim`, an unknown layout, or not dim / 2 frequencies.
    """
    if layout not in ("interleaved", "concat"):
        raise ValueError(f"layout must be 'interleaved' or 'concat'; got {layout!r}")
    w = (
        frequencies(dim, base, device=positions.device, dtype=positions.dtype)
        if w is None
        else w.to(positions)
    )
    if dim % 2 or len(w) != dim // 2:
        raise ValueError(
            f"dim must be even, with dim / 2 frequencies; got dim={dim} and {len(w)} frequencies"
        )
    # E[2k] = sin(X w_k), E[2k+1] = cos(X w_k)
    phase = positions[..., None] * w
    if layout == "concat":
        return torch.cat([phase.sin(), phase.cos()], dim=-1)
    return torch.stack([phase.sin(), phase.cos()], dim=-1).flatten(-2)


def squash(u: Tensor, kind: Literal["sigmoid", "tanh"] = "sigmoid") -> Tensor:
    """To (-1, 1): 2 sigmoid(u) - 1, which is tanh(u / 2) (code and supplement), or tanh(u) (text).

    Raises:
        ValueError: an unknown kind.
    """
    if kind not in ("sigmoid", "tanh"):
        raise ValueError(f"squash must be 'sigmoid' or 'tanh'; got {kind!r}")
    return 2 * u.sigmoid() - 1 if kind == "sigmoid" else u.tanh()


class ContextBias(nn.Module):
    """The context network: an image to one offset X_C in (-1, 1) for every patch, in raster order.

    Image and two coordinate maps (row, column) -> conv P x P, stride P, to 32 -> conv 5 x 5 to 16, 8, 4, 1 ->
    batch norm of the one channel -> linear N -> N -> squash. An activation stands behind every convolution.

    Args:
        grid: (rows, columns) of patches. patch: P, in pixels.
        activation: "gelu", "relu" or "tanh". squash: "sigmoid" for 2 sigmoid(u) - 1, or "tanh".
        coordinates: "unit": linspace(-1, 1); "index": 0, 1, 2, ... in pixels.
        bias: whether the linear map has a bias. See CONTEXT_VARIANTS for what is published.

    Raises:
        ValueError: an unknown choice; on call, an image of another size.
    """

    def __init__(
        self,
        grid: tuple[int, int],
        patch: int,
        *,
        activation: str = "gelu",
        squash: str = "sigmoid",
        coordinates: str = "unit",
        bias: bool = False,
        channels: int = 3,
    ):
        super().__init__()
        for name, value, allowed in (
            ("activation", activation, tuple(_ACTIVATIONS)),
            ("squash", squash, ("sigmoid", "tanh")),
            ("coordinates", coordinates, ("unit", "index")),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        self.grid, self.patch, self.squash = tuple(grid), patch, squash
        height, width = grid[0] * patch, grid[1] * patch
        row, column = (
            torch.linspace(-1, 1, size, device="cpu")
            if coordinates == "unit"
            else torch.arange(size, device="cpu").float()
            for size in (height, width)
        )
        maps = torch.stack([row[:, None].expand(height, width), column.expand(height, width)])
        self.register_buffer("coordinates", maps.contiguous(), persistent=False)
        act = _ACTIVATIONS[activation]
        layers: list[nn.Module] = [nn.Conv2d(channels + 2, 32, patch, stride=patch), act()]
        for before, after in ((32, 16), (16, 8), (8, 4), (4, 1)):
            layers += [nn.Conv2d(before, after, 5, padding=2), act()]
        self.convolutions = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(1)
        cells = grid[0] * grid[1]
        self.linear = nn.Linear(cells, cells, bias=bias)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch cells"]:
        """X_C of every patch."""
        check_images(images, self.grid, self.patch)
        maps = self.coordinates.to(images).expand(len(images), -1, -1, -1)
        u = self.norm(self.convolutions(torch.cat([images, maps], dim=1)))
        # X_C = 2 sigmoid(W u) - 1
        return squash(self.linear(u.flatten(1)), self.squash)


def check_images(images: Tensor, grid: tuple[int, int], patch: int) -> None:
    """Refuse images that the grid does not fit.

    Raises:
        ValueError: the sides are no multiples of the patch, or give another grid.
    """
    height, width = images.shape[-2:]
    check_patch((height, width), patch)
    found = (height // patch, width // patch)
    if found != tuple(grid):
        raise ValueError(f"expected {grid[0]}x{grid[1]} patches, got {found[0]}x{found[1]}")


class LOOPE(nn.Module):
    """The learnable order's position embedding: E(X_G + X_C), to be added to the tokens before block 1.

    Args:
        dim: the width D, even. grid: (rows, columns). patch: in pixels.
        order: a name from `labkit.ordering.curves.ORDERS`, or a rank grid of one's own.
        context: False for the static order alone (X_C = 0): the paper's Hilbert baseline.
        class_token: whether a learned row for the class token (0 at first) comes first.
        frequencies: w_k (D / 2) instead of 10000^(-2k / D).
        variant: `activation`, `squash`, `coordinates`, `bias` of ContextBias.

    Raises:
        ValueError: an odd `dim`, an unknown order, a rank grid of another size; on call, images that the grid
            does not fit.
    """

    def __init__(
        self,
        dim: int,
        grid: tuple[int, int],
        patch: int,
        *,
        order: str | Int[Tensor, "rows columns"] = "gilbert",
        context: bool = True,
        class_token: bool = True,
        frequencies: Float[Tensor, " half"] | None = None,
        base: float = 1e4,
        layout: Layout = "interleaved",
        seed: int = 0,
        **variant,
    ):
        super().__init__()
        rank = patch_order(order, *grid, seed=seed) if isinstance(order, str) else order
        check_rank(rank)
        if tuple(rank.shape) != tuple(grid):
            raise ValueError(f"order must be a grid of {grid[0]}x{grid[1]} ranks; got {tuple(rank.shape)}")
        self.dim, self.grid, self.patch, self.base, self.layout = dim, tuple(grid), patch, base, layout
        w = _frequencies(dim, base, device="cpu") if frequencies is None else frequencies
        if dim % 2 or len(w) != dim // 2:
            raise ValueError(f"frequencies must be dim / 2 numbers; got {len(w)} for dim={dim}")
        self.register_buffer("w", w.detach().clone(), persistent=False)
        # X_G counts from 1: position 0 is the class token's
        self.register_buffer("static", rank.flatten().float() + 1, persistent=False)
        self.context = ContextBias(grid, patch, **variant) if context else None
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim)) if class_token else None

    def positions(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch cells"]:
        """X = X_G + X_C of every patch, in raster order; real numbers, with a gradient to the context network."""
        check_images(images, self.grid, self.patch)
        if self.context is None:
            return self.static.expand(len(images), -1)
        return self.static + self.context(images)

    def embed(self, positions: Float[Tensor, "batch cells"]) -> Float[Tensor, "batch tokens dim"]:
        """The embedding of given positions, with the class token's row where there is one."""
        E = sinusoid(positions, self.dim, self.base, self.layout, self.w)
        if self.class_token is None:
            return E
        return torch.cat([self.class_token.expand(len(E), -1, -1), E], dim=1)

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """E(X), (B, N+1, D); (B, N, D) without class token."""
        return self.embed(self.positions(images))


_frequencies = frequencies


def swaps(positions: Float[Tensor, "*batch cells"]) -> Int[Tensor, "*batch cells"]:
    """The order that the positions make: the rank (from 0) of each patch when sorted by X.

    |X_C| < 1, so only neighbours on the curve can change places, and in disjoint pairs: the rank differs from X_G's
    by at most 1.
    """
    return positions.argsort(dim=-1, stable=True).argsort(dim=-1)
