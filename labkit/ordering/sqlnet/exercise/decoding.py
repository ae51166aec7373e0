"""Exercise 3: a decoding rule that raises execution accuracy without training."""

from dataclasses import dataclass, replace
from functools import lru_cache

import torch

from labkit.exercise import Mistake, Wrong, exercise
from labkit.ordering.sqlnet.data import Batch, Corpus, Example, generate
from labkit.ordering.sqlnet.experiment.shipped import trained
from labkit.ordering.sqlnet.metrics import evaluate
from labkit.ordering.sqlnet.query import Query, QueryError, Table


@dataclass(frozen=True)
class Candidates:
    """What the model says about one question: everything a decoding rule may look at. Nothing gold is in here.

    Attributes:
        question: the text. table: the table with its header, types and rows.
        select, aggregations, number: log-probabilities, over columns, over the six aggregations for each select column
            (a list of lists), and over 0 to 4 conditions.
        columns: the probability of each column in WHERE.
        operators: log-probabilities of =, >, < for each column. values: the text pointed at for each column.
        run: `run(query)` gives the query's result, a list; it raises QueryError where that is impossible.
    """

    question: str
    table: Table
    select: list[float]
    aggregations: list[list[float]]
    number: list[float]
    columns: list[float]
    operators: list[list[float]]
    values: list[str]
    run: object


@lru_cache(maxsize=1)
def _hidden() -> Corpus:
    return generate(42, 3, 11, part="test")


@lru_cache(maxsize=1)
def candidates() -> tuple[Candidates, ...]:
    """The hidden questions, as the shipped model sees them."""
    corpus, model, found = _hidden(), trained(), []
    for example in corpus.examples:
        blank = replace_query(example)
        batch = Batch.of([blank])
        C = len(example.header)
        wide = Batch.of([blank] * C)
        which = torch.arange(C, device="cpu")
        column = torch.zeros(C, 4, dtype=torch.long, device="cpu")
        column[:, 0] = which
        wanted = torch.zeros(C, 4, dtype=torch.bool, device="cpu")
        wanted[:, 0] = True
        with torch.no_grad():
            pointed = model.part("values").point(wide, column, wanted).tolist()
            end = len(example.tokens) + 1
            texts = [example.text(p[: p.index(end)] if end in p else p) for p in pointed]
            found.append(
                Candidates(
                    example.question,
                    example.table,
                    model.part("select")(batch)[0].log_softmax(-1).tolist(),
                    model.part("aggregation")(wide, which).log_softmax(-1).tolist(),
                    model.part("number")(batch)[0].log_softmax(-1).tolist(),
                    model.part("columns")(batch)[0].sigmoid().tolist(),
                    model.part("operators")(wide, column)[:, 0].log_softmax(-1).tolist(),
                    texts,
                    _runner(corpus, example.table.id),
                )
            )
    return tuple(found)


def replace_query(example: Example) -> Example:
    """The example without its query."""
    return Example(example.question, example.table, None, example.domain)


def _runner(corpus: Corpus, table_id: str):
    return lambda query: corpus.database.execute(table_id, query)


def _best(scores) -> int:
    return max(range(len(scores)), key=lambda i: scores[i])


def greedy(c: Candidates) -> Query:
    """SQLNet's own decoding: the best of every slot."""
    select = _best(c.select)
    ranked = sorted(range(len(c.columns)), key=lambda i: -c.columns[i])[: _best(c.number)]
    return Query(
        select, _best(c.aggregations[select]), tuple((i, _best(c.operators[i]), c.values[i]) for i in ranked)
    )


def _masked(c: Candidates) -> Query:
    """Types decide what can be; among the column sets near the best, the first that finds a row."""
    from itertools import combinations

    select = _best(c.select)
    text = c.table.types[select] == "text"
    aggregation = _best(
        [s if not text or i in (0, 3) else -1e9 for i, s in enumerate(c.aggregations[select])]
    )
    K = min(_best(c.number), len(c.columns))
    ranked = sorted(range(len(c.columns)), key=lambda i: -c.columns[i])
    pool = [i for i in ranked if i != select][: K + 3]
    best = sorted(combinations(pool, K), key=lambda s: -sum(c.columns[i] for i in s))

    def query(columns) -> Query:
        kept = []
        for i in columns:
            operator = 0 if c.table.types[i] == "text" else _best(c.operators[i])
            kept.append((i, operator, c.values[i]))
        return Query(select, aggregation, tuple(kept))

    for columns in best[:12]:
        made = query(columns)
        if len({v for _, _, v in made.conditions}) < len(made.conditions):
            continue
        try:
            if any(v not in (None, 0, 0.0) for v in c.run(made)):
                return made
        except QueryError:
            continue
    return query(best[0]) if best else greedy(c)


