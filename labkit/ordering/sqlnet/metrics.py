"""Logical-form, query-match and execution accuracy, the accuracy of every slot, and bootstrap intervals."""

from collections import Counter
from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from labkit.ordering.sqlnet.data.example import Example
from labkit.ordering.sqlnet.database import Database
from labkit.ordering.sqlnet.query import Query, QueryError, comparable

METRICS = (
    "lf",
    "qm",
    "ex",
    "agg",
    "select",
    "where",
    "where_number",
    "where_columns",
    "where_operators",
    "where_values",
)


def judge(prediction: Query | None, example: Example, database: Database | None = None) -> dict[str, bool]:
    """The verdict on one prediction, by metric; `empty`: right by execution, but both results are empty.

    lf    the same select and aggregation, and the same conditions in the same order
    qm    ... the same *set* of conditions
    ex    the same rows come back (in any order); what cannot be executed is wrong, whatever the gold query does
    where_operators, where_values    the pairs (column, operator) and (column, value), so that a right operator on a
                                     wrong column is wrong: the triples stay together
    """
    gold, types = example.query, example.table.types
    found = dict.fromkeys((*METRICS, "empty"), False)
    if prediction is None:
        return found
    try:
        prediction.check(example.table)
    except ValueError:
        return found

    def pairs(query: Query, *keep: int) -> Counter:
        values = [(c, o, comparable(v, types[c])) for c, o, v in query.conditions]
        return Counter(tuple(triple[k] for k in keep) for triple in values)

    same_select, same_agg = prediction.select == gold.select, prediction.aggregation == gold.aggregation
    where = set(pairs(prediction, 0, 1, 2)) == set(pairs(gold, 0, 1, 2))
    found.update(
        lf=prediction.logical_form(gold, types),
        qm=prediction.match(gold, types),
        agg=same_agg,
        select=same_select,
        where=where,
        where_number=len(prediction.conditions) == len(gold.conditions),
        where_columns=pairs(prediction, 0) == pairs(gold, 0),
        where_operators=pairs(prediction, 0, 1) == pairs(gold, 0, 1),
        where_values=pairs(prediction, 0, 2) == pairs(gold, 0, 2),
    )
    if database is not None:
        mine, theirs = _result(database, example, prediction), _result(database, example, gold)
        found["ex"] = mine is not None and mine == theirs
        found["empty"] = found["ex"] and not any(value is not None for value in mine)
    return found


def _result(database: Database, example: Example, query: Query) -> Counter | None:
    try:
        return Counter(database.execute(example.table.id, query))
    except QueryError:
        return None


def evaluate(
    predictions: Sequence[Query | None], examples: Sequence[Example], database: Database | None = None
) -> dict[str, Bool[Tensor, " questions"]]:
    """The verdicts on all predictions, by metric. Raises ValueError for lists of different lengths."""
    if len(predictions) != len(examples):
        raise ValueError(f"predictions and examples must pair up; got {len(predictions)} and {len(examples)}")
    rows = [judge(p, e, database) for p, e in zip(predictions, examples, strict=True)]
    return {
        name: torch.tensor([row[name] for row in rows], dtype=torch.bool, device="cpu")
        for name in (*METRICS, "empty")
    }


def bootstrap(verdicts: Bool[Tensor, " questions"], seed: int = 0, draws: int = 1000) -> tuple[float, float]:
    """The 95% interval of an accuracy, by resampling the questions. Raises ValueError for none."""
    n = len(verdicts)
    if n == 0:
        raise ValueError("an interval needs at least one question; got none")
    # a resample's number of right answers is binomial in the accuracy: drawing it needs no indices
    generator = torch.Generator(device="cpu").manual_seed(seed)
    p = torch.full((draws,), float(verdicts.double().mean()), dtype=torch.float64, device="cpu")
    counts = torch.binomial(torch.full_like(p, n), p, generator=generator)
    low, high = (
        (counts / n).quantile(torch.tensor([0.025, 0.975], dtype=torch.float64, device="cpu")).tolist()
    )
    return low, high
