"""S4 as a language model: blocks of S4, S4 and a feed-forward layer under an adaptive softmax (S4, WikiText-103)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.state_space.layers import S4Layer, SequenceModel


class FeedForward(nn.Module):
    """Linear, GELU, linear at each step by itself, with a layer's interface; its state is empty."""

    def __init__(self, d_model: int, ratio: int = 4, dropout: float | int = 0.0, dtype=None, device=None):
        super().__init__()
        place = {"dtype": dtype, "device": device}
        self.inner = nn.Linear(d_model, ratio * d_model, **place)
        self.outer = nn.Linear(ratio * d_model, d_model, **place)
        self.drop = nn.Dropout(dropout)

    def forward(
        self, u: Float[Tensor, "*batch channels"], state: Tensor | None = None, rate: float | int = 1.0
    ) -> Float[Tensor, "*batch channels"] | tuple[Tensor, Tensor]:
        y = self.outer(self.drop(nn.functional.gelu(self.inner(u))))
        return y if state is None else (y, state)

    def step(self, u: Float[Tensor, "batch channels"], state: Tensor) -> tuple[Tensor, Tensor]:
        """(output, the same empty state)."""
        return self(u, state)

    def default_state(self, batch: int, max_length: int | None = None) -> Float[Tensor, "batch 0"]:
        """Nothing."""
        return self.inner.weight.detach().new_zeros(batch, 0)


class S4LanguageModel(SequenceModel):
    """Embedding -> blocks of (S4, S4, feed-forward), each pre-norm with a residual -> norm -> adaptive softmax.

    cutoffs    where the frequent words end and each rarer cluster begins (Grave et al. 2017)
    options    for the S4 layers

    The paper's is 16 blocks of width 1024 over 267,735 words, with the cutoffs 20,000, 40,000 and 200,000. Raises
    ValueError for n_blocks < 1, and for cutoffs that do not rise within the vocabulary.
    """

    def __init__(
        self,
        vocabulary: int,
        d_model: int = 1024,
        n_blocks: int = 16,
        cutoffs: Sequence[int] = (20_000, 40_000, 200_000),
        dropout: float | int = 0.0,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        **options,
    ):
        if n_blocks < 1:
            raise ValueError(f"n_blocks must be at least 1; got {n_blocks}")
        ends = [0, *cutoffs, vocabulary]
        if any(a >= b for a, b in pairwise(ends)):
            raise ValueError(
                f"cutoffs must rise between 0 and the vocabulary {vocabulary}; got {list(cutoffs)}"
            )
        place = {"dtype": dtype, "device": device}
        made = iter(range(3 * n_blocks))

        def layer(width: int) -> nn.Module:
            if next(made) % 3 == 2:
                return FeedForward(width, dropout=dropout, **place)
            return S4Layer(width, dropout=dropout, **place, **options)

        super().__init__(
            vocabulary, d_model, 3 * n_blocks, layer, "layer", True, None, None, dropout, True, **place
        )
        self.head = nn.AdaptiveLogSoftmaxWithLoss(d_model, vocabulary, list(cutoffs), **place)

    def loss(self, tokens: Int[Tensor, "batch length"]) -> Float[Tensor, ""]:
        """The mean negative log-likelihood (in nats) of each token given those before it."""
        h = self(tokens[:, :-1])
        return self.head(h.flatten(0, 1), tokens[:, 1:].flatten()).loss

    def log_probabilities(
        self, features: Float[Tensor, "batch channels"]
    ) -> Float[Tensor, "batch vocabulary"]:
        """log p(next token) from what `forward` or `step` gives for a step."""
        return self.head.log_prob(features)
