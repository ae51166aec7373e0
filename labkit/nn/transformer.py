"""A causal Transformer that runs in parallel over a sequence, or step by step with a cache of keys and values."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.nn.attention import MultiHeadAttention

POSITIONS = ("rotary", "sinusoidal", "none")
NORMS = {"rms": nn.RMSNorm, "layer": nn.LayerNorm}


class KVCache(NamedTuple):
    """The keys and values of the steps so far, in buffers made for `max_length` steps.

    A step writes into the buffers in place: a cache that has been stepped on must not be used again.
    """

    keys: Tensor  # (batch, heads, max_length, dim / heads)
    values: Tensor  # the same shape
    length: int  # steps held


def angles(
    positions: Int[Tensor, " length"], width: int, base: float, dtype: torch.dtype
) -> tuple[Float[Tensor, "length half"], Float[Tensor, "length half"]]:
    """cos and sin of position * base^{-2 i / width} for i < width / 2."""
    i = torch.arange(width // 2, dtype=torch.float64, device=positions.device)
    angle = positions.to(torch.float64)[:, None] * base ** (-2 * i / width)
    return angle.cos().to(dtype), angle.sin().to(dtype)


def turn(
    x: Float[Tensor, "batch heads length d"],
    cosine: Float[Tensor, "length half"],
    sine: Float[Tensor, "length half"],
) -> Float[Tensor, "batch heads length d"]:
    """Rotary positions (RoFormer, section 3.2.2): the pair (x_i, x_{i + d/2}) turns by its position's angle.

    The product of a turned query and a turned key depends on the distance of their positions alone.
    """
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cosine - b * sine, a * sine + b * cosine], dim=-1)


class TransformerBlock(nn.Module):
    """A causal pre-norm block: x + attention(norm(x)), then x + mlp(norm(x)) with GELU.

    dim, heads     width, a multiple of heads; rotary positions also need an even dim / heads
    mlp_ratio      the MLP's hidden width over dim
    norm           "rms" (RMSNorm) or "layer" (LayerNorm), eps 1e-5
    dropout        on the output of both branches, in training

    Raises ValueError for heads that do not divide dim, an unknown norm, and mlp_ratio <= 0.
    """

    def __init__(
        self,
        dim: int,
        heads: int = 4,
        mlp_ratio: float | int = 4.0,
        norm: str = "rms",
        dropout: float | int = 0.0,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}; got {norm!r}")
        if not mlp_ratio > 0:
            raise ValueError(f"mlp_ratio must be positive; got {mlp_ratio}")
        place = {"dtype": dtype, "device": device}
        self.attention = MultiHeadAttention(dim, heads, **place)
        self.norm1, self.norm2 = (NORMS[norm](dim, eps=1e-5, **place) for _ in range(2))
        hidden = round(dim * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(dim, hidden, **place), nn.GELU(), nn.Linear(hidden, dim, **place))
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "batch length dim"],
        cache: KVCache | None = None,
        rotation: tuple[Tensor, Tensor] | None = None,
        causal: bool = True,
    ) -> tuple[Float[Tensor, "batch length dim"], KVCache | None]:
        """(output, cache with these steps added). `rotation` holds cos and sin of the steps' positions."""
        q, k, v = self.attention.project(*[self.norm1(x)] * 2)
        if rotation is not None:
            q, k = turn(q, *rotation), turn(k, *rotation)
        length = q.shape[2]
        before = 0
        if cache is not None:
            before, after = cache.length, cache.length + length
            cache.keys[:, :, before:after], cache.values[:, :, before:after] = k, v
            k, v = cache.keys[:, :, :after], cache.values[:, :, :after]
            cache = cache._replace(length=after)
        mask = None
        if length > 1 and before:
            # query i stands at position before + i, and sees that position and all earlier ones
            mask = torch.ones(length, before + length, dtype=torch.bool, device=x.device).tril(before)
        x = x + self.drop(
            self.attention.attend(q, k, v, mask=mask, causal=causal and length > 1 and not before)
        )
        return x + self.drop(self.mlp(self.norm2(x))), cache


