"""Jamba: a few attention layers among Mamba layers, and experts in place of every second MLP (Lieber et al. 2024)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.grouped_attention import GroupedQueryAttention
from labkit.nn.moe import SparseMoE, SwiGLU
from labkit.state_space.mamba import MambaBlock


def layers_block_type(n: int, attn_period: int = 8, attn_offset: int = 4) -> list[str]:
    """Which mixer each of n layers has: attention where i mod attn_period = attn_offset, Mamba elsewhere.

    attn_period 0 means no attention at all. Raises ValueError for n < 1 and unless 0 <= attn_offset < attn_period.
    """
    _check_layout(n, "attn", attn_period, attn_offset)
    return ["attention" if attn_period and i % attn_period == attn_offset else "mamba" for i in range(n)]


def layers_num_experts(
    n: int, experts: int = 16, expert_period: int = 2, expert_offset: int = 1
) -> list[int]:
    """How many experts each of n layers has; 1 is a plain MLP. expert_period 0 means no experts at all.

    Raises ValueError for n < 1, experts < 1 and unless 0 <= expert_offset < expert_period.
    """
    _check_layout(n, "expert", expert_period, expert_offset)
    if experts < 1:
        raise ValueError(f"experts must be at least 1; got {experts}")
    return [experts if expert_period and i % expert_period == expert_offset else 1 for i in range(n)]


def _check_layout(n: int, name: str, period: int, offset: int) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}")
    if period < 0 or offset < 0 or (period and offset >= period):
        raise ValueError(
            f"{name}_offset must lie between 0 and {name}_period - 1; got offset {offset}, period {period}"
        )


class JambaBlock(nn.Module):
    """x + mixer(norm(x)), then x + mlp(norm(x)): one layer of Jamba.

    mixer      "mamba" (with RMSNorm on Delta, B and C inside) or "attention" (grouped queries, no positions)
    experts    1: a SwiGLU MLP; more: a `SparseMoE`, whose shares are not made to sum to 1
    hidden     the MLP's or each expert's hidden width
    """

    def __init__(
        self,
        dim: int,
        mixer: str = "mamba",
        experts: int = 1,
        top_k: int = 2,
        hidden: int | None = None,
        heads: int = 4,
        kv_heads: int = 1,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if mixer not in ("mamba", "attention"):
            raise ValueError(f"mixer must be mamba or attention; got {mixer!r}")
        place = {"dtype": dtype, "device": device}
        hidden = 2 * dim if hidden is None else hidden
        if mixer == "mamba":
            self.mixer = MambaBlock(dim, d_state, d_conv, expand, inner_norm=True, **place)
        else:
            self.mixer = GroupedQueryAttention(dim, heads, kv_heads, **place)
        if experts > 1:
            self.mlp = SparseMoE(dim, hidden, experts, top_k, **place)
        else:
            self.mlp = SwiGLU(dim, hidden, **place)
        self.norm1, self.norm2 = (nn.RMSNorm(dim, eps=1e-6, **place) for _ in range(2))

    def forward(self, x: Float[Tensor, "batch length dim"], state=None) -> Tensor | tuple[Tensor, object]:
        """The output; with a state also the mixer's state after the last step."""
        if state is None:
            x = x + self.mixer(self.norm1(x))
        else:
            y, state = self.mixer(self.norm1(x), state)
            x = x + y
        x = x + self.mlp(self.norm2(x))
        return x if state is None else (x, state)

    def step(self, x: Float[Tensor, "batch dim"], state) -> tuple[Float[Tensor, "batch dim"], object]:
        """(output, new state) for one step."""
        y, state = self.mixer.step(self.norm1(x), state)
        x = x + y
        return x + self.mlp(self.norm2(x)), state

    def default_state(self, batch: int, max_length: int | None = None):
        """The mixer's state before the first step."""
        return self.mixer.default_state(batch, max_length)


