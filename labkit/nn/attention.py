"""Attention with a bias, a mask, rotated queries and keys, and talking heads."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

Rotation = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class MultiHeadAttention(nn.Module):
    """Multi-head attention, softmax(q k^T / sqrt(d) + bias) v, over a sequence or from one to another.

    Args:
        dim: the width, a multiple of `heads`.
        talking: "talking heads" (Shazeer et al. 2020): the heads are mixed linearly before and after the softmax.
        qkv_bias: whether the projections to queries, keys and values have a bias.

    Raises:
        ValueError: `dim` is no multiple of `heads`.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        talking: bool = False,
        qkv_bias: bool = True,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ):
        super().__init__()
        if heads < 1 or dim % heads:
            raise ValueError(f"dim must be a multiple of heads; got dim={dim}, heads={heads}")
        self.heads = heads
        place = {"dtype": dtype, "device": device}
        self.q = nn.Linear(dim, dim, bias=qkv_bias, **place)
        self.kv = nn.Linear(dim, 2 * dim, bias=qkv_bias, **place)
        self.out = nn.Linear(dim, dim, **place)
        self.before = nn.Conv2d(heads, heads, 1, **place) if talking else None
        self.after = nn.Conv2d(heads, heads, 1, **place) if talking else None

    def project(
        self, x: Float[Tensor, "batch queries dim"], source: Float[Tensor, "batch keys dim"]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (batch, heads, length, dim / heads)."""
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = self.kv(source).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def weights(
        self,
        q: Float[Tensor, "batch heads queries d"],
        k: Float[Tensor, "batch heads keys d"],
        bias: Tensor | None = None,
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "batch heads queries keys"]:
        """The attention itself; True in the mask lets a query see a key."""
        logits = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        if self.before is not None:
            logits = self.before(logits)
        if bias is not None:
            logits = logits + bias
        if mask is not None:
            logits = logits.masked_fill(~mask, -torch.inf)
        attention = logits.softmax(-1)
        return attention if self.after is None else self.after(attention)

    def forward(
        self,
        x: Float[Tensor, "batch queries dim"],
        source: Float[Tensor, "batch keys dim"] | None = None,
        *,
        bias: Tensor | None = None,
        mask: Bool[Tensor, "..."] | None = None,
        rotate: Rotation | None = None,
        record: list[Tensor] | None = None,
    ) -> Float[Tensor, "batch queries dim"]:
        """Attend.

        Args:
            source: where keys and values come from; x itself when None.
            bias: added to the logits; broadcastable to (batch, heads, queries, keys).
            mask: True lets a query see a key; broadcastable likewise.
            rotate: `rotate(q, k)` before the products (rotary positions).
            record: a list that receives the attention weights (batch, heads, queries, keys).
        """
        q, k, v = self.project(x, x if source is None else source)
        if rotate is not None:
            q, k = rotate(q, k)
        return self.attend(q, k, v, bias=bias, mask=mask, record=record)

    def attend(
        self,
        q: Float[Tensor, "batch heads queries d"],
        k: Float[Tensor, "batch heads keys d"],
        v: Float[Tensor, "batch heads keys d"],
        *,
        bias: Tensor | None = None,
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        record: list[Tensor] | None = None,
    ) -> Float[Tensor, "batch queries dim"]:
        """The output for queries, keys and values that `project` made (keys and values may come from a cache).

        `causal` lets query i see keys up to i: as the mask would, without ever making one.
        """
        if causal and (bias is not None or record is not None or self.before is not None):
            tril = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril()
            mask = tril if mask is None else mask & tril
        if record is None and self.before is None:
            if bias is not None and mask is not None:
                bias, mask = bias.masked_fill(~mask, -torch.inf), None
            seen = mask if bias is None else bias.to(q.dtype)
            mixed = nn.functional.scaled_dot_product_attention(
                q, k, v, attn_mask=seen, is_causal=causal and seen is None
            )
        else:
            attention = self.weights(q, k, bias, mask)
            if record is not None:
                record.append(attention.detach())
            mixed = attention @ v
        return self.out(mixed.transpose(1, 2).flatten(2))
