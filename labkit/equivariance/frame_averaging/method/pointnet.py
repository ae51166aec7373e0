"""Networks for the normals of point clouds: FA-PointNet, FA-Local-PointNet, FA-DGCNN (section 4.1, appendix)."""

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.equivariance.frame_averaging.method.average import FrameAverage
from labkit.equivariance.frame_averaging.method.frames import euclidean_frame


def _stack(widths: Sequence[int], slope: float = 0.0) -> nn.Sequential:
    """Linear (1x1 convolution), batch norm and (leaky) ReLU, for every width but the first."""
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(widths):
        layers += [nn.Conv1d(a, b, 1), nn.BatchNorm1d(b), nn.LeakyReLU(slope)]
    return nn.Sequential(*layers)


def _narrow(widths: Sequence[int], divisor: int) -> list[int]:
    return [max(4, width // divisor) for width in widths]


class PointNet(nn.Module):
    """A PointNet for per-point outputs, without spatial transformers.

    A shared MLP on every point; the maximum over the points joined to all its layers; and a shared head.

    Args:
        inputs: features of a point. widths: of the shared MLP. divisor: all widths are divided by it.
    """

    def __init__(
        self,
        inputs: int = 3,
        widths: Sequence[int] = (64, 128, 128, 512, 2048),
        head: Sequence[int] = (256, 256, 128),
        divisor: int = 1,
    ):
        super().__init__()
        widths, head = _narrow(widths, divisor), _narrow(head, divisor)
        self.local = nn.ModuleList(_stack([a, b]) for a, b in zip([inputs, *widths], widths, strict=False))
        self.joined = sum(widths) + widths[-1]  # all five layers, and the maximum
        self.head = nn.Sequential(_stack([self.joined, *head]), nn.Conv1d(head[-1], 3, 1))

    def forward(self, x: Float[Tensor, "batch n c"]) -> Float[Tensor, "batch n 3"]:
        h, layers = x.transpose(1, 2), []
        for layer in self.local:
            h = layer(h)
            layers.append(h)
        whole = h.amax(2, keepdim=True).expand_as(h)
        return self.head(torch.cat([*layers, whole], dim=1)).transpose(1, 2)


def neighbours(x: Float[Tensor, "batch n c"], k: int) -> Tensor:
    """The indices (batch, n, k) of every point's k nearest points, itself first.

    Raises:
        ValueError: there are fewer points than k.
    """
    if k > x.shape[1]:
        raise ValueError(f"k must be at most the number of points {x.shape[1]}; got {k}")
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").topk(k, largest=False).indices


def gather_points(x: Float[Tensor, "batch n c"], index: Tensor) -> Float[Tensor, "batch n k c"]:
    """x at the neighbours' indices."""
    flat = index.flatten(1)[:, :, None].expand(-1, -1, x.shape[2])
    return x.gather(1, flat).unflatten(1, index.shape[1:])


class DGCNN(nn.Module):
    """Dynamic graph CNN: EdgeConv on [x_j - x_i, x_i] over the k nearest points in feature space.

    Args:
        aggregation: over the neighbours, "mean" (what frame averaging uses here) or "max" (the original).
        divisor: all widths are divided by it.
    """

    def __init__(self, k: int = 40, divisor: int = 1, aggregation: str = "mean"):
        super().__init__()
        if aggregation not in ("mean", "max"):
            raise ValueError(f"unknown aggregation: {aggregation!r}; choose from mean, max")
        self.k, self.aggregation = k, aggregation
        w = max(4, 64 // divisor)
        self.convs = nn.ModuleList(
            [_stack([6, w, w], 0.2), _stack([2 * w, w, w], 0.2), _stack([2 * w, w], 0.2)]
        )
        wide, *head = _narrow([1024, 256, 256, 128], divisor)
        self.whole = _stack([3 * w, wide], 0.2)
        self.head = nn.Sequential(
            _stack([wide + 3 * w, head[0]], 0.2),
            nn.Dropout(0.5),
            _stack([head[0], head[1]], 0.2),
            nn.Dropout(0.5),
            _stack([head[1], head[2]], 0.2),
            nn.Conv1d(head[2], 3, 1),
        )

    def forward(self, x: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        h, layers = x, []
        for conv in self.convs:
            near = gather_points(h, neighbours(h, min(self.k, h.shape[1])))
            here = h[:, :, None].expand_as(near)
            edges = torch.cat([near - here, here], dim=-1)  # (batch, n, k, 2c)
            made = conv(edges.flatten(1, 2).transpose(1, 2)).unflatten(2, edges.shape[1:3])
            h = (made.mean(3) if self.aggregation == "mean" else made.amax(3)).transpose(1, 2)
            layers.append(h)
        local = torch.cat(layers, dim=-1).transpose(1, 2)
        whole = self.whole(local).amax(2, keepdim=True).expand(-1, -1, x.shape[1])
        # a sigmoid, mapped to [-1, 1]
        return 2 * self.head(torch.cat([local, whole], dim=1)).sigmoid().transpose(1, 2) - 1


def unit(v: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
    """Vectors of length 1; where an average of unit vectors is zero, its length is taken as 1e-12."""
    return v / v.norm(dim=-1, keepdim=True).clamp(min=1e-12)


class FAPointNet(nn.Module):
    """Unit normals, exactly E(3)-equivariant and permutation equivariant: PointNet on all eight framed copies."""

    def __init__(self, divisor: int = 1):
        super().__init__()
        self.average = FrameAverage(PointNet(divisor=divisor), "E", "vector")

    def forward(self, X: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        return unit(self.average(X))


class FADGCNN(nn.Module):
    """As FAPointNet, with a DGCNN."""

    def __init__(self, k: int = 40, divisor: int = 1):
        super().__init__()
        self.average = FrameAverage(DGCNN(k, divisor), "E", "vector")

    def forward(self, X: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        return unit(self.average(X))


class FALocalPointNet(nn.Module):
    """Local frames first: each point's k nearest points, in their own frame, give latent vectors; then one frame of
    all latent vectors of the cloud, and a PointNet on them."""

    def __init__(self, k: int = 20, divisor: int = 1):
        super().__init__()
        self.k = k
        self.latent = max(2, 42 // divisor)
        out = 3 * self.latent
        self.local = nn.Sequential(_stack([3 * k, 63, out]), nn.Conv1d(out, out, 1))
        self.pointnet = PointNet(out, (128, 256, 256, 512, 2048), divisor=divisor)

    def features(self, X: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n latent 3"]:
        """Equivariant vectors at every point, from its neighbourhood."""
        batch, n, _ = X.shape
        near = gather_points(X, neighbours(X, self.k)).flatten(0, 1)  # (batch * n, k, 3)
        frame = euclidean_frame(near, "E", tol=0)
        copies = frame.apply(near)  # (batch * n, f, k, 3)
        f = copies.shape[1]
        made = self.local(copies.flatten(2).view(batch, n * f, -1).transpose(1, 2)).transpose(1, 2)
        vectors = made.reshape(batch * n, f, self.latent, 3)
        return frame.restore_vectors(vectors).mean(1).view(batch, n, self.latent, 3)

    def forward(self, X: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        vectors = self.features(X)
        frame = euclidean_frame(vectors.flatten(1, 2), "O", tol=0)
        copies = frame.apply_to_vectors(vectors.flatten(1, 2)).unflatten(2, vectors.shape[1:3])
        y = self.pointnet(copies.flatten(0, 1).flatten(2)).unflatten(0, copies.shape[:2])
        return unit(frame.restore_vectors(y).mean(1))


def normal_loss(
    predicted: Float[Tensor, "*batch 3"], normals: Float[Tensor, "*batch 3"]
) -> Float[Tensor, ""]:
    """The mean of 1 - <n^, n>^2: a normal and its opposite are the same."""
    return (1 - F.cosine_similarity(predicted, normals, dim=-1).square()).mean()