def _drops_all(c: Candidates) -> Query:
    return replace(greedy(c), conditions=())


def _first_column(c: Candidates) -> Query:
    found = greedy(c)
    return replace(found, select=0)


def _not_a_query(c: Candidates) -> str:
    return greedy(c).to_sql(c.table)


def _peeks(c: Candidates) -> Query:
    return c.gold


def score(rule) -> float:
    """Execution accuracy of a decoding rule on the hidden questions."""
    corpus, found = _hidden(), []
    for candidate in candidates():
        query = rule(candidate)
        if not isinstance(query, Query):
            raise Wrong(_SAID["no query"])
        found.append(query)
    return evaluate(found, corpus.examples, corpus.database)["ex"].float().mean().item()


_SAID = {
    "greedy": "That is what SQLNet does already: the score is the greedy decoder's, and a rule has to beat it. "
    "Which queries "
    "cannot be meant at all? Use the types, and run what you are unsure of.",
    "no conditions": "Without conditions the query runs, and returns too much. A non-empty result is not enough.",
    "first column": "Selecting the first column whatever the question asks is worse than greedy decoding. Keep "
    "the best of "
    "`select`.",
    "no query": "The rule should return a Query, not its text.",
    "gold": "A decoding rule sees what the model says, and nothing gold: there is no such field.",
}


@exercise(
    "A decoding rule of your own",
    level="open",
    points=3,
    solution=_masked,
    hints=(
        "Start from `greedy(c)`. Text columns allow only '=' (operator 0), and '' or COUNT (aggregations 0 and 3).",
        "`c.run(query)` executes. An empty result often means a wrong condition column or value: try the next "
        "best set.",
        "Two conditions hardly ever have the same value in the question: prefer sets of columns whose values differ.",
    ),
    mistakes=(
        Mistake("greedy", greedy, _SAID["greedy"]),
        Mistake("no conditions", _drops_all, _SAID["no conditions"]),
        Mistake("first column", _first_column, _SAID["first column"]),
        Mistake("no query", _not_a_query, _SAID["no query"]),
        Mistake("gold", _peeks, _SAID["gold"]),
    ),
)
def decoding_rule(answer) -> str:
    r"""Raise the **execution accuracy** of the trained model without training it: write `rule(c)`, which returns
    a `Query`.

    `c` is a `Candidates`: the question, the table, and what the model says: `c.select`, `c.aggregations[column]`,
    `c.number` (log-probabilities), `c.columns` (probabilities in WHERE), `c.operators[column]`, `c.values[column]` (the
    text pointed at), and `c.run(query)`, which executes a query. `greedy(c)` is SQLNet's own decoding
    (`from labkit.ordering.sqlnet.exercise.decoding import greedy`).

    Type masks, dropping what cannot be executed, trying the next best set of columns when nothing is found: what helps?
    The rule is scored on hidden questions and has to beat greedy decoding.
    """
    if not callable(answer):
        raise Wrong("Answer with a function: rule(c) returns a Query.")
    base = score(greedy)
    try:
        found = score(answer)
    except AttributeError as error:
        if "gold" in str(error) or "query" in str(error):
            raise Wrong(_SAID["gold"]) from None
        raise
    if found <= base:
        same = all(answer(c) == greedy(c) for c in candidates()[:40])
        empty = all(not answer(c).conditions for c in candidates()[:40])
        first = all(answer(c).select == 0 for c in candidates()[:40])
        said = (
            _SAID["greedy"]
            if same
            else _SAID["no conditions"]
            if empty
            else _SAID["first column"]
            if first
            else ""
        )
        raise Wrong(
            f"Your rule executes to the right result for {found:.1%} of the hidden questions; greedy decoding for "
            f"{base:.1%}. {said}".strip()
        )
    n = len(candidates())
    return f"{found:.1%} of {n} hidden questions are answered rightly; {base:.1%} by greedy decoding."
