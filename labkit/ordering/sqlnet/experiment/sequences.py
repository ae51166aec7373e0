"""The rival: WHERE as a sequence, in one order or another, and REINFORCE, which is meant to make up for the order."""

import torch

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.ordering.sqlnet.baseline import Seq2SQL
from labkit.ordering.sqlnet.data import Batch, Corpus
from labkit.ordering.sqlnet.experiment.data import Questions, embedding, questions
from labkit.ordering.sqlnet.experiment.measuring import record
from labkit.ordering.sqlnet.experiment.settings import SQLNetSettings
from labkit.ordering.sqlnet.experiment.training import CLIP, chunks, train
from labkit.ordering.sqlnet.metrics import evaluate
from labkit.ordering.sqlnet.query import Query
from labkit.training import epochs

WHERE = ("where", "where_number", "where_columns", "where_operators", "where_values")


def make(settings: SQLNetSettings, vectors, order: str) -> Seq2SQL:
    """The WHERE decoder alone."""
    return Seq2SQL(vectors, settings.d, settings.layers, order, slots=False, feed=settings.feed)


def predict(model: Seq2SQL, corpus: Corpus, device: torch.device) -> list[Query]:
    """Gold select and aggregation, with the WHERE clause that the decoder writes."""
    model.eval()
    written = [where for batch in chunks(corpus, device) for where in model.predict_where(batch, steps=36)]
    return [
        Query(e.query.select, e.query.aggregation, where)
        for e, where in zip(corpus.examples, written, strict=True)
    ]


def sequences(settings: SQLNetSettings, run: Run) -> None:
    """Accuracies of the WHERE decoder for each order that it is taught, and after REINFORCE on the schema's order."""
    data = questions(settings, run.seed)
    run.uses(data.name)
    n = len(settings.orders) + (settings.reinforce > 0)
    for k, order in enumerate(settings.orders):
        seed_everything(run.seed)
        model = make(settings, embedding(settings, data.train), order).to(run.device)
        shuffled = run.generator(80)

        def loss(_, batch: Batch, model=model, shuffled=shuffled) -> torch.Tensor:
            return model.where_loss(batch, shuffled)

        best = BestWhere(model, data.dev, run.device)
        losses = train(
            model, loss, data.train, settings.steps, settings.rate, settings.batch, run.seed, run.device,
            best, settings.every, part(run.progress, k / n, (k + 1) / n, f"{order} order"),
        )  # fmt: skip
        best.restore()
        run.keep(f"losses/{order}", torch.tensor(losses, device="cpu"))
        for i, rate in enumerate(best.curve):
            step = min((i + 1) * settings.every, settings.steps)
            run.measure("dev where_columns", rate, step=step, model=f"sequence, {order} order")
        _record(run, f"sequence, {order} order", model, data)
        for name, value in model.state_dict().items():
            run.keep(f"weights/{order}/{name}", value)
        if order == "schema" and settings.reinforce:
            report = part(run.progress, (n - 1) / n, 1.0, "REINFORCE")
            reinforce(model, data.train, settings, run, report)
            _record(run, "sequence, REINFORCE", model, data)


class BestWhere:
    """The weights with the most WHERE clauses right on the development set."""

    def __init__(self, model: Seq2SQL, dev: Corpus, device: torch.device):
        self.model, self.dev, self.device = model, dev, device
        self.score, self.state, self.curve = -1.0, None, []

    def __call__(self, _) -> float:
        """Look at the development set; returns the share of WHERE clauses that are right."""
        found = evaluate(predict(self.model, self.dev, self.device), self.dev.examples)
        self.curve.append(found["where_columns"].float().mean().item())
        score = found["where"].float().mean().item()
        if score > self.score:
            self.score, self.state = score, {k: v.clone() for k, v in self.model.state_dict().items()}
        return score

    def restore(self) -> None:
        """Go back to them."""
        self.model.load_state_dict(self.state)


def reinforce(model: Seq2SQL, corpus: Corpus, settings: SQLNetSettings, run: Run, report) -> None:
    """REINFORCE with the execution's reward, in place."""
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), settings.reinforce_rate)
    generator, index = run.generator(81), epochs(len(corpus.examples), settings.batch, run.seed + 900)
    for step in range(settings.reinforce):
        batch = Batch.of([corpus.examples[i] for i in index(step).tolist()], run.device)
        loss, mean = model.reinforce_step(batch, corpus.database, generator, steps=24)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        run.measure("reward", mean, model="sequence, REINFORCE", step=step + 1)
        report((step + 1) / settings.reinforce, f"reward {mean:.2f}")


def _record(run: Run, name: str, model: Seq2SQL, data: Questions) -> None:
    found = {kind: predict(model, corpus, run.device) for kind, corpus in data.test.items()}
    record(run, name, found, data.test, WHERE)
