"""SQLNet itself: all slots, the two word vectors, and what is left without column attention."""

import copy
from collections.abc import Callable

import torch
from torch import nn

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.ordering.sqlnet.data import Batch
from labkit.ordering.sqlnet.experiment.data import embedding, questions, words_of
from labkit.ordering.sqlnet.experiment.measuring import record
from labkit.ordering.sqlnet.experiment.settings import SQLNetSettings
from labkit.ordering.sqlnet.experiment.training import Best, predict, train
from labkit.ordering.sqlnet.method import PARTS, SQLNet
from labkit.ordering.sqlnet.metrics import METRICS, evaluate

READ_ONCE = ("select", "number", "columns")


def loss_of(model: SQLNet) -> Callable[[nn.Module, Batch], torch.Tensor]:
    """The sum of the slots' losses, for the training loop."""
    return lambda wrapped, batch: sum(model.loss(wrapped(batch), batch).values())


def make(settings: SQLNetSettings, vectors, column_attention: bool = True) -> SQLNet:
    """SQLNet as the settings say; without column attention it has select, number and columns only."""
    parts = PARTS if column_attention else READ_ONCE
    return SQLNet(vectors, settings.d, settings.layers, column_attention, parts=parts)


def fitted(settings: SQLNetSettings, run: Run, column_attention: bool, report) -> tuple[SQLNet, Best]:
    """A trained SQLNet, the best of each slot on the development set."""
    data = questions(settings, run.seed)
    seed_everything(run.seed)
    model = make(settings, embedding(settings, data.train), column_attention).to(run.device)
    best = Best(model, data.dev, run.device)
    losses = train(
        model, loss_of(model), data.train, settings.steps, settings.rate, settings.batch, run.seed, run.device,
        best, settings.every, report,
    )  # fmt: skip
    best.restore()
    run.keep("losses", torch.tensor(losses, device="cpu"))
    for name, value in model.state_dict().items():
        run.keep(f"weights/{name}", value)
    for k, rates in enumerate(best.curve):
        step = min((k + 1) * settings.every, settings.steps)
        run.measure("dev where_columns", rates["where_columns"], step=step)
    return model.eval(), best


def sketch(settings: SQLNetSettings, run: Run) -> None:
    """SQLNet's accuracies; with the gold select column handed over; with type masks; with trained word vectors."""
    data = questions(settings, run.seed)
    run.uses(data.name)
    whole = settings.steps + 2 * settings.more
    model, _ = fitted(settings, run, True, part(run.progress, 0, settings.steps / whole, "SQLNet"))
    for name, options in (("SQLNet", {}), ("SQLNet, type masks", {"masks": True})):
        found = {kind: predict(model, corpus, run.device, **options) for kind, corpus in data.test.items()}
        record(run, name, found, data.test, METRICS)
    right = []
    for corpus in data.test.values():
        right.append(evaluate(predict(model, corpus, run.device, gold_select=True), corpus.examples)["agg"])
    run.measure("agg with gold select", torch.cat(right).float().mean().item(), model="SQLNet", domains="all")
    if not settings.more:
        return
    for k, (name, trained) in enumerate((("SQLNet, longer", False), ("SQLNet, words trained", True))):
        longer = copy.deepcopy(model).train()
        if trained:
            longer.train_embeddings(words_of(data.train))
        start = (settings.steps + k * settings.more) / whole
        report = part(run.progress, start, start + settings.more / whole, name)
        best = Best(longer, data.dev, run.device)
        train(
            longer, loss_of(longer), data.train, settings.more, settings.rate / 3, settings.batch, run.seed + 500,
            run.device,
            best, max(1, settings.more // 3), report,
        )  # fmt: skip
        best.restore()
        found = {kind: predict(longer, corpus, run.device) for kind, corpus in data.test.items()}
        record(run, name, found, data.test, METRICS)


def one_reading(settings: SQLNetSettings, run: Run) -> None:
    """SQLNet without column attention: which columns are in WHERE, and which is selected."""
    data = questions(settings, run.seed)
    run.uses(data.name)
    model, _ = fitted(settings, run, False, run.progress)
    found = {kind: predict(model, corpus, run.device) for kind, corpus in data.test.items()}
    record(run, "no column attention", found, data.test, ("select", "where_number", "where_columns"))
