"""The networks of the experiment: a host, with a positional embedding in it."""

from torch import Tensor, nn

from labkit.nn.vit import CaiT, CrossViT, VisionTransformer
from labkit.ordering.loope.experiment.settings import Host
from labkit.ordering.loope.positional import make_positional


class SmallCNN(nn.Module):
    """The ceiling without attention: convolutions, and a linear map that sees every cell in its place."""

    def __init__(self, grid: int, patch: int, dim: int, outputs: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, dim, patch, stride=patch),
            nn.GELU(),
            nn.Conv2d(dim, dim, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(dim, dim, 3, padding=1),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(dim * grid**2, 2 * dim),
            nn.GELU(),
            nn.Linear(2 * dim, outputs),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


def build(host: Host, embedding: str, grid: int, patch: int, outputs: int) -> nn.Module:
    """The host with the embedding of that name, for images of grid x grid patches.

    Raises:
        ValueError: an unknown embedding.
    """
    size, cells = (grid * patch, grid * patch), (grid, grid)
    if host.kind == "cnn":
        return SmallCNN(grid, patch, host.dim, outputs)
    if host.kind == "crossvit":
        small, large = host.dim // 2, host.dim
        positional = [
            make_positional(embedding, dim, (side // p, side // p), p, heads=host.heads)
            for dim, side, p in zip((small, large), host.sizes, host.patches, strict=True)
        ]
        return CrossViT(
            [(side, side) for side in host.sizes],
            host.patches,
            (small, large),
            (1, 4) if host.depth > 1 else (1, 1),
            (host.heads, host.heads),
            outputs,
            positional,
            stages=host.depth,
            mlp_ratio=host.mlp_ratio,
        )
    late = host.kind == "cait"
    positional = make_positional(embedding, host.dim, cells, patch, heads=host.heads, class_token=not late)
    sizes = (size, patch, host.dim, host.depth, host.heads, outputs, positional)
    options = {"mlp_ratio": host.mlp_ratio, "drop_path": host.drop_path}
    if late:
        return CaiT(*sizes, layer_scale=host.layer_scale, **options)
    return VisionTransformer(*sizes, **options)


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Parameters with and without weight decay: none on vectors, class tokens and tables of positions."""
    free = ("class_token", "table", "rows", "columns", "class_row")
    groups: tuple[list, list] = ([], [])
    for name, parameter in model.named_parameters():
        spared = parameter.dim() < 2 or any(
            part in free or part == "class_tokens" for part in name.split(".")
        )
        groups[spared].append(parameter)
    return [
        {"params": groups[0], "weight_decay": weight_decay},
        {"params": groups[1], "weight_decay": 0.0},
    ]
