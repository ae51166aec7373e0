"""EqMotion's parts: pair networks, the equivariant non-linearity, the interaction graph, the feature layer."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.equivariance.eqmotion.method.features import agent_mean, mix_channels

ABLATIONS = ("attention", "aggregation", "nonlinearity", "reasoning", "patterns")


def mlp(inputs: int, hidden: int, out: int) -> nn.Sequential:
    """Linear, SiLU, linear, SiLU."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, out), nn.SiLU())


class PairMLP(nn.Module):
    """MLP([h_i, h_j, e_ij]) for every pair: linear, SiLU, linear, SiLU.

    The first linear is W_1 h_i + W_2 h_j + W_3 e_ij + b, so the two first products are made once for each agent, and
    the wide tensor of joined pairs is never built.
    """

    def __init__(self, node: int, edge: int, hidden: int, out: int):
        super().__init__()
        self.node = node
        self.first = nn.Linear(2 * node + edge, hidden)
        self.second = nn.Linear(hidden, out)

    def forward(
        self, h: Float[Tensor, "batch agents node"], edges: Float[Tensor, "batch agents agents edge"]
    ) -> Float[Tensor, "batch agents agents out"]:
        W = self.first.weight
        here = F.linear(h, W[:, : self.node])
        there = F.linear(h, W[:, self.node : 2 * self.node])
        joined = F.linear(edges, W[:, 2 * self.node :], self.first.bias) + here[:, :, None] + there[:, None]
        return F.silu(self.second(F.silu(joined)))


def others(n: int, present: Tensor | None, like: Tensor) -> Float[Tensor, "batch n n 1"]:
    """1 where agent j is present and is not i."""
    apart = 1 - torch.eye(n, dtype=like.dtype, device=like.device)
    return (apart[None] if present is None else apart * present[:, None, :])[..., None]


def equivariant_relu(
    q: Float[Tensor, "*batch d"], k: Float[Tensor, "*batch d"], eps: float = 1e-4
) -> Float[Tensor, "*batch d"]:
    """An equivariant ReLU (equation 8): q where <q, k> >= 0, else q without its part along k.

    q - <q, k> / (|k|^2 + eps) k: as ReLU cuts off what is negative, this cuts off what points against k.
    """
    along = (q * k).sum(-1, keepdim=True)
    cut = q - along / (k.square().sum(-1, keepdim=True) + eps) * k
    return torch.where(along >= 0, q, cut)


class InteractionReasoning(nn.Module):
    """Which kind of interaction is there between i and j? From invariant quantities only (section 3.4).

        d_ij = MLP(|[G_i, U_i] - [G_j, U_j]|), m_ij = MLP([h_i, h_j, d_ij]), n_i = MLP([h_i, sum_{j != i} m_ij]),
        c_ij = softmax(MLP([n_i, n_j, d_ij]) / tau)

    Raises:
        ValueError: categories below 1, temperature not positive.
    """

    def __init__(self, pattern_dim: int, channels: int, categories: int, temperature: float = 1.0):
        super().__init__()
        if categories < 1:
            raise ValueError(f"categories must be at least 1; got {categories}")
        if not temperature > 0:
            raise ValueError(f"temperature must be positive; got {temperature}")
        self.temperature = temperature
        self.coord_mlp = mlp(2 * channels, pattern_dim, 2 * channels)
        self.edge_mlp = PairMLP(pattern_dim, 2 * channels, pattern_dim, pattern_dim)
        self.node_mlp = mlp(2 * pattern_dim, pattern_dim, pattern_dim)
        self.category_mlp = PairMLP(pattern_dim, 2 * channels, pattern_dim, categories)

    def logits(self, h: Tensor, G: Tensor, U: Tensor, present: Tensor | None = None) -> Tensor:
        """Before the softmax, (batch, agents, agents, categories)."""
        both = torch.cat([G, U], dim=2)
        d = self.coord_mlp((both[:, :, None] - both[:, None]).norm(dim=-1))
        m = self.edge_mlp(h, d) * others(h.shape[1], present, h)
        n = self.node_mlp(torch.cat([h, m.sum(2)], dim=-1))
        return self.category_mlp(n, d)

    def forward(
        self,
        h: Float[Tensor, "batch agents pattern"],
        G: Float[Tensor, "batch agents channels d"],
        U: Float[Tensor, "batch agents channels d"],
        present: Float[Tensor, "batch agents"] | None = None,
    ) -> Float[Tensor, "batch agents agents categories"]:
        return (self.logits(h, G, U, present) / self.temperature).softmax(-1)


