"""CaiT (Touvron et al. 2021, Going deeper with image transformers)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.attention import MultiHeadAttention
from labkit.nn.vit.parts import Block, Patches, Scale, hooks, initialise, mlp


class ClassBlock(nn.Module):
    """Class attention: only the class token is updated, and it reads itself and the patches, which stay as they are."""

    def __init__(self, dim: int, heads: int, mlp_ratio: float, layer_scale: float):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = MultiHeadAttention(dim, heads)
        self.mlp = mlp(dim, mlp_ratio)
        self.scale1, self.scale2 = Scale(dim, layer_scale), Scale(dim, layer_scale)

    def forward(
        self, token: Float[Tensor, "batch 1 dim"], patches: Float[Tensor, "batch n dim"]
    ) -> Float[Tensor, "batch 1 dim"]:
        both = self.norm1(torch.cat([token, patches], dim=1))
        token = token + self.scale1(self.attention(both[:, :1], both))
        return token + self.scale2(self.mlp(self.norm2(token)))


class CaiT(nn.Module):
    """Talking-heads blocks with LayerScale over the patches alone, then class-attention blocks for a late class token.

    Positions are added before the class token exists: the positional module is made with `class_token=False` and
    gives (batch, N, dim). CaiT-S24: dim 384, depth 24, heads 8, two class blocks, LayerScale 1e-5.

    Raises:
        ValueError: sides that are no multiples of the patch, or `dim` no multiple of `heads`.
    """

    def __init__(
        self,
        size: tuple[int, int],
        patch: int,
        dim: int,
        depth: int,
        heads: int,
        outputs: int,
        positional: nn.Module | None = None,
        *,
        channels: int = 3,
        class_depth: int = 2,
        mlp_ratio: float = 4.0,
        layer_scale: float = 1e-5,
        drop_path: float = 0.0,
    ):
        super().__init__()
        self.patches = Patches(size, patch, dim, channels)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim))
        # CaiT drops every block at the same rate
        self.blocks = nn.ModuleList(
            Block(dim, heads, mlp_ratio, drop_path=drop_path, talking=True, layer_scale=layer_scale)
            for _ in range(depth)
        )
        self.class_blocks = nn.ModuleList(
            ClassBlock(dim, heads, mlp_ratio, layer_scale) for _ in range(class_depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, outputs)
        initialise(self)
        nn.init.trunc_normal_(self.class_token, std=0.02)
        self.positional = positional

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        x = self.patches(images)
        if self.positional is not None:
            x = x + self.positional(images)
        options, after = hooks(self.positional)
        for index, block in enumerate(self.blocks):
            x = after(index, block(x, **options))
        token = self.class_token.expand(len(x), -1, -1)
        for block in self.class_blocks:
            token = block(token, x)
        return self.head(self.norm(torch.cat([token, x], dim=1))[:, 0])
