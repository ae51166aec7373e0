"""Data: numbers to sort, star-shaped graphical models, and 5-grams of a Markov chain."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def sorting_batch(batch: int, n: int, generator: torch.Generator) -> Float[Tensor, "batch n 1"]:
    """Numbers uniform in [0, 1], drawn on the CPU."""
    return torch.rand(batch, n, 1, generator=generator, device="cpu")


def pairs_of(x: Float[Tensor, "batch n 1"]) -> tuple[Float[Tensor, "batch pairs k"], Int[Tensor, "batch n"]]:
    """Sorting as an output *set* (section 5.2.2): all n^2 pairs (element, rank), and which n of them are true.

    The true pairs come by rank; any other order of them is as good an answer. Pair i * n + r is element i at rank r.
    """
    batch, n, _ = x.shape
    ranks = torch.eye(n, device=x.device, dtype=x.dtype)
    features = torch.cat([x[:, :, None].expand(-1, -1, n, -1), ranks.expand(batch, n, -1, -1)], -1).flatten(
        1, 2
    )
    return features, x[..., 0].argsort(-1) * n + torch.arange(n, device=x.device)


class StarModel:
    """A star-shaped graphical model: a head variable, and n - 1 others that depend on it alone (section 5.1.3).

    y_0 ~ softmax(s g_0),  y_j | y_0 ~ softmax(s G_j[y_0]),  with standard normal g_0 and G_j.

    Args:
        n: variables, the head among them. symbols: values of each. peakiness: s; large is nearly deterministic.
    """

    def __init__(self, n: int, symbols: int, peakiness: float, generator: torch.Generator):
        if n < 1 or symbols < 1 or peakiness < 0:
            raise ValueError(
                f"n and symbols must be at least 1, peakiness at least 0; got {n}, {symbols}, {peakiness}"
            )
        self.n, self.symbols = n, symbols

        def draw(*shape):
            return torch.randn(*shape, generator=generator, device="cpu", dtype=torch.float64)

        self.head = (peakiness * draw(symbols)).log_softmax(-1)
        self.tables = (peakiness * draw(n - 1, symbols, symbols)).log_softmax(-1)

    def sample(self, count: int, generator: torch.Generator) -> Int[Tensor, "count n"]:
        """Values (count, n), the head first."""
        head = torch.multinomial(self.head.exp(), count, replacement=True, generator=generator)
        rows = self.tables[:, head].exp().flatten(0, 1)
        if self.n == 1:
            return head[:, None]
        others = torch.multinomial(rows, 1, generator=generator).view(self.n - 1, count).T
        return torch.cat([head[:, None], others], 1)

    def log_prob(self, values: Int[Tensor, "count n"]) -> Float[Tensor, " count"]:
        """log p(y) = log p(y_0) + sum_j log p(y_j | y_0)."""
        head = values[:, 0]
        each = self.tables[torch.arange(self.n - 1, device="cpu"), head[:, None], values[:, 1:]]
        return self.head[head] + each.sum(-1)

    def tokens(self, values: Int[Tensor, "count n"]) -> Int[Tensor, "count n"]:
        """Tokens "variable j has the value v": j * symbols + v."""
        return values + self.symbols * torch.arange(self.n, device="cpu")


class MarkovText:
    """A Markov chain over `symbols` words: text whose exact perplexity is known."""

    def __init__(self, symbols: int, peakiness: float, generator: torch.Generator):
        noise = torch.randn(symbols, symbols, generator=generator, device="cpu", dtype=torch.float64)
        self.transition = (peakiness * noise).softmax(-1)
        stationary = torch.full((symbols,), 1 / symbols, dtype=torch.float64, device="cpu")
        for _ in range(500):
            stationary = stationary @ self.transition
        self.stationary = stationary

    def five_grams(self, count: int, generator: torch.Generator) -> Int[Tensor, "count 5"]:
        """So many stretches of five words, each from the stationary distribution."""
        words = [torch.multinomial(self.stationary, count, replacement=True, generator=generator)]
        for _ in range(4):
            words.append(torch.multinomial(self.transition[words[-1]], 1, generator=generator)[:, 0])
        return torch.stack(words, 1)

    def perplexity(self) -> float:
        """exp of the entropy of a five-gram, a word: what no model can beat."""
        first = -(self.stationary * self.stationary.log()).sum()
        rest = -(self.stationary[:, None] * self.transition * self.transition.log()).sum()
        return math.exp((first + 4 * rest).item() / 5)


def five_grams(tokens: Int[Tensor, " length"]) -> Int[Tensor, "count 5"]:
    """All stretches of five consecutive tokens."""
    if len(tokens) < 5:
        raise ValueError(f"tokens must have at least 5 entries; got {len(tokens)}")
    return tokens.unfold(0, 5, 1)


def as_pairs(grams: Int[Tensor, "count 5"], symbols: int) -> Int[Tensor, "count 5"]:
    """A five-gram as a set of pairs (word, position), each a token: position * symbols + word (section 5.2.1)."""
    return grams + symbols * torch.arange(grams.shape[1], device=grams.device)
