"""LOOPE's settings at three scales."""

from typing import Literal

from labkit.experiment import Settings
from labkit.ordering.loope.positional import POSITIONAL

# The 1-D sinusoid in raster order and along Gilbert's curve are both among them.
ALL = ("none", "learnable", "sinusoid", "gilbert", *POSITIONAL[3:])


class Host(Settings):
    """A network that is given positions.

    Attributes:
        kind: "vit" (also DeiT), "cait", "crossvit" or "cnn" (which needs no positions).
        dim, depth, heads: its size; CrossViT's small branch is half as wide, and `depth` is its number of stages.
        embeddings: the positional embeddings to train it with.
        sizes, patches: of CrossViT's two branches, in pixels.
    """

    kind: Literal["vit", "cait", "crossvit", "cnn"] = "vit"
    dim: int = 48
    depth: int = 2
    heads: int = 4
    mlp_ratio: float = 2.0
    drop_path: float = 0.0
    layer_scale: float = 1e-5
    embeddings: tuple[str, ...] = ("none", "loope")
    sizes: tuple[int, int] | None = None
    patches: tuple[int, int] | None = None


class Training(Settings):
    """How networks are trained: AdamW, linear warm-up, half a cosine down to `floor` times the rate."""

    steps: int
    batch: int
    rate: float = 2e-3
    floor: float = 0.0
    warmup: int = 50
    weight_decay: float = 0.01
    clip: float | None = 1.0
    evaluations: int = 8


class ThreeCell(Settings):
    """The Three-Cell Experiment."""

    grid: int
    patch: int
    train: int
    test: int
    training: Training
    hosts: dict[str, Host]


class Digits(Settings):
    """scikit-learn's digits (8 x 8) as natural images."""

    patch: int = 2
    host: Host = Host(embeddings=("none", "sinusoid", "gilbert", "loope"))
    training: Training


class LoopeSettings(Settings):
    """The settings of all stages.

    Attributes:
        side, dim, buckets: grid, width and number of directions of the structural metrics (Table 5).
    """

    side: int = 14
    dim: int = 768
    buckets: int = 60
    sweep: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 60, 90, 120)
    three_cell: ThreeCell
    digits: Digits | None = None


PRESETS = {
    "smoke": LoopeSettings(
        three_cell=ThreeCell(
            grid=6,
            patch=1,
            train=8000,
            test=2000,
            training=Training(steps=250, batch=128, evaluations=4),
            hosts={"ViT": Host(embeddings=("none", "loope"))},
        )
    ),
    # Smaller than the 10 x 10 grids and 2000 steps that one would wish for: three seeds of these sixteen trainings
    # are half an hour of one core. Grid, width and batch are smoke's.
    "class": LoopeSettings(
        three_cell=ThreeCell(
            grid=6,
            patch=1,
            train=8000,
            test=2000,
            training=Training(steps=500, batch=128, evaluations=5),
            hosts={
                "ViT": Host(embeddings=ALL),
                "CaiT": Host(kind="cait", layer_scale=0.1),  # CaiT's own value for shallow networks
                "CrossViT": Host(kind="crossvit", depth=1, sizes=(6, 6), patches=(1, 2)),
                "CNN": Host(kind="cnn", dim=32, embeddings=("none",)),
            },
        ),
        digits=Digits(training=Training(steps=300, batch=64, evaluations=4)),
    ),
    "paper": LoopeSettings(
        three_cell=ThreeCell(
            grid=14,
            patch=16,
            train=8000,
            test=1000,
            training=Training(
                steps=150 * 8000 // 64,
                batch=64,
                rate=1e-3,
                floor=2.5e-5 / 1e-3,
                warmup=0,
                weight_decay=0.0,
                clip=None,
                evaluations=150,
            ),
            hosts={
                "ViT": Host(dim=768, depth=12, heads=12, mlp_ratio=4.0, embeddings=ALL),
                "DeiT-S": Host(dim=384, depth=12, heads=6, mlp_ratio=4.0, embeddings=ALL),
                "CaiT": Host(kind="cait", dim=384, depth=24, heads=8, mlp_ratio=4.0),
                "CrossViT": Host(
                    kind="crossvit",
                    dim=768,
                    depth=3,
                    heads=12,
                    mlp_ratio=4.0,
                    sizes=(240, 224),
                    patches=(12, 16),
                ),
                "CNN": Host(kind="cnn", dim=64, embeddings=("none",)),
            },
        ),
        digits=Digits(training=Training(steps=4000, batch=96)),
    ),
}