class Jamba(nn.Module):
    """`depth` blocks laid out by the two rules above, and a last norm: (B, L, dim) -> (B, L, dim).

    The published size: dim 4096, depth 32, 16 experts, 32 heads, 8 kv_heads, hidden 14336, period 8, offset 4.
    Here a teaching size: dim 64, depth 8, 4 experts. Raises ValueError as the rules and the parts do.
    """

    def __init__(
        self,
        dim: int,
        depth: int = 8,
        attn_period: int = 8,
        attn_offset: int = 4,
        experts: int = 4,
        top_k: int = 2,
        expert_period: int = 2,
        expert_offset: int = 1,
        hidden: int | None = None,
        heads: int = 4,
        kv_heads: int = 1,
        d_state: int = 16,
        d_conv: int = 4,
        expand: int = 2,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        mixers = layers_block_type(depth, attn_period, attn_offset)
        numbers = layers_num_experts(depth, experts, expert_period, expert_offset)
        sizes = (hidden, heads, kv_heads, d_state, d_conv, expand, dtype, device)
        self.blocks = nn.ModuleList(
            JambaBlock(dim, mixer, number, top_k, *sizes)
            for mixer, number in zip(mixers, numbers, strict=True)
        )
        self.norm = nn.RMSNorm(dim, eps=1e-6, dtype=dtype, device=device)
        self.mixers, self.dim = mixers, dim

    def forward(
        self, x: Float[Tensor, "batch length dim"], state: list | None = None
    ) -> Float[Tensor, "batch length dim"] | tuple[Tensor, list]:
        """The output; with a state also the state after the last step."""
        after = []
        for i, block in enumerate(self.blocks):
            if state is None:
                x = block(x)
            else:
                x, one = block(x, state[i])
                after.append(one)
        x = self.norm(x)
        return x if state is None else (x, after)

    def step(self, x: Float[Tensor, "batch dim"], state: list) -> tuple[Float[Tensor, "batch dim"], list]:
        """(output, new state) for one step."""
        after = []
        for block, one in zip(self.blocks, state, strict=True):
            x, one = block.step(x, one)
            after.append(one)
        return self.norm(x), after

    def default_state(self, batch: int, max_length: int = 1) -> list:
        """Each block's state: a cache with room for `max_length` steps where there is attention."""
        return [block.default_state(batch, max_length) for block in self.blocks]

    def balance_loss(self) -> Float[Tensor, ""]:
        """The sum over layers of the routers' balance losses in the last forward pass; 0 without experts."""
        found = [b.mlp.routing.balance for b in self.blocks if isinstance(b.mlp, SparseMoE) and b.mlp.routing]
        return torch.stack(found).sum() if found else self.norm.weight.new_zeros(())

    def expert_loads(self) -> list[Float[Tensor, " experts"]]:
        """The load of each layer's experts in the last forward pass."""
        return [b.mlp.routing.load for b in self.blocks if isinstance(b.mlp, SparseMoE) and b.mlp.routing]

    def active_parameters(self) -> int:
        """Parameters that one token meets: of the experts only top_k."""
        count = sum(p.numel() for p in self.parameters())
        for block in self.blocks:
            if isinstance(block.mlp, SparseMoE):
                one = sum(p.numel() for p in block.mlp.experts[0].parameters())
                count -= (len(block.mlp.experts) - block.mlp.router.top_k) * one
        return count


def jamba_sizes(
    dim: int = 4096,
    depth: int = 32,
    attn_period: int = 8,
    attn_offset: int = 4,
    experts: int = 16,
    top_k: int = 2,
    hidden: int = 14336,
    heads: int = 32,
    kv_heads: int = 8,
    d_state: int = 16,
    vocab: int = 65536,
) -> dict[str, int]:
    """{total, active, cache}: parameters, those that a token meets, and bytes of the cache a token (16 bits a number).

    From the layout alone, with the published Jamba's sizes as defaults; nothing is built. Embedding and head are
    separate. Raises ValueError as the layout rules do, and unless 1 <= top_k <= experts.
    """
    if not 1 <= top_k <= experts:
        raise ValueError(f"1 <= top_k <= experts is required; got top_k={top_k}, experts={experts}")
    width, inner, rank = dim // heads, 2 * dim, math.ceil(dim / 16)
    attention = 2 * dim**2 + 2 * dim * kv_heads * width
    mamba = (
        3 * dim * inner
        + inner * (2 * rank + 2 * d_state)
        + inner * (4 + 1 + 1 + d_state + 1)
        + rank
        + 2 * d_state
    )
    total = active = 2 * vocab * dim + dim
    mixers = layers_block_type(depth, attn_period, attn_offset)
    for mixer, number in zip(mixers, layers_num_experts(depth, experts), strict=True):
        rest = (attention if mixer == "attention" else mamba) + 2 * dim + (number > 1) * number * dim
        total += rest + number * 3 * dim * hidden
        active += rest + min(number, top_k) * 3 * dim * hidden
    return {"total": total, "active": active, "cache": mixers.count("attention") * 2 * kv_heads * width * 2}
