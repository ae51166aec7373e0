"""Output sets: a model of sequences, all the orders of a set, and the search for a good one (section 5)."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.ordering.beam import beam_search
from labkit.ordering.permutations import all_permutations, check_orders

LARGEST = 7  # 7! = 5040 orders are listed, 8! are not
MODES = ("given", "uniform", "max", "sample_exact", "sample_ancestral", "beam")


class SetLanguageModel(nn.Module):
    """An LSTM over tokens with a start symbol; the elements of a set are written one by one.

    Args:
        vocab: different tokens. d: width of embedding and state.
        allow_duplicates: allow a token twice in a set (its orders are then no longer distinct).
    """

    def __init__(self, vocab: int, d: int, allow_duplicates: bool = False):
        super().__init__()
        self.vocab, self.allow_duplicates = vocab, allow_duplicates
        self.embed = nn.Embedding(vocab + 1, d)  # the last is the start symbol
        self.lstm = nn.LSTM(d, d, batch_first=True)
        self.out = nn.Linear(d, vocab)

    def logits(self, sequence: Int[Tensor, "batch n"]) -> Float[Tensor, "batch n vocab"]:
        """Logits of every token, given those before it."""
        start = torch.full_like(sequence[:, :1], self.vocab)
        hidden, _ = self.lstm(self.embed(torch.cat([start, sequence[:, :-1]], 1)))
        return self.out(hidden)

    def log_prob(self, sequence: Int[Tensor, "batch n"]) -> Float[Tensor, " batch"]:
        """log p(y_1, ..., y_n) = sum_t log p(y_t | y_<t)."""
        return -nn.functional.cross_entropy(
            self.logits(sequence).transpose(1, 2), sequence, reduction="none"
        ).sum(-1)

    def step(self, state: tuple[Tensor, Tensor] | None, token: Int[Tensor, " batch"] | None, batch: int = 0):
        """log p (batch, vocab) of the next token after one more token (None: the start), and the next state."""
        if token is None:
            token = torch.full((batch,), self.vocab, device=self.out.weight.device)
        carried = None if state is None else (state[0][None].contiguous(), state[1][None].contiguous())
        hidden, (h, c) = self.lstm(self.embed(token)[:, None], carried)
        return self.out(hidden[:, 0]).log_softmax(-1), (h[0], c[0])


def check_items(model: SetLanguageModel, items: Int[Tensor, "batch n"]) -> None:
    """Refuse an empty set, and a token that stands in a set twice (unless the model allows it)."""
    if items.shape[1] == 0:
        raise ValueError("items: row 0 has no elements; a set needs at least one")
    if not model.allow_duplicates:
        sorted_items = items.sort(-1).values
        twice = (sorted_items[:, 1:] == sorted_items[:, :-1]).any(-1).nonzero()
        if len(twice):
            row = int(twice[0])
            raise ValueError(
                f"items: row {row} is {items[row].tolist()}, with a token twice: its orders are ambiguous "
                "(allow_duplicates=True allows it)"
            )


def order_log_probs(
    model: SetLanguageModel,
    items: Int[Tensor, "batch n"],
    orders: Int[Tensor, "*batch count n"],
    chunk: int = 65_536,
) -> Float[Tensor, "batch count"]:
    """log p(Y_pi) of each set in each order, in one batched call (in chunks of so many sequences).

    Args:
        orders: (count, n) for all sets, or (batch, count, n).
    """
    check_items(model, items)
    check_orders(orders)
    orders = orders.expand(len(items), -1, -1) if orders.dim() == 2 else orders
    sequences = items[:, None].expand(-1, orders.shape[1], -1).gather(2, orders).flatten(0, 1)
    return torch.cat([model.log_prob(part) for part in sequences.split(chunk)]).view(len(items), -1)


def _every_order(items: Tensor) -> Tensor:
    n = items.shape[1]
    if n > LARGEST:
        raise ValueError(
            f"items: sets of {n} have {math.factorial(n):,} orders; all of them are tried up to {LARGEST} elements. "
            'Use best_order(method="beam") instead'
        )
    return all_permutations(n, items.device)


def set_log_likelihood(model: SetLanguageModel, items: Int[Tensor, "batch n"]) -> Float[Tensor, " batch"]:
    """log p(Y) = log sum_pi p(Y_pi): the probability of the set, in whatever order.

    Raises:
        ValueError: more than 7 elements.
    """
    return order_log_probs(model, items, _every_order(items)).logsumexp(-1)


@torch.no_grad()
def best_order(
    model: SetLanguageModel, items: Int[Tensor, "batch n"], method: str = "exact", beam: int = 8
) -> tuple[Int[Tensor, "batch n"], Float[Tensor, " batch"]]:
    """The order of largest probability, and its log-probability.

    Args:
        method: `exact` tries all n! (up to 7 elements); `beam` keeps the best `beam` beginnings.
    """
    if method == "exact":
        every = _every_order(items)
        best = order_log_probs(model, items, every).max(-1)
        return every[best.indices], best.values
    if method != "beam":
        raise ValueError(f"method: {method!r}; choose from exact, beam")
    check_items(model, items)
    n = items.shape[1]

    def step(chosen: Tensor | None, carried: tuple):
        mine, state = carried
        token = None if chosen is None else mine.gather(1, chosen[:, None])[:, 0]
        log_p, state = model.step(state if chosen is not None else None, token, len(mine))
        return log_p.gather(1, mine), (mine, state)

    def fresh(history: Tensor) -> Tensor:
        may = torch.ones(len(history), n, dtype=torch.bool, device=items.device)
        return may.scatter(1, history, False)

    found = beam_search(step, (items, ()), beam, n, fresh, batch=len(items), renormalise=False)
    return found.tokens[:, 0], found.scores[:, 0]


@torch.no_grad()
def sample_order(
    model: SetLanguageModel, items: Int[Tensor, "batch n"], generator: torch.Generator | None = None
) -> tuple[Int[Tensor, "batch n"], Float[Tensor, " batch"]]:
    """An order by ancestral sampling, and the log-probability log q of having drawn it (section 5.2).

    At each step one of the elements that are left, with the model's probabilities renormalised over them. n evaluations
    instead of n!. No gradient passes through it. The draws are made on the CPU.
    """
    check_items(model, items)
    batch, n = items.shape
    left = torch.ones(batch, n, dtype=torch.bool, device=items.device)
    orders, log_q, state, token = [], 0.0, None, None
    for _ in range(n):
        log_p, state = model.step(state, token, batch)
        # q(j) = p(y_j | prefix) / sum_{k left} p(y_k | prefix)
        q = log_p.gather(1, items).masked_fill(~left, -torch.inf).log_softmax(-1)
        drawn = torch.multinomial(q.exp().cpu(), 1, generator=generator).to(items.device)
        orders.append(drawn)
        log_q = log_q + q.gather(1, drawn)[:, 0]
        left = left.scatter(1, drawn, False)
        token = items.gather(1, drawn)[:, 0]
    return torch.cat(orders, 1), log_q


class OrderSearch:
    """Which order each set is trained in (section 5.2).

    Args:
        mode: `given` (the first candidate, by default as the items stand), `uniform`, `max` (the best of all),
            `sample_exact` (in proportion to p(Y_pi)), `sample_ancestral`, `beam` (the best that a beam finds).
        pretrain_steps: uniformly random orders before that; 1000 in the paper. Without them the search locks onto what
            the random start happens to favour.
        candidates: the orders (count, n) to choose among; by default all n!.
    """

    def __init__(
        self, mode: str, pretrain_steps: int = 1000, candidates: Tensor | None = None, beam: int = 8
    ):
        if mode not in MODES:
            raise ValueError(f"mode: {mode!r}; choose from {', '.join(MODES)}")
        if pretrain_steps < 0:
            raise ValueError(f"pretrain_steps must be at least 0; got {pretrain_steps}")
        if candidates is not None:
            check_orders(candidates)
        self.mode, self.pretrain_steps, self.candidates, self.beam = mode, pretrain_steps, candidates, beam

    @torch.no_grad()
    def choose(
        self, model: SetLanguageModel, items: Int[Tensor, "batch n"], step: int, generator: torch.Generator
    ) -> Int[Tensor, "batch n"]:
        """The order of each set for this step; the model is only asked, never trained here."""
        batch, n = items.shape
        device = items.device
        if self.mode == "given":
            first = (
                torch.arange(n, device=device) if self.candidates is None else self.candidates[0].to(device)
            )
            return first.expand(batch, -1)
        if self.mode == "uniform" or step < self.pretrain_steps:
            if self.candidates is None:
                return torch.rand(batch, n, generator=generator, device="cpu").argsort(-1).to(device)
            drawn = torch.randint(len(self.candidates), (batch,), generator=generator, device="cpu")
            return self.candidates.to(device)[drawn.to(device)]
        training = model.training
        model.eval()
        try:
            return self._search(model, items, generator)
        finally:
            model.train(training)

    def _search(self, model, items, generator) -> Tensor:
        if self.mode == "sample_ancestral":
            return sample_order(model, items, generator)[0]
        if self.mode == "beam":
            return best_order(model, items, "beam", self.beam)[0]
        every = _every_order(items) if self.candidates is None else self.candidates.to(items.device)
        scores = order_log_probs(model, items, every)
        if self.mode == "max":
            return every[scores.argmax(-1)]
        drawn = torch.multinomial(scores.softmax(-1).cpu(), 1, generator=generator)[:, 0]
        return every[drawn.to(items.device)]
