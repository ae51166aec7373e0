"""Training a model on questions, and choosing the best weights of each slot on the development set."""

from collections.abc import Callable

import torch
from torch import nn

from labkit.experiment.progress import Progress, silent
from labkit.ordering.sqlnet.data import Batch, Corpus
from labkit.ordering.sqlnet.method import SQLNet
from labkit.ordering.sqlnet.metrics import evaluate
from labkit.ordering.sqlnet.query import Query
from labkit.training import epochs, fit

CLIP = 5.0
# what is chosen together: the paper keeps the best aggregation, select and condition predictors
GROUPS = {
    "agg": ("aggregation",),
    "select": ("select",),
    "where": ("number", "columns", "operators", "values"),
}


def train(
    model: nn.Module,
    loss: Callable[[nn.Module, Batch], torch.Tensor],
    corpus: Corpus,
    steps: int,
    rate: float,
    size: int,
    seed: int,
    device: torch.device,
    evaluate_with: Callable[[nn.Module], float] | None = None,
    every: int = 0,
    progress: Progress = silent,
) -> list[float]:
    """Adam on shuffled batches; returns the losses."""
    index = epochs(len(corpus.examples), size, seed)

    def batch(step: int) -> Batch:
        return Batch.of([corpus.examples[i] for i in index(step).tolist()], device)

    found = fit(
        model,
        batch,
        loss,
        torch.optim.Adam([p for p in model.parameters() if p.requires_grad], rate),
        steps=steps,
        device=device,
        clip=CLIP,
        evaluate=evaluate_with,
        evaluate_every=every,
        progress=progress,
    )
    return found.losses


def chunks(corpus: Corpus, device: torch.device, size: int = 128):
    """Batches of a corpus, in order."""
    for start in range(0, len(corpus.examples), size):
        yield Batch.of(corpus.examples[start : start + size], device)


class Best:
    """The best weights of each group of slots on the development set, put together at the end."""

    def __init__(self, model: SQLNet, dev: Corpus, device: torch.device):
        self.model, self.dev, self.device = model, dev, device
        self.scores: dict[str, float] = {}
        self.states: dict[str, dict] = {}
        self.curve: list[dict[str, float]] = []

    def __call__(self, _: nn.Module) -> float:
        """Look at the development set; returns the accuracy of the WHERE columns."""
        verdicts = evaluate(predict(self.model, self.dev, self.device), self.dev.examples)
        rates = {name: found.float().mean().item() for name, found in verdicts.items()}
        whole = "values" in self.model.parts
        chosen = {
            "agg": rates["agg"],
            "select": rates["select"],
            "where": rates["where" if whole else "where_columns"],
        }
        self.curve.append(rates)
        for group, score in chosen.items():
            parts = [part for part in GROUPS[group] if part in self.model.parts]
            if parts and score > self.scores.get(group, -1.0):
                self.scores[group] = score
                self.states[group] = {
                    part: {k: v.detach().clone() for k, v in self.model.part(part).state_dict().items()}
                    for part in parts
                }
        return rates["where_columns"]

    def restore(self) -> None:
        """Stitch the best of each group together."""
        for states in self.states.values():
            for part, state in states.items():
                self.model.part(part).load_state_dict(state)


def predict(model: SQLNet, corpus: Corpus, device: torch.device, **options) -> list[Query]:
    """Queries for a corpus; parts that the model lacks are filled in as empty as they can be."""
    model.eval()
    found: list[Query] = []
    whole = len(model.parts) == 6
    for batch in chunks(corpus, device):
        if whole:
            found += model.predict(batch, **options)
            continue
        columns, K = model.conditions(batch)
        with torch.no_grad():
            select = model.part("select")(batch).argmax(-1).tolist()
        for i in range(len(batch.examples)):
            slots = tuple((int(c), 0, "") for c in columns[i, : int(K[i])])
            found.append(Query(select[i], 0, slots))
    return found
