"""Causal attention whose query heads share fewer heads of keys and values (GQA, Ainslie et al. 2023)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.transformer import KVCache


class GroupedQueryAttention(nn.Module):
    """softmax(q k^T / sqrt(d)) v, causal, without positions and without biases.

    dim, heads   width; query heads
    kv_heads     heads of keys and values; each serves heads/kv_heads query heads. The cache shrinks by that factor

    The state is a `KVCache` with room for `max_length` steps. Raises ValueError for a dim that is no multiple of heads
    and heads that are no multiple of kv_heads.
    """

    def __init__(
        self,
        dim: int,
        heads: int = 4,
        kv_heads: int = 1,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if heads < 1 or dim % heads:
            raise ValueError(f"dim must be a multiple of heads; got dim={dim}, heads={heads}")
        if kv_heads < 1 or heads % kv_heads:
            raise ValueError(f"heads must be a multiple of kv_heads; got heads={heads}, kv_heads={kv_heads}")
        self.dim, self.heads, self.kv_heads, self.width = dim, heads, kv_heads, dim // heads
        place = {"bias": False, "dtype": dtype, "device": device}
        self.q = nn.Linear(dim, dim, **place)
        self.k = nn.Linear(dim, kv_heads * self.width, **place)
        self.v = nn.Linear(dim, kv_heads * self.width, **place)
        self.out = nn.Linear(dim, dim, **place)

    def forward(
        self, x: Float[Tensor, "batch length dim"], state: KVCache | None = None
    ) -> Float[Tensor, "batch length dim"] | tuple[Tensor, KVCache]:
        """The output; with a state also the cache with these steps added. Raises ValueError where it has no room."""
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = (part(x).unflatten(-1, (self.kv_heads, -1)).transpose(1, 2) for part in (self.k, self.v))
        before = 0
        if state is not None:
            before, after, room = state.length, state.length + x.shape[1], state.keys.shape[2]
            if after > room:
                raise ValueError(f"the state has room for {room} steps; {after} are needed")
            state.keys[:, :, before:after], state.values[:, :, before:after] = k, v
            k, v = state.keys[:, :, :after], state.values[:, :, :after]
            state = state._replace(length=after)
        groups = self.heads // self.kv_heads
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        mask = torch.ones(x.shape[1], k.shape[2], dtype=torch.bool, device=x.device).tril(before)
        y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        y = self.out(y.transpose(1, 2).flatten(2))
        return y if state is None else (y, state)

    def step(
        self, x: Float[Tensor, "batch dim"], state: KVCache
    ) -> tuple[Float[Tensor, "batch dim"], KVCache]:
        """(output, new state) for one step, which attends to itself and all steps before it."""
        y, state = self(x[:, None], state)
        return y[:, 0], state

    def default_state(self, batch: int, max_length: int) -> KVCache:
        """An empty cache. Raises ValueError for sizes below 1."""
        if batch < 1 or max_length < 1:
            raise ValueError(
                f"batch and max_length must be at least 1; got batch={batch}, max_length={max_length}"
            )
        empty = self.q.weight.detach().new_zeros
        shape = (batch, self.kv_heads, max_length, self.width)
        return KVCache(empty(shape), empty(shape), 0)
