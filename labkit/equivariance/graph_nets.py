"""Networks for bodies that move: a plain message-passing network, EGNN, and uniform motion.

All are dense, (batch, n, n), with every body a neighbour of every other. Edge features are (batch, n, n, edge_dim).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def without_self(n: int, like: Tensor) -> Float[Tensor, "n n 1"]:
    """1 for every pair of different nodes, 0 on the diagonal."""
    return (1 - torch.eye(n, dtype=like.dtype, device=like.device))[:, :, None]


def pairs(h: Float[Tensor, "*batch n c"]) -> Float[Tensor, "*batch n n two_c"]:
    """[h_i, h_j] for every pair."""
    n = h.shape[-2]
    one, other = h[..., :, None, :], h[..., None, :, :]
    shape = (*h.shape[:-1], n, h.shape[-1])
    return torch.cat([one.expand(shape), other.expand(shape)], dim=-1)


class MessagePassing(nn.Module):
    """One layer: m_ij = MLP([h_i, h_j, e_ij]), then h_i + MLP([h_i, sum_{j != i} m_ij])."""

    def __init__(self, hidden: int, edge_dim: int):
        super().__init__()
        self.message = nn.Sequential(
            nn.Linear(2 * hidden + edge_dim, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        self.update = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.SiLU(), nn.Linear(hidden, hidden))

    def forward(
        self, h: Float[Tensor, "batch n c"], edges: Float[Tensor, "batch n n e"]
    ) -> Float[Tensor, "batch n c"]:
        m = self.message(torch.cat([pairs(h), edges], dim=-1)) * without_self(h.shape[1], h)
        return h + self.update(torch.cat([h, m.sum(2)], dim=-1))


class PlainGNN(nn.Module):
    """Message passing on raw coordinates: not equivariant.

    Args:
        in_dim: of the coordinates of a body, [x, v]: 6 in space. out_dim: of what is predicted.
    """

    def __init__(
        self, in_dim: int = 6, hidden: int = 64, layers: int = 4, edge_dim: int = 2, out_dim: int = 3
    ):
        super().__init__()
        self.embed = nn.Linear(in_dim, hidden)
        self.layers = nn.ModuleList(MessagePassing(hidden, edge_dim) for _ in range(layers))
        self.decode = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, out_dim))

    def forward(
        self,
        x: Float[Tensor, "batch n p"],
        v: Float[Tensor, "batch n q"],
        edges: Float[Tensor, "batch n n e"],
    ) -> Float[Tensor, "batch n out"]:
        h = self.embed(torch.cat([x, v], dim=-1))
        for layer in self.layers:
            h = layer(h, edges)
        return self.decode(h)


class EGNNLayer(nn.Module):
    """x_i moves along the x_i - x_j, weighted by invariant messages; h_i stays invariant."""

    def __init__(self, hidden: int, edge_dim: int):
        super().__init__()
        self.message = nn.Sequential(
            nn.Linear(2 * hidden + 1 + edge_dim, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU()
        )
        last = nn.Linear(hidden, 1, bias=False)
        nn.init.xavier_uniform_(last.weight, gain=0.001)
        self.along = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), last)
        self.coast = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1))
        self.update = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.SiLU(), nn.Linear(hidden, hidden))

    def forward(self, h: Tensor, x: Tensor, v: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        apart = x[:, :, None] - x[:, None]
        square = apart.square().sum(-1, keepdim=True)
        others = without_self(x.shape[1], x)
        m = self.message(torch.cat([pairs(h), square, edges], dim=-1)) * others
        # x_i + mean_{j != i} (x_i - x_j) phi_x(m_ij) + phi_v(h_i) v_i
        x = x + (apart * self.along(m)).sum(2) / (x.shape[1] - 1) + self.coast(h) * v
        return h + self.update(torch.cat([h, m.sum(2)], dim=-1)), x


class EGNN(nn.Module):
    """E(n)-equivariant graph network with velocities (Satorras et al., ICML 2021, section 3.2)."""

    def __init__(self, hidden: int = 64, layers: int = 4, edge_dim: int = 2):
        super().__init__()
        self.embed = nn.Linear(1, hidden)
        self.layers = nn.ModuleList(EGNNLayer(hidden, edge_dim) for _ in range(layers))

    def forward(
        self,
        x: Float[Tensor, "batch n 3"],
        v: Float[Tensor, "batch n 3"],
        edges: Float[Tensor, "batch n n e"],
    ) -> Float[Tensor, "batch n 3"]:
        h = self.embed(v.norm(dim=-1, keepdim=True))
        for layer in self.layers:
            h, x = layer(h, x, v, edges)
        return x


class LinearDynamics(nn.Module):
    """Uniform motion, x + tau v, with one learned time tau."""

    def __init__(self, tau: float = 0.7):
        super().__init__()
        self.tau = nn.Parameter(torch.tensor(tau, device="cpu"))

    def forward(
        self, x: Float[Tensor, "*batch 3"], v: Float[Tensor, "*batch 3"], edges: Tensor | None = None
    ) -> Float[Tensor, "*batch 3"]:
        return x + self.tau * v
