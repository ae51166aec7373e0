"""TECO-ConvS5's interface: the same core between a frozen VQ encoder and a MaskGIT decoder (section 4.2).

The lab has no weights for either: whoever has them passes them in. The configurations are the paper's.
"""

from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor, nn


@runtime_checkable
class Codebook(Protocol):
    """A frozen vector-quantising autoencoder: frames to tokens, and back."""

    def encode(self, video: Tensor) -> Tensor:
        """(batch, length, C, H, W) to tokens (batch, length, h, w)."""

    def decode(self, tokens: Tensor) -> Tensor:
        """Tokens to frames."""


@runtime_checkable
class Prior(Protocol):
    """A MaskGIT decoder: from features of the past to the next frame's tokens."""

    def loss(self, features: Tensor, tokens: Tensor) -> Tensor:
        """The masked tokens' cross-entropy."""

    def sample(self, features: Tensor) -> Tensor:
        """Tokens, unmasked round by round."""


class TecoConfig(NamedTuple):
    """A data set's configuration: 16 x 16 VQ tokens, ConvS5 layers over their embeddings."""

    d_model: int = 512
    P: int = 512
    n_layers: int = 8
    learning_rate: float = 5e-4
    batch: int = 16
    steps: int = 250_000
    clip_eigs: bool = True


CONFIGS = {
    "dmlab": TecoConfig(clip_eigs=False),
    "minecraft": TecoConfig(),
    "habitat": TecoConfig(),
}


class TecoConvS5(nn.Module):
    """tokens -> embedding -> core over time -> features for the prior of the next frame's tokens."""

    def __init__(
        self, codebook: Codebook, core: nn.Module, prior: Prior, n_tokens: int, d_model: int, **place
    ):
        super().__init__()
        if n_tokens < 1 or d_model < 1:
            raise ValueError(f"n_tokens and d_model must be at least 1; got {n_tokens}, {d_model}")
        self.codebook, self.core, self.prior = codebook, core, prior
        self.embed = nn.Embedding(n_tokens, d_model, **place)

    def forward(
        self, tokens: Int[Tensor, "batch length h w"], states: list | None = None
    ) -> tuple[Float[Tensor, "batch length d h w"], list]:
        """(features of frames 0..k for each k, states)."""
        return self.core(self.embed(tokens).movedim(-1, 2), states)

    def loss(self, video: Float[Tensor, "batch length C H W"]) -> Tensor:
        """The prior's loss on the next frame's tokens."""
        tokens = self.codebook.encode(video)
        features, _ = self(tokens[:, :-1])
        return self.prior.loss(features, tokens[:, 1:])
