"""CrossViT (Chen, Fan, Panda 2021): two vision transformers of different patch size that exchange class tokens."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.attention import MultiHeadAttention
from labkit.nn.vit.parts import Block, Patches, hooks, initialise


class CrossAttention(nn.Module):
    """One branch's class token, projected to the other's width, reads the other's patches, and is projected back."""

    def __init__(self, dim: int, other: int, heads: int):
        super().__init__()
        self.into = nn.Sequential(nn.LayerNorm(dim), nn.GELU(), nn.Linear(dim, other))
        self.norm = nn.LayerNorm(other)
        self.attention = MultiHeadAttention(other, heads)
        self.back = nn.Sequential(nn.LayerNorm(other), nn.GELU(), nn.Linear(other, dim))

    def forward(
        self, token: Float[Tensor, "batch 1 dim"], patches: Float[Tensor, "batch n other"]
    ) -> Float[Tensor, "batch 1 dim"]:
        token = self.into(token)
        both = self.norm(torch.cat([token, patches], dim=1))
        return self.back(token + self.attention(both[:, :1], both))


class MultiScale(nn.Module):
    """One stage: blocks in each branch, then the class tokens cross over."""

    def __init__(self, dims: Sequence[int], depths: Sequence[int], heads: Sequence[int], mlp_ratio: float):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.ModuleList(Block(dim, count, mlp_ratio) for _ in range(depth))
            for dim, depth, count in zip(dims, depths, heads, strict=True)
        )
        self.cross = nn.ModuleList(CrossAttention(dims[i], dims[1 - i], heads[1 - i]) for i in range(2))


class CrossViT(nn.Module):
    """Two branches, one positional module each; the logits of both heads are averaged.

    CrossViT-base-240: patches 12 and 16 of 240 x 240 pixels (the large branch's image is resized to 224),
    dims 384 and 768, three stages of depths (1, 4), heads 12. Here each branch reads the image at its own
    size: `sizes` may differ, and the image is resized bicubically where it must be.

    Args:
        positionals: for each branch a module (see `labkit.nn.vit`), or None. Each is called with the images
            that its branch reads.

    Raises:
        ValueError: sides that are no multiples of the branch's patch, or dims no multiples of their heads.
    """

    def __init__(
        self,
        sizes: Sequence[tuple[int, int]],
        patches: Sequence[int],
        dims: Sequence[int],
        depths: Sequence[int],
        heads: Sequence[int],
        outputs: int,
        positionals: Sequence[nn.Module | None] = (None, None),
        *,
        stages: int = 3,
        channels: int = 3,
        mlp_ratio: float = 4.0,
    ):
        super().__init__()
        self.patches = nn.ModuleList(
            Patches(size, patch, dim, channels) for size, patch, dim in zip(sizes, patches, dims, strict=True)
        )
        self.class_tokens = nn.ParameterList(nn.Parameter(torch.zeros(1, 1, dim)) for dim in dims)
        self.stages = nn.ModuleList(MultiScale(dims, depths, heads, mlp_ratio) for _ in range(stages))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for dim in dims)
        self.heads = nn.ModuleList(nn.Linear(dim, outputs) for dim in dims)
        initialise(self)
        for token in self.class_tokens:
            nn.init.trunc_normal_(token, std=0.02)
        self.positionals = nn.ModuleList(nn.Identity() if p is None else p for p in positionals)
        self._has = [p is not None for p in positionals]

    def _embed(self, images: Tensor, branch: int) -> Tensor:
        size = self.patches[branch].size
        if tuple(images.shape[-2:]) != size:
            images = nn.functional.interpolate(images, size=size, mode="bicubic", align_corners=False)
        x = self.patches[branch](images)
        x = torch.cat([self.class_tokens[branch].expand(len(x), -1, -1), x], dim=1)
        return x + self.positionals[branch](images) if self._has[branch] else x

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch outputs"]:
        xs = [self._embed(images, branch) for branch in range(2)]
        wanted = [hooks(p if has else None) for p, has in zip(self.positionals, self._has, strict=True)]
        counts = [0, 0]
        for stage in self.stages:
            for branch, blocks in enumerate(stage.branches):
                options, after = wanted[branch]
                for block in blocks:
                    xs[branch] = after(counts[branch], block(xs[branch], **options))
                    counts[branch] += 1
            tokens = [x[:, :1] for x in xs]
            crossed = [stage.cross[i](tokens[i], xs[1 - i][:, 1:]) for i in range(2)]
            xs = [torch.cat([token, x[:, 1:]], dim=1) for token, x in zip(crossed, xs, strict=True)]
        read = [self.heads[i](self.norms[i](xs[i])[:, 0]) for i in range(2)]
        return (read[0] + read[1]) / 2
