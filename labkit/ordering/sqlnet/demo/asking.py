"""Asking a table: the predicted query is run, and judged; and what types rule out."""

from typing import Annotated

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, MaxLen, doc

from labkit.demo import Label, demo
from labkit.ordering.sqlnet import figures
from labkit.ordering.sqlnet.data import Batch, Example
from labkit.ordering.sqlnet.demo.examples import Number, corpus, shown
from labkit.ordering.sqlnet.experiment.shipped import trained
from labkit.ordering.sqlnet.method import forbidden
from labkit.ordering.sqlnet.metrics import judge
from labkit.ordering.sqlnet.query import QueryError


@demo("Ask a table, and run the query")
def ask(
    table: Annotated[
        int, Interval(ge=1, le=12), Label("table"), doc("twelve tables that no model was trained on")
    ] = 1,
    question: Annotated[str, MaxLen(160), Label("question"), doc("empty: the table's own question")] = "",
    masks: Annotated[
        bool, Label("type masks"), doc("let the columns' types rule out what cannot be")
    ] = False,
) -> tuple[go.Figure, pd.DataFrame]:
    """Leave the question empty to see the table's own, with its gold query; then write one of yours about the same
    table. The rows that meet the predicted conditions are shaded, and the list below says what the query returned.
    Ask for something that the table does not know, or paste SQL: the query is filled in anyway, and nothing can be
    broken, for values are bound and the database is read-only.
    """
    own = shown()[table - 1]
    asked = own.question if not question.strip() else question
    try:
        example = Example(asked, own.table)
    except ValueError as error:
        note = pd.DataFrame({"what": ["question"], "is": [str(error)]})
        drawn = figures.answered(own.table.header, own.table.rows, (), 0, title="No query")
        return drawn, note
    query = trained().predict(Batch.of([example]), masks=masks)[0]
    database, facts = corpus().database, {}
    try:
        rows = database.rows(own.table.id, query)
        result = database.execute(own.table.id, query)
        facts["result"] = ", ".join(
            "NULL" if v is None else f"{v:g}" if isinstance(v, float) else str(v) for v in result
        )
        facts["result"] = facts["result"] or "no rows"
    except QueryError as error:
        rows, facts["result"] = [], f"cannot be executed, which counts as wrong: {error}"
    sql = query.to_sql(own.table)
    facts = {"question": asked, "predicted": sql, **facts}
    if not question.strip():
        gold = own.query
        verdict = judge(query, own, database)
        facts["gold"] = gold.to_sql(own.table)
        facts["gold result"] = ", ".join(map(str, database.execute(own.table.id, gold)))
        facts["logical form"] = _say(
            verdict["lf"], "same conditions, same order", "another query, or another order"
        )
        facts["query match"] = _say(
            verdict["qm"], "same set of conditions", "another select, aggregation or condition"
        )
        facts["execution"] = _say(verdict["ex"], "same result", "another result, or none")
    else:
        facts["verdict"] = "your question has no gold query: judge for yourself"
    title = _short(sql)
    drawn = figures.answered(own.table.header, own.table.rows, rows, query.select, title=title)
    return drawn, pd.DataFrame({"what": list(facts), "is": list(facts.values())})


def _say(right: bool, yes: str, no: str) -> str:
    return f"right: {yes}" if right else f"wrong: {no}"


def _short(sql: str) -> str:
    import textwrap

    return "<br>".join(textwrap.wrap(sql.replace("<", "&lt;"), 80))


@demo("What types rule out")
def types(example: Number = 1) -> go.Figure:
    """A text has no average, and 'more than Oslo' is no condition. The bars are the probability that the model
    leaves on
    what the types forbid, in the selected column's aggregation and in the operators of the columns taken, for your
    question and the seven after it; after masking (ticks) it is zero. Where is much left, and would it have won?
    """
    chosen = [shown()[(example - 1 + i) % len(shown())] for i in range(8)]
    batch, model = Batch.of(chosen), trained()
    with torch.no_grad():
        select = model.part("select")(batch).argmax(-1)
        aggregation = model.part("aggregation")(batch, select)
        order, K = model.conditions(batch)
        operators = model.part("operators")(batch, order)
    taken = torch.arange(4, device=K.device) < K[:, None]
    ruled_out = forbidden(batch, select, order)
    mass, masked = {}, {}
    for name, scores, banned in (
        ("aggregation", aggregation[:, None], ruled_out[0][:, None]),
        ("operators (the worst column)", operators, ruled_out[1] & taken[..., None]),
    ):
        for found, logits in ((mass, scores), (masked, scores.masked_fill(banned, -torch.inf))):
            found[name] = (logits.softmax(-1) * banned).sum(-1).amax(1).tolist()
    labels = [f"{i + 1}. {e.question[:44]}" for i, e in enumerate(chosen)]
    return figures.type_mass(mass, masked, labels, title="Probability of what the types forbid")
