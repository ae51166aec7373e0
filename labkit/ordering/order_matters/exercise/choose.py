"""Exercise 3: choosing the order to train in."""

import math

import torch
from torch import Tensor, nn

from labkit.exercise import Mistake, Wrong, exercise
from labkit.ordering.order_matters.data import MarkovText, as_pairs
from labkit.ordering.order_matters.method import SetLanguageModel, set_log_likelihood
from labkit.ordering.permutations import all_permutations

STEPS, PRETRAIN, CALLS, SYMBOLS, PASS = 300, 60, 10, 12, 0.97


class CountedModel:
    """The model as an answer may use it: `log_prob(sequence)` and `step(state, token, batch)`, counted."""

    def __init__(self, model: SetLanguageModel):
        self._model, self.calls, self.vocab = model, 0, model.vocab
        self.allow_duplicates = model.allow_duplicates

    def log_prob(self, sequence: Tensor) -> Tensor:
        """log p of whole sequences (batch, n): one call."""
        self.calls += 1
        return self._model.log_prob(sequence)

    def step(self, state, token, batch: int = 0):
        """log p of the next token after one more token, and the state: one call."""
        self.calls += 1
        return self._model.step(state, token, batch)


def ancestral(model, items, rng):
    """The paper's rule."""
    state, token, orders = None, None, []
    left = torch.ones(items.shape, dtype=torch.bool, device="cpu")
    for _ in range(items.shape[1]):
        log_p, state = model.step(state, token, len(items))
        q = log_p.gather(1, items).masked_fill(~left, -torch.inf).softmax(-1)
        drawn = torch.multinomial(q, 1, generator=rng)
        left = left.scatter(1, drawn, False)
        token = items.gather(1, drawn)[:, 0]
        orders.append(drawn)
    return torch.cat(orders, 1)


def _uniform(model, items, rng):
    return torch.rand(items.shape, generator=rng, device="cpu").argsort(-1)


def _canonical(model, items, rng):
    return items.argsort(-1)


def _exhaustive(model, items, rng):
    every = all_permutations(items.shape[1])
    scores = torch.stack([model.log_prob(items[:, order]) for order in every], 1)
    return every[scores.argmax(-1)]


def _tokens(model, items, rng):
    return items.gather(1, ancestral(model, items, rng))


def _with_repeats(model, items, rng):
    return torch.randint(items.shape[1], items.shape, generator=rng, device="cpu")


def _train(rule) -> float:
    """The set perplexity a word that 300 steps with a rule reach."""
    draw = torch.Generator(device="cpu").manual_seed(7)
    text = MarkovText(SYMBOLS, 2.0, draw)
    train, test = (as_pairs(text.five_grams(count, draw), SYMBOLS) for count in (1500, 150))
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(0)
        model = SetLanguageModel(5 * SYMBOLS, 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(STEPS):
        items = train[torch.randint(len(train), (64,), generator=draw, device="cpu")]
        items = items.gather(1, _uniform(None, items, draw))  # a set has no first element
        if step < PRETRAIN:
            order = _uniform(None, items, draw)
        else:
            with torch.no_grad():
                order = _checked(rule, model, items, draw)
        loss = -model.log_prob(items.gather(1, order)).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
    with torch.no_grad():
        return math.exp(-set_log_likelihood(model, test).mean().item() / 5)


def _checked(rule, model: SetLanguageModel, items: Tensor, draw: torch.Generator) -> Tensor:
    counted = CountedModel(model)
    order = rule(counted, items.clone(), draw)
    named = {mistake.name: mistake.message for mistake in choose_order.mistakes}
    if counted.calls > CALLS:
        raise Wrong(f"{named['all orders']} Yours made {counted.calls}.")
    if not isinstance(order, Tensor) or order.shape != items.shape:
        raise Wrong(
            f"choose_order should return a tensor of shape {tuple(items.shape)}: an order for each set."
        )
    if torch.equal(order.sort(-1).values, items.sort(-1).values):
        raise Wrong(named["tokens"])
    if not torch.equal(
        order.long().sort(-1).values, torch.arange(items.shape[1], device="cpu").expand_as(items)
    ):
        raise Wrong(named["repeats"])
    return order.long()


@exercise(
    "Choosing the order",
    level="open",
    points=3,
    solution=_canonical,
    hints=(
        "Ancestral sampling: at each of five steps ask `model.step`, keep only the elements that are left, draw. It "
        "is the baseline; you have to beat it.",
        "Greedy instead of sampled? The best of a few? All of them follow the model, which knows little early on. Do "
        "*you* know something about these sets that the model does not?",
        "A token says which position its word had: position = token // 12. Which orders can you make of that?",
    ),
    mistakes=(
        Mistake(
            "uniform",
            _uniform,
            "Random orders never let the model settle on one: it has to spread its probability over all 120.",
        ),
        Mistake(
            "ancestral",
            ancestral,
            "That is ancestral sampling, the baseline: it follows preferences that the model has hardly formed. Use "
            "what you know yourself about these tokens.",
        ),
        Mistake(
            "all orders",
            _exhaustive,
            "At most 10 calls of the model are allowed for a batch; to try all 120 orders costs 120.",
        ),
        Mistake(
            "tokens",
            _tokens,
            "You return the tokens in their new order; return positions: items.gather(1, order) are the tokens.",
        ),
        Mistake(
            "repeats",
            _with_repeats,
            "Some row is no permutation: an order has every position once.",
        ),
    ),
)
def choose_order(answer) -> str:
    r"""Write `choose_order(model, items, rng)`: the order to train each set in, as positions, in a tensor of the
    shape of `items` `(batch, 5)`. The sets are five-grams as (word, position) pairs, listed in random order. You may
    ask the model at most **10 times**: `model.step(state, token, batch)` gives the log-probabilities of the next token
    and the state (`None, None` at the start), `model.log_prob(sequence)` those of whole sequences. `rng` is for draws.

    A small model is then trained with your rule (60 steps of random orders, 240 of yours), and scored by the **set
    perplexity** on unseen five-grams. It passes at least 3% below the paper's rule, ancestral sampling.
    """
    if not callable(answer):
        raise Wrong("Answer with a function choose_order(model, items, rng).")
    found = _train(answer)
    paper, random = _baseline("ancestral"), _baseline("uniform")
    if found > PASS * paper:
        named = {mistake.name: mistake.message for mistake in choose_order.mistakes}
        scores = (
            f"Set perplexity: yours {found:.2f}, ancestral sampling {paper:.2f}, random orders {random:.2f}."
        )
        same = {"uniform": random, "ancestral": paper}
        words = next((named[k] for k, v in same.items() if abs(found - v) < 1e-9), "It has to be 3% below.")
        raise Wrong(f"{scores} {words}")
    return f"The set perplexity is {found:.2f}; ancestral sampling reaches {paper:.2f}, random orders {random:.2f}."


_KNOWN: dict[str, float] = {}


def _baseline(name: str) -> float:
    """A rule's perplexity, trained once a process."""
    if name not in _KNOWN:
        _KNOWN[name] = _train({"uniform": _uniform, "ancestral": ancestral}[name])
    return _KNOWN[name]
