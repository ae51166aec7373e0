"""What is written down about a model's predictions."""

from collections.abc import Sequence

import torch

from labkit.experiment import Run
from labkit.ordering.sqlnet.data import Corpus
from labkit.ordering.sqlnet.metrics import bootstrap, evaluate
from labkit.ordering.sqlnet.query import Query

SLOTS = ("agg", "select", "where_number", "where_columns", "where_operators", "where_values")


def record(
    run: Run,
    model: str,
    predictions: dict[str, Sequence[Query | None]],
    test: dict[str, Corpus],
    metrics: Sequence[str],
) -> None:
    """Accuracies with 95% intervals over questions, for each kind of domain and all together; and where errors lie.

    An error counts at the first slot that is wrong, in the order in which the sketch is filled.
    """
    verdicts = {
        kind: evaluate(predictions[kind], corpus.examples, corpus.database) for kind, corpus in test.items()
    }
    verdicts["all"] = {
        name: torch.cat([verdicts[kind][name] for kind in test]) for name in next(iter(verdicts.values()))
    }
    for kind, found in verdicts.items():
        for name in metrics:
            low, high = bootstrap(found[name], run.seed)
            run.measure(
                name, found[name].float().mean().item(), model=model, domains=kind, low=low, high=high
            )
    slots = [slot for slot in SLOTS if slot in metrics]
    examples = {kind: [len(e.query.conditions) for e in corpus.examples] for kind, corpus in test.items()}
    for kind in test:
        for K in sorted(set(examples[kind])):
            chosen = [i for i, k in enumerate(examples[kind]) if k == K]
            counts = dict.fromkeys(slots, 0)
            for i in chosen:
                wrong = next((slot for slot in slots if not verdicts[kind][slot][i]), None)
                if wrong:
                    counts[wrong] += 1
            for slot, count in counts.items():
                run.measure(
                    "errors",
                    count / len(chosen),
                    model=model,
                    domains=kind,
                    slot=slot,
                    conditions=K,
                    questions=len(chosen),
                )