class Transformer(nn.Module):
    """`depth` causal blocks and a last norm: (B, L, dim) -> (B, L, dim).

    positions    "rotary", "sinusoidal" (added to the input, "Attention Is All You Need", section 3.5) or "none"
    causal       False lets every step see all steps: for classifying, with no state and no steps
    base         the positions' largest wavelength, over 2 pi

    Other arguments as for `TransformerBlock`. Raises ValueError for depth < 1, unknown positions, and an odd
    width of a head with rotary positions, or odd dim with sinusoidal ones.
    """

    def __init__(
        self,
        dim: int,
        depth: int = 2,
        heads: int = 4,
        mlp_ratio: float | int = 4.0,
        positions: str = "rotary",
        norm: str = "rms",
        dropout: float | int = 0.0,
        causal: bool = True,
        base: float | int = 10_000.0,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if depth < 1:
            raise ValueError(f"depth must be at least 1; got {depth}")
        if positions not in POSITIONS:
            raise ValueError(f"positions must be one of {', '.join(POSITIONS)}; got {positions!r}")
        place = {"dtype": dtype, "device": device}
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, heads, mlp_ratio, norm, dropout, **place) for _ in range(depth)
        )
        turned = {"rotary": dim // heads, "sinusoidal": dim, "none": 0}[positions]
        if turned % 2:
            raise ValueError(
                f"{positions} positions turn pairs: their width must be even; got {turned} "
                f"(dim={dim}, heads={heads})"
            )
        self.norm = NORMS[norm](dim, eps=1e-5, **place)
        self.dim, self.heads, self.positions, self.base, self.causal = dim, heads, positions, base, causal

    def forward(
        self, x: Float[Tensor, "batch length dim"], state: list[KVCache] | None = None
    ) -> Float[Tensor, "batch length dim"] | tuple[Tensor, list[KVCache]]:
        """The output; with a state also the state after the last step, so that a prefix is read in parallel.

        Raises ValueError for another width, an empty sequence, and a state that has no room for the sequence
        or belongs to another batch.
        """
        if x.ndim != 3 or x.shape[-1] != self.dim or x.shape[1] < 1:
            raise ValueError(f"x must be (batch, length, {self.dim}) and not empty; got {tuple(x.shape)}")
        before = self._check_state(x, state)
        rotation = None
        if self.positions != "none":
            steps = torch.arange(before, before + x.shape[1], device=x.device)
            width = self.dim if self.positions == "sinusoidal" else self.dim // self.heads
            cosine, sine = angles(steps, width, self.base, x.dtype)
            if self.positions == "sinusoidal":
                x = x + torch.cat([sine, cosine], dim=-1)
            else:
                rotation = cosine, sine
        after = []
        for i, block in enumerate(self.blocks):
            x, cache = block(x, None if state is None else state[i], rotation, self.causal)
            after.append(cache)
        x = self.norm(x)
        return x if state is None else (x, after)

    def step(
        self, x: Float[Tensor, "batch dim"], state: list[KVCache]
    ) -> tuple[Float[Tensor, "batch dim"], list[KVCache]]:
        """(output, new state) for one step, which attends to all steps before it. Raises as `forward` does."""
        if x.ndim != 2 or x.shape[-1] != self.dim:
            raise ValueError(f"x must be (batch, {self.dim}) for one step; got {tuple(x.shape)}")
        y, state = self(x[:, None], state)
        return y[:, 0], state

    def default_state(self, batch: int, max_length: int) -> list[KVCache]:
        """Empty caches with room for `max_length` steps. Raises ValueError for sizes below 1, and if not causal."""
        if not self.causal:
            raise ValueError("a Transformer that sees the future has no state to step from: causal=False")
        if batch < 1 or max_length < 1:
            raise ValueError(
                f"batch and max_length must be at least 1; got batch={batch}, max_length={max_length}"
            )
        shape = (batch, self.heads, max_length, self.dim // self.heads)
        empty = self.norm.weight.detach().new_zeros
        return [KVCache(empty(shape), empty(shape), 0) for _ in self.blocks]

    def _check_state(self, x: Tensor, state: list[KVCache] | None) -> int:
        if state is None:
            return 0
        batch, room, held = state[0].keys.shape[0], state[0].keys.shape[2], state[0].length
        if len(state) != len(self.blocks) or batch != len(x):
            raise ValueError(
                f"state must hold {len(self.blocks)} caches for a batch of {len(x)}; "
                f"got {len(state)} for a batch of {batch}"
            )
        if held + x.shape[1] > room:
            raise ValueError(
                f"the state has room for {room} steps and holds {held}: {x.shape[1]} more do not fit; "
                f"make it with a larger max_length"
            )
        return held
