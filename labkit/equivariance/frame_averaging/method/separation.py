"""Which graphs can a network tell apart? GIN and an MLP on framed graphs, and the 1-WL test (section 4.2)."""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.equivariance.actions import permute_nodes
from labkit.equivariance.frame_averaging.method.permutations import permutation_frame


class DenseGIN(nn.Module):
    """A Graph Isomorphism Network on padded adjacency matrices: h <- sigma(W [(1 + eps) h + A h]), one linear a layer.

    Args:
        nodes: the largest number of nodes. identity: each node's feature is the one-hot code of its place
            (then the network is not invariant, and needs a frame); else 1.
        pool: over the nodes, "sum" or "mean". head: what is made of the pooled vector, a list of widths.
    """

    def __init__(
        self,
        nodes: int,
        *,
        identity: bool,
        hidden: int = 64,
        layers: int = 3,
        head: Sequence[int] = (10,),
        pool: Literal["sum", "mean"] = "sum",
        activation: Callable[[Tensor], Tensor] = torch.tanh,
    ):
        super().__init__()
        self.nodes, self.identity, self.pool, self.activation = nodes, identity, pool, activation
        widths = [nodes if identity else 1] + [hidden] * layers
        self.linears = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(widths))
        self.eps = nn.Parameter(torch.rand(layers, device="cpu"))
        ends = [hidden, *head]
        self.head = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(ends))

    def forward(
        self, A: Float[Tensor, "batch n n"], present: Bool[Tensor, "batch n"] | None = None
    ) -> Float[Tensor, "batch out"]:
        batch, n, _ = A.shape
        if n > self.nodes:
            raise ValueError(f"the network takes at most {self.nodes} nodes; got {n}")
        if self.identity:
            h = torch.eye(n, self.nodes, dtype=A.dtype, device=A.device).expand(batch, -1, -1)
        else:
            h = torch.ones(batch, n, 1, dtype=A.dtype, device=A.device)
        weight = (torch.ones(batch, n, device=A.device) if present is None else present).to(A.dtype)[
            ..., None
        ]
        for eps, linear in zip(self.eps, self.linears, strict=True):
            h = self.activation(linear((1 + eps) * h + A @ h)) * weight
        pooled = h.sum(1) / (weight.sum(1) if self.pool == "mean" else 1.0)
        for index, linear in enumerate(self.head):
            pooled = linear(pooled if index == 0 else self.activation(pooled))
        return pooled


class AdjacencyMLP(nn.Module):
    """An MLP on the flattened adjacency matrix, padded with zeros to `nodes`."""

    def __init__(self, nodes: int, hidden: int = 64, out: int = 10):
        super().__init__()
        self.nodes = nodes
        self.net = nn.Sequential(
            nn.Linear(nodes * nodes, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, out),
        )

    def forward(
        self, A: Float[Tensor, "batch n n"], present: Bool[Tensor, "batch n"] | None = None
    ) -> Float[Tensor, "batch out"]:
        n = A.shape[-1]
        if n > self.nodes:
            raise ValueError(f"the network takes at most {self.nodes} nodes; got {n}")
        return self.net(F.pad(A, (0, self.nodes - n, 0, self.nodes - n)).flatten(1))


def framed(A: Float[Tensor, "n n"], limit: int = 5040, *, distinct: bool = False) -> Float[Tensor, "f n n"]:
    """All framed copies of a graph.

    Args:
        distinct: leave out repetitions. Each different copy occurs as often as the graph has automorphisms, so the
            average stays the same: one representative of each coset F(A) / G_A is enough (section 2).

    Raises:
        ValueError: as `permutation_frame` does.
    """
    order = permutation_frame(A, limit)
    copies = permute_nodes(A.expand(len(order), -1, -1), order)
    return torch.unique(copies, dim=0) if distinct else copies


@torch.no_grad()
def frame_embedding(
    model: Callable[[Tensor], Tensor], copies: Sequence[Tensor]
) -> Float[Tensor, "graphs out"]:
    """An embedding, averaged over each graph's copies (f, n, n); one call for all graphs of one number of nodes."""
    if len({one.shape[-1] for one in copies}) > 1:
        return torch.cat([frame_embedding(model, [one]) for one in copies])
    sizes = [len(one) for one in copies]
    return torch.stack([part.mean(0) for part in model(torch.cat(list(copies))).split(sizes)])


def separates(
    model_factory: Callable[[int], nn.Module],
    graphs: Sequence[Tensor],
    seeds: Iterable[int],
    threshold: float = 1e-3,
    *,
    frame: bool = True,
    limit: int = 5040,
) -> Bool[Tensor, "graphs graphs"]:
    """Which pairs have, for any of the seeds' random networks, embeddings that differ by more in L1 distance.

    Args:
        model_factory: the network of a seed; it embeds (batch, n, n).
        frame: average over the full frame; else the graph is taken in the order it comes in.

    Raises:
        ValueError: no graphs; a frame beyond `limit`.
    """
    if not graphs:
        raise ValueError("graphs must hold at least one graph; it is empty")
    copies = [framed(A, limit, distinct=True) if frame else A[None] for A in graphs]
    found = torch.zeros(len(graphs), len(graphs), dtype=torch.bool, device=graphs[0].device)
    for seed in seeds:
        y = frame_embedding(model_factory(seed), copies)
        found |= torch.cdist(y, y, p=1) > threshold
    return found


def _digest(content: str) -> int:
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8).digest(), "big")


def wl_colours(A: Float[Tensor, "n n"], rounds: int | None = None) -> tuple[tuple[int, int], ...]:
    """The 1-WL test's histogram of colours: ((colour, count), ...); equal for graphs that 1-WL cannot tell apart.

    Each round a node's new colour is (its own, the multiset of its neighbours').
    """
    neighbours = [row.nonzero().flatten().tolist() for row in A]
    colours = [0] * len(A)
    for _ in range(len(A) if rounds is None else rounds):
        colours = [
            _digest(f"{colours[i]}|{sorted(colours[j] for j in around)}")
            for i, around in enumerate(neighbours)
        ]
    return tuple(sorted((colour, colours.count(colour)) for colour in set(colours)))
