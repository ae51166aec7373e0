"""How a question is read: for a column, slot by slot, and as scores of a set."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.ordering.sqlnet import figures
from labkit.ordering.sqlnet.data import Batch
from labkit.ordering.sqlnet.demo.examples import Number, shown
from labkit.ordering.sqlnet.experiment.shipped import trained
from labkit.ordering.sqlnet.query import AGGREGATIONS, OPERATORS

_PARTS = {
    "select": "select",
    "where": "columns",
    "aggregation": "aggregation",
    "operator": "operators",
    "value": "values",
}


@demo("Column attention: the question, read for each column")
def attention(
    example: Number = 1,
    slot: Annotated[
        Literal["where", "select", "aggregation", "operator", "value"],
        doc("each slot has a reader of its own"),
    ] = "where",
    column: Annotated[int, Interval(ge=1, le=8), Label("column"), doc("counted from the table's left")] = 1,
    column_attention: Annotated[
        bool, Label("column attention"), doc("off: one reading for all columns")
    ] = True,
) -> tuple[go.Figure, go.Figure]:
    """The words of the question, shaded by how much the column you choose reads of each; below, all columns. Move to
    a column that the question mentions by another name; then to one that it does not
    mention. Switch column attention off: all rows become one, and nothing depends on the column any more.
    """
    chosen = shown()[example - 1]
    column = min(column, len(chosen.header)) - 1
    names = list(chosen.table.header)
    batch = Batch.of([chosen])
    off = not column_attention and slot in ("where", "select")
    model = trained(not off)
    words = ("BEG", *chosen.tokens, "END")
    with torch.no_grad():
        weights = (
            _value_weights(model, batch, names)
            if slot == "value"
            else _weights(model, batch, _PARTS[slot], off)
        )
    rows = {name: weights[i].tolist() for i, name in enumerate(names)}
    title = f"{slot}: what the column {names[column]} reads"
    if off:
        title = f"{slot}: one reading for all columns"
    elif not column_attention:
        title += "<br><sup>(without column attention there is a model of where and select only)</sup>"
    one = figures.chips(words, rows[names[column]], title=title)
    return one, figures.readings(words, rows, names[column], title="The same question, read for every column")


def _weights(model, batch: Batch, part: str, off: bool) -> torch.Tensor:
    reader = model.part(part)
    vectors = reader.vectors(batch)
    E, (H, _) = reader.read_names(batch, vectors), reader.read_question(batch, vectors)
    return reader.attention.weights(E, H, batch.mask)[0]


def _value_weights(model, batch: Batch, names: list[str]) -> torch.Tensor:
    """Where the pointer goes for each column: the mean of its distributions up to END."""
    rows = []
    for i in range(len(names)):
        columns = torch.zeros_like(batch.condition_columns)
        columns[0, 0] = i
        wanted = torch.zeros_like(batch.condition_mask)
        wanted[0, 0] = True
        part = model.part("values")
        pointed = part.point(batch, columns, wanted, steps=8)
        values = torch.zeros(1, 4, pointed.shape[1], dtype=torch.long, device=pointed.device)
        values[0, 0] = pointed[0]
        rows.append(part(batch, columns, wanted, values)[0].softmax(-1).mean(0))
    return torch.stack(rows)


@demo("The WHERE columns as a set")
def columns(
    example: Number = 1,
    K: Annotated[
        int, Interval(ge=-1, le=4), Label("K"), doc("how many are taken; -1 is the model's own count")
    ] = -1,
) -> go.Figure:
    """Every column has a probability of its own; they need not add up to one, and no order is involved. The K best are
    taken (blue), gold columns are outlined. Set K yourself: the ranking stays, only the line moves. Compare with a
    threshold at 0.5: it would often take one too many or too few.
    """
    chosen = shown()[example - 1]
    batch, model = Batch.of([chosen]), trained()
    with torch.no_grad():
        chances = model.part("columns")(batch)[0].sigmoid().tolist()
        count = int(model.part("number")(batch).argmax())
    taken = min(count if K < 0 else K, len(chances))
    gold = {c for c, _, _ in chosen.query.conditions}
    return figures.column_set(list(chosen.table.header), chances, gold, taken, title=_wrap(chosen.question))


@demo("Filling in the sketch, slot by slot")
def filling(
    example: Number = 1,
    step: Annotated[
        int, Interval(ge=1, le=6), Label("slots filled"), doc("in the order of the dependency graph")
    ] = 6,
) -> go.Figure:
    """Move the step from 1 to 6: select feeds the aggregation; the count says how many columns; operator and value are
    asked for the best condition column. Blue is what the model takes, an orange outline what is right. Which slot is
    unsure, and does a mistake in one spoil those that hang on it?
    """
    chosen = shown()[example - 1]
    batch, model = Batch.of([chosen]), trained()
    names = list(chosen.table.header)
    gold_columns = [c for c, _, _ in chosen.query.conditions]
    with torch.no_grad():
        select = model.part("select")(batch)[0].softmax(-1)
        best = select.argmax().view(1)
        aggregation = model.part("aggregation")(batch, best)[0].softmax(-1)
        number = model.part("number")(batch)[0].softmax(-1)
        order, _ = model.conditions(batch)
        scores = model.part("columns")(batch)[0].sigmoid()
        operators = model.part("operators")(batch, order)[0, 0].softmax(-1)
        wanted = torch.zeros_like(batch.condition_mask)
        wanted[0, 0] = True
        first = model.part("values")(batch, order, wanted, torch.zeros_like(batch.values[:, :, :1]))[
            0, 0
        ].softmax(-1)
    top = int(order[0, 0])
    words = [f"{i} {word}" for i, word in enumerate(("BEG", *chosen.tokens, "END"))]
    leading = sorted(range(len(words)), key=lambda i: -float(first[i]))[:6]
    kinds = [a or "none" for a in AGGREGATIONS]
    found = {
        "select": (names, select.tolist()),
        "aggregation": (kinds, aggregation.tolist()),
        "number": ([str(k) for k in range(5)], number.tolist()),
        "columns": (names, scores.tolist()),
        "operators": (list(OPERATORS), operators.tolist()),
        "values": ([words[i] for i in leading], [float(first[i]) for i in leading]),
    }
    gold = {
        "select": [names[chosen.query.select]],
        "aggregation": [kinds[chosen.query.aggregation]],
        "number": [str(len(gold_columns))],
        "columns": [names[c] for c in gold_columns],
    }
    if top in gold_columns:
        i = gold_columns.index(top)
        gold["operators"] = [OPERATORS[chosen.query.conditions[i][1]]]
        gold["values"] = [words[chosen.spans[i][0] + 1]]
    note = f"5 and 6 are for the column {names[top]}; 6 is its value's first word"
    title = f"{_wrap(chosen.question)}<br><sup>{note}</sup>"
    return figures.sketch(found, gold, step, title=title)


def _wrap(text: str, width: int = 84) -> str:
    import textwrap

    return "<br>".join(textwrap.wrap(text, width))
