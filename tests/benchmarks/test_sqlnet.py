"""SQLNet's hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import sqlite3

import pytest
import torch

from labkit.ordering.sqlnet.data import Batch, HashedEmbedding, generate
from labkit.ordering.sqlnet.method import SQLNet, pool

CORPUS = generate(64, 1, 0)


def made():
    torch.manual_seed(0)
    return SQLNet(HashedEmbedding(64), d=64, layers=1).eval(), Batch.of(CORPUS.examples)


@pytest.mark.benchmark(group="column names of a batch of 64")
def test_each_name_once_v_each_table_apart(race):
    model, batch = made()
    part = model.part("columns")
    vectors = part.vectors(batch)

    def apart():
        rows = []
        for i in range(len(batch.examples)):
            own = batch.columns[i][batch.column_mask[i]]
            states, _ = part.names(vectors[batch.names[own]], batch.name_lengths[own])
            rows.append(pool(states, batch.name_lengths[own]))
        return rows

    with torch.no_grad():
        assert torch.allclose(part.read_names(batch, vectors)[0][: len(apart()[0])], apart()[0], atol=1e-5)
        race(lambda: part.read_names(batch, vectors), apart, goal=2, baseline="table by table")


@pytest.mark.benchmark(group="values of a batch of 64, greedily")
def test_stopping_at_the_end_v_fifty_steps(race):
    from labkit.ordering.sqlnet.experiment.shipped import trained

    _, batch = made()
    part = trained().part("values")
    args = (batch, batch.condition_columns, batch.condition_mask)
    with torch.no_grad():
        race(
            lambda: part.point(*args, steps=50),
            lambda: part.point(*args, steps=50, early=False),
            goal=3,
            baseline="50 steps",
        )


@pytest.mark.benchmark(group="loss of operators and values, batch of 64")
def test_the_loss_at_once_v_a_loop(race):
    model, batch = made()
    with torch.no_grad():
        scores = model(batch)

    def loop():
        row, total = 0, 0.0
        for i, example in enumerate(batch.examples):
            for slot in range(len(example.query.conditions)):
                total += torch.nn.functional.cross_entropy(
                    scores.operators[i, slot], batch.operators[i, slot]
                )
                for step in range(int(batch.value_mask[i, slot].sum())):
                    total += torch.nn.functional.cross_entropy(
                        scores.values[row, step], batch.values[i, slot, step]
                    )
                row += 1
        return total

    race(lambda: model.loss(scores, batch), loop, goal=5, baseline="loop over conditions")


@pytest.mark.benchmark(group="executing 256 queries")
def test_one_prepared_connection_v_asking_for_the_schema(race):
    corpus = generate(64, 4, 1)
    database = corpus.database

    def asking():
        for e in corpus.examples:
            sql, values = database.statement(e.table.id, e.query)
            connection = sqlite3.connect(":memory:")
            connection.execute("SELECT sql FROM sqlite_master").fetchall()
            connection.close()
            database._run(sql, values)

    race(
        lambda: [database.execute(e.table.id, e.query) for e in corpus.examples],
        asking,
        baseline="a connection and its schema each time",
    )
