"""The vision transformer (Dosovitskiy et al. 2021); DeiT is the same without its distillation token."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.vit.parts import Block, Patches, hooks, initialise, rates


class VisionTransformer(nn.Module):
    """Patches, a class token, positions added before block 1, pre-norm blocks, a linear head on the class token.

    ViT-B/16 and DeiT-B: dim 768, depth 12, heads 12; DeiT-S: 384, 12, 6; DeiT-Ti: 192, 12, 3; at 224 x 224 pixels.

    Args:
        positional: says where patches are (see `labkit.nn.vit`); None for no positions.

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
        mlp_ratio: float = 4.0,
        drop_path: float = 0.0,
    ):
        super().__init__()
        self.patches = Patches(size, patch, dim, channels)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.blocks = nn.ModuleList(
            Block(dim, heads, mlp_ratio, drop_path=rate) for rate in rates(drop_path, depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, outputs)
        initialise(self)
        nn.init.trunc_normal_(self.class_token, std=0.02)
        self.positional = positional

    def tokens(
        self, images: Float[Tensor, "batch channels height width"], record: list[Tensor] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """The tokens behind the last block, the class token first; `record` receives each block's attention."""
        x = self.patches(images)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1)
        if self.positional is not None:
            x = x + self.positional(images)
        return self.run_blocks(x, record)

    def run_blocks(
        self, x: Float[Tensor, "batch tokens dim"], record: list[Tensor] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """The blocks and the last norm, on tokens that already know where they are."""
        options, after = hooks(self.positional)
        for index, block in enumerate(self.blocks):
            x = after(index, block(x, record=record, **options))
        return self.norm(x)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        return self.head(self.tokens(images)[:, 0])

    def rollout(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch gridheight gridwidth"]:
        """Attention rollout (Abnar and Zuidema 2020) of the class token onto the patches; each map sums to 1.

        The product over blocks of (A + I) / 2 with A the mean over heads: how much each patch flows into the
        class token if every block mixes and keeps in equal parts.
        """
        record: list[Tensor] = []
        self.tokens(images, record)
        flow = identity = torch.eye(record[0].shape[-1], device=images.device, dtype=record[0].dtype)
        for attention in record:
            flow = (attention.mean(1) + identity) / 2 @ flow
        seen = flow[:, 0, 1:]
        return (seen / seen.sum(1, keepdim=True)).unflatten(1, self.patches.grid)
