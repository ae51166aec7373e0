"""EqMotion: from the agents' past to their future, equivariantly (section 3)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from labkit.equivariance.eqmotion.method.features import (
    agent_mean,
    dct_matrix,
    frame_differences,
    mix_channels,
    turning_angles,
)
from labkit.equivariance.eqmotion.method.layers import ABLATIONS, FeatureLayer, InteractionReasoning


class Features(NamedTuple):
    """What the layers start from.

    Attributes:
        h: pattern features (batch, agents, D). G, U: geometric features and velocities (batch, agents, C, n).
        centre: (batch, 1, 1, n). present: which agents are there, as numbers, or None for all.
    """

    h: Tensor
    G: Tensor
    U: Tensor
    centre: Tensor
    present: Tensor | None


def _check(model: "EqMotion", X: Tensor, V: Tensor | None, mask: Tensor | None) -> None:
    if X.ndim != 4 or X.shape[2] != model.past or X.shape[3] not in (2, 3):
        raise ValueError(
            f"positions must have the shape (batch, agents, past = {model.past}, n), n = 2 or 3; got {tuple(X.shape)}"
        )
    if not torch.isfinite(X).all():
        raise ValueError("positions must be finite; they hold NaN or infinite values")
    if V is not None and V.shape != X.shape:
        raise ValueError(
            f"velocities must have the shape of positions, {tuple(X.shape)}; got {tuple(V.shape)}"
        )
    if mask is not None and (mask.dtype != torch.bool or mask.shape != X.shape[:2] or not mask.any(1).all()):
        raise ValueError(
            f"mask must be boolean of the shape {tuple(X.shape[:2])} with a valid agent in every scene; got "
            f"{mask.dtype} of the shape {tuple(mask.shape)}"
        )
    if model.tokens is not None and len(model.tokens) != X.shape[1]:
        raise ValueError(f"agent_tokens = {len(model.tokens)}, but positions have {X.shape[1]} agents")


class EqMotion(nn.Module):
    """Equivariant motion prediction with an invariant interaction graph.

    Args:
        past, future: frames read and predicted.
        pattern_dim: D, even. channels: C, vectors an agent. layers: L. categories: K, kinds of interaction.
        temperature: of the graph's softmax; 1 for prediction, 0.5 for reasoning.
        heads: predictions to choose from; with more than 1 the last layer is each head's own.
        agent_tokens: so many agents, each with a learned token (joints of a skeleton).
        silent: so many categories carry no message.
        ablate: steps left out, from ABLATIONS.

    Raises:
        ValueError: past below 2, an odd pattern_dim, and other counts that make no model.
    """

    def __init__(
        self,
        past: int,
        future: int,
        pattern_dim: int = 64,
        channels: int = 64,
        layers: int = 4,
        categories: int = 2,
        temperature: float = 1.0,
        heads: int = 1,
        agent_tokens: int | None = None,
        ablate: Sequence[str] = (),
        silent: int = 0,
    ):
        super().__init__()
        if past < 2:
            raise ValueError(f"past must be at least 2 frames; got {past}")
        if pattern_dim % 2 or pattern_dim < 2:
            raise ValueError(
                f"pattern_dim must be even, half for speeds and half for angles; got {pattern_dim}"
            )
        for name, value in (("future", future), ("channels", channels), ("layers", layers), ("heads", heads)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1; got {value}")
        unknown = set(ablate) - set(ABLATIONS)
        if unknown:
            raise ValueError(f"unknown ablate: {sorted(unknown)}; choose from {', '.join(ABLATIONS)}")
        self.past, self.future, self.heads, self.ablate = past, future, heads, frozenset(ablate)
        self.categories = categories
        self.embedding = nn.Linear(past, pattern_dim // 2)
        self.embedding2 = nn.Linear(past, pattern_dim // 2)
        self.coord_trans = nn.Linear(past, channels, bias=False)
        self.vel_trans = nn.Linear(past, channels, bias=False)
        self.tokens, self.token_mlp = None, None
        if agent_tokens is not None:
            self.tokens = nn.Parameter(torch.randn(agent_tokens, pattern_dim, device="cpu"))
            self.token_mlp = nn.Sequential(
                nn.Linear(2 * pattern_dim, pattern_dim), nn.SiLU(), nn.Linear(pattern_dim, pattern_dim)
            )
        self.reasoning = InteractionReasoning(pattern_dim, channels, categories, temperature)

        def layer() -> FeatureLayer:
            return FeatureLayer(pattern_dim, channels, categories, ablate, silent)

        self.layers = nn.ModuleList(layer() for _ in range(layers if heads == 1 else layers - 1))
        self.head_layers = nn.ModuleList(layer() for _ in range(heads if heads > 1 else 0))
        self.predict_head = nn.ModuleList(nn.Linear(channels, future, bias=False) for _ in range(heads))

    def initial(
        self, positions: Tensor, velocities: Tensor | None = None, mask: Tensor | None = None
    ) -> Features:
        """The initial geometric and pattern features (section 3.2)."""
        present = None if mask is None else mask.to(positions.dtype)
        V = frame_differences(positions) if velocities is None else velocities
        if mask is not None:
            positions = torch.where(mask[..., None, None], positions, 0)
            V = torch.where(mask[..., None, None], V, 0)
        centre = agent_mean(positions, present)
        X = positions - centre
        D = dct_matrix(self.past, dtype=X.dtype, device=X.device)
        coefficients, moving = D @ X, D @ V
        mean = agent_mean(coefficients, present)
        # G = phi_x(X - mean) + mean, U = phi_v(V): linear over the channels, without bias
        G = mix_channels(self.coord_trans.weight, coefficients - mean) + mean
        U = mix_channels(self.vel_trans.weight, moving)
        h = torch.cat([self.embedding(V.norm(dim=-1)), self.embedding2(turning_angles(V))], dim=-1)
        if self.tokens is not None:
            h = self.token_mlp(torch.cat([h, self.tokens.expand(len(h), -1, -1)], dim=-1))
        if "patterns" in self.ablate:
            h = torch.zeros_like(h)
        return Features(h, G, U, centre, present)

    def graph(self, start: Features) -> Float[Tensor, "batch agents agents categories"]:
        """The interaction graph c, from invariant quantities."""
        if "reasoning" in self.ablate:
            batch, agents, _ = start.h.shape
            return start.h.new_full((batch, agents, agents, self.categories), 1 / self.categories)
        return self.reasoning(start.h, start.G, start.U, start.present)

    def read_out(self, G: Tensor, head: int, start: Features) -> Float[Tensor, "batch agents future d"]:
        """idct(phi_o(G - mean) + mean) + centre."""
        mean = agent_mean(G, start.present)
        D = dct_matrix(self.future, dtype=G.dtype, device=G.device)
        return D.T @ (mix_channels(self.predict_head[head].weight, G - mean) + mean) + start.centre

    def forward(
        self,
        positions: Float[Tensor, "batch agents past d"],
        velocities: Float[Tensor, "batch agents past d"] | None = None,
        mask: Bool[Tensor, "batch agents"] | None = None,
        return_graph: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """The future, (batch, agents, future, n), or (batch, agents, heads, future, n) with several heads.

        Args:
            velocities: differences of frames; by default those of the positions. mask: which agents are there.
            return_graph: also c, (batch, agents, agents, categories).

        Raises:
            ValueError: names what has another shape, is no mask, or is not finite.
        """
        _check(self, positions, velocities, mask)
        start = self.initial(positions, velocities, mask)
        c = self.graph(start)
        h, G = start.h, start.G
        for layer in self.layers:
            h, G = layer(h, G, start.U, c, start.present)
        if self.heads == 1:
            found = self.read_out(G, 0, start)
        else:
            ends = [layer(h, G, start.U, c, start.present)[1] for layer in self.head_layers]
            found = torch.stack([self.read_out(end, i, start) for i, end in enumerate(ends)], dim=2)
        return (found, c) if return_graph else found
