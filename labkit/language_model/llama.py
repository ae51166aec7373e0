"""A Llama: root-mean-square norms, rotary positions, grouped queries, a gated feed-forward.

The parameters have the names of Hugging Face's `LlamaForCausalLM`, so that weights go both ways. Having our own keeps
the small models fast and free of imports, and lets every paper see all of a transformer in one page.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.language_model.cache import Cache


@dataclass(frozen=True)
class LlamaConfig:
    """The shape of a Llama, in Hugging Face's words."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    rope_theta: float = 10_000.0
    rms_norm_eps: float = 1e-5
    max_position_embeddings: int = 2048
    tie_word_embeddings: bool = True

    @property
    def head_dim(self) -> int:
        """The width of a head."""
        return self.hidden_size // self.num_attention_heads


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps), scaled."""

    def __init__(self, dim: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


def rotation(
    positions: Int[Tensor, "rows length"], dim: int, theta: float
) -> tuple[Float[Tensor, "rows 1 length dim"], Float[Tensor, "rows 1 length dim"]]:
    """Cosine and sine of the rotary angles (p theta^(-2i/d) for the i-th pair), in single precision."""
    powers = torch.arange(0, dim, 2, device=positions.device, dtype=torch.float32) / dim
    angles = positions[..., None].float() * theta**-powers
    angles = torch.cat([angles, angles], dim=-1)[:, None]
    return angles.cos(), angles.sin()


def rotate(
    x: Float[Tensor, "batch heads length dim"],
    cos: Float[Tensor, "rows 1 length dim"],
    sin: Float[Tensor, "rows 1 length dim"],
) -> Float[Tensor, "batch heads length dim"]:
    """Turn the pairs (x_i, x_{i + d/2}) by their angles."""
    a, b = x.chunk(2, dim=-1)
    return x * cos.to(x.dtype) + torch.cat([-b, a], dim=-1) * sin.to(x.dtype)


class Attention(nn.Module):
    """Causal attention; several query heads share one head of keys and values."""

    def __init__(self, config: LlamaConfig, index: int):
        super().__init__()
        width, d = config.hidden_size, config.head_dim
        self.index, self.d = index, d
        self.q_proj = nn.Linear(width, config.num_attention_heads * d, bias=False)
        self.k_proj = nn.Linear(width, config.num_key_value_heads * d, bias=False)
        self.v_proj = nn.Linear(width, config.num_key_value_heads * d, bias=False)
        self.o_proj = nn.Linear(config.num_attention_heads * d, width, bias=False)
        self.grouped = config.num_key_value_heads != config.num_attention_heads

    def forward(
        self,
        x: Float[Tensor, "batch length width"],
        angles: tuple[Tensor, Tensor],
        mask: Bool[Tensor, "rows 1 length keys"] | None,
        cache: Cache | None,
        last: bool = False,
    ) -> Float[Tensor, "batch queries width"]:
        """Attend; with `last` only the last position asks."""
        cos, sin = angles
        k, v = (
            project(x).unflatten(-1, (-1, self.d)).transpose(1, 2) for project in (self.k_proj, self.v_proj)
        )
        k = rotate(k, cos, sin)
        causal = mask is None
        if last:
            x, cos, sin, causal = x[:, -1:], cos[:, :, -1:], sin[:, :, -1:], False
            mask = None if mask is None else mask[:, :, -1:]
        q = rotate(self.q_proj(x).unflatten(-1, (-1, self.d)).transpose(1, 2), cos, sin)
        if cache is not None:
            k, v = cache.update(k, v, self.index)
        mixed = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=self.grouped
        )
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


class GatedMLP(nn.Module):
    """down(silu(gate(x)) * up(x))."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Float[Tensor, "batch length width"]) -> Float[Tensor, "batch length width"]:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """Attention, then the feed-forward, each on the norm of what it adds to."""

    def __init__(self, config: LlamaConfig, index: int):
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config, index)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = GatedMLP(config)

    def forward(
        self,
        x: Float[Tensor, "batch length width"],
        angles: tuple[Tensor, Tensor],
        mask: Bool[Tensor, "rows 1 length keys"] | None,
        cache: Cache | None,
        last: bool = False,
    ) -> Float[Tensor, "batch queries width"]:
        """The block's output, at all positions or only at the last."""
        mixed = self.self_attn(self.input_layernorm(x), angles, mask, cache, last)
        x = (x[:, -1:] if last else x) + mixed
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    """Embedding, blocks and the last norm."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config, index) for index in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Llama(nn.Module):
    """A causal language model; the embedding is its read-out too, unless the config says otherwise."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.config = config
        self.model = Body(config)
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def initialise(self, generator: torch.Generator | None = None) -> "Llama":
        """Draw all matrices from N(0, 0.02^2); those that end a residual branch are smaller by sqrt(2 layers)."""
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                last = name.endswith(("o_proj.weight", "down_proj.weight"))
                scale = (2 * self.config.num_hidden_layers) ** -0.5 if last else 1.0
                nn.init.normal_(weight, std=0.02 * scale, generator=generator)
        return self

    @property
    def embedding(self) -> Float[Tensor, "vocabulary width"]:
        """The tokens' embeddings."""
        return self.model.embed_tokens.weight

    def forward(
        self,
        ids: Int[Tensor, "batch length"] | None = None,
        *,
        embeds: Float[Tensor, "batch length width"] | None = None,
        position_ids: Int[Tensor, "rows length"] | None = None,
        attention_mask: Bool[Tensor, "rows 1 length keys"] | None = None,
        cache: Cache | None = None,
        last_only: bool = False,
    ) -> Float[Tensor, "..."]:
        """Logits: (batch, length, vocabulary), or (batch, vocabulary) of the last position.

        Args:
            ids, embeds: the tokens, or their embeddings instead.
            position_ids: by default 0, 1, 2, ... after what the cache holds.
            attention_mask: True lets a query see a key; by default the causal mask.
            cache: keys and values of what came before; this call's are added.
        """
        x = self.model.embed_tokens(ids) if embeds is None else embeds
        past = 0 if cache is None else len(cache)
        length = x.shape[1]
        if position_ids is None:
            position_ids = torch.arange(past, past + length, device=x.device)[None]
        if attention_mask is None and past:
            if length == 1:
                attention_mask = torch.ones(1, 1, 1, past + 1, dtype=torch.bool, device=x.device)
            else:
                ones = torch.ones(length, past + length, dtype=torch.bool, device=x.device)
                attention_mask = ones.tril(past)[None, None]
        angles = rotation(position_ids, self.config.head_dim, self.config.rope_theta)
        blocks = len(self.model.layers)
        for number, block in enumerate(self.model.layers, start=1):
            # where only the last position is wanted, the last block computes nothing else
            x = block(x, angles, attention_mask, cache, last_only and number == blocks)
        if last_only:
            x = x[:, -1]
        readout = self.embedding if self.config.tie_word_embeddings else self.lm_head.weight
        return F.linear(self.model.norm(x), readout)