class FeatureLayer(nn.Module):
    """One layer of geometric and pattern feature learning (section 3.3); its steps are methods of their own.

    Args:
        silent: so many of the categories carry no message.
        ablate: names of steps left out, from ABLATIONS ("reasoning" and "patterns" are the model's).
    """

    def __init__(
        self, pattern_dim: int, channels: int, categories: int, ablate: Sequence[str] = (), silent: int = 0
    ):
        super().__init__()
        if not 0 <= silent < categories:
            raise ValueError(f"silent must be from 0 to categories - 1 = {categories - 1}; got {silent}")
        self.ablate, self.silent = frozenset(ablate), silent
        self.edge_mlp = PairMLP(pattern_dim, channels, pattern_dim, pattern_dim)
        self.mlp_q = nn.Linear(pattern_dim, channels)
        self.category_mlp = nn.ModuleList(
            PairMLP(pattern_dim, channels, pattern_dim, channels) for _ in range(categories - silent)
        )
        self.factor_mlp = mlp(channels, channels, channels)
        self.coord_vel = nn.Linear(channels, channels, bias=False)
        self.layer_q = nn.Linear(channels, channels, bias=False)
        self.layer_k = nn.Linear(channels, channels, bias=False)
        self.node_mlp = nn.Sequential(
            nn.Linear(2 * pattern_dim, pattern_dim), nn.SiLU(), nn.Linear(pattern_dim, pattern_dim)
        )

    def attend(self, G: Tensor, h: Tensor, present: Tensor | None) -> Tensor:
        """Inner-agent attention (equation 5): G_i + a_i (G_i - mean G), a_i = SiLU(linear(h_i))."""
        return G + F.silu(self.mlp_q(h))[..., None] * (G - agent_mean(G, present))

    def weights(self, h: Tensor, distances: Tensor, c: Tensor) -> Tensor:
        """w_ij = MLP_f(sum_k c_ijk MLP_k([h_i, h_j, |G_i - G_j|])), (batch, agents, agents, channels)."""
        told = sum(
            c[..., k + self.silent, None] * network(h, distances)
            for k, network in enumerate(self.category_mlp)
        )
        return self.factor_mlp(told)

    def aggregate(self, G: Tensor, w: Tensor, apart: Tensor) -> Tensor:
        """Inter-agent aggregation (equation 6): G_i + sum_j w_ij (G_i - G_j)."""
        return G + (w[..., None] * apart).sum(2)

    def coast(self, G: Tensor, U: Tensor) -> Tensor:
        """Velocities (equation 7): G_i + W U_i."""
        return G + mix_channels(self.coord_vel.weight, U)

    def bend(self, G: Tensor, present: Tensor | None) -> Tensor:
        """The equivariant non-linearity, about the mean (equation 8)."""
        mean = agent_mean(G, present)
        q, k = (mix_channels(linear.weight, G - mean) for linear in (self.layer_q, self.layer_k))
        return equivariant_relu(q, k) + mean

    def steps(
        self, h: Tensor, G: Tensor, U: Tensor, c: Tensor, present: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The new pattern features, and the geometric features after each step, in order."""
        apart = G[:, :, None] - G[:, None]  # before any step: the order matters
        distances = apart.norm(dim=-1)
        there = others(h.shape[1], present, h)
        e = self.edge_mlp(h, distances) * there
        made = {"before": G}
        if "attention" not in self.ablate:
            G = made["attention"] = self.attend(G, h, present)
        if "aggregation" not in self.ablate:
            G = made["aggregation"] = self.aggregate(G, self.weights(h, distances, c) * there, apart)
        G = made["velocity"] = self.coast(G, U)
        if "nonlinearity" not in self.ablate:
            made["nonlinearity"] = self.bend(G, present)
        return h + self.node_mlp(torch.cat([h, e.sum(2)], dim=-1)), made

    def forward(
        self,
        h: Float[Tensor, "batch agents pattern"],
        G: Float[Tensor, "batch agents channels d"],
        U: Float[Tensor, "batch agents channels d"],
        c: Float[Tensor, "batch agents agents categories"],
        present: Float[Tensor, "batch agents"] | None = None,
    ) -> tuple[Float[Tensor, "batch agents pattern"], Float[Tensor, "batch agents channels d"]]:
        h, made = self.steps(h, G, U, c, present)
        return h, list(made.values())[-1]
