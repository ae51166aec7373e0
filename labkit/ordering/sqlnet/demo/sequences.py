"""What a sequence makes of a set, and where every model goes wrong."""

from itertools import permutations
from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.ordering.sqlnet import figures
from labkit.ordering.sqlnet.data import Batch
from labkit.ordering.sqlnet.demo.examples import several
from labkit.ordering.sqlnet.experiment.shipped import about, trained_sequence


@demo("One set, K! sequences")
def serialisations(
    example: Annotated[
        int, Interval(ge=1, le=4), Label("question"), doc("with two, three, three and four conditions")
    ] = 2,
) -> go.Figure:
    """Every row means the same and returns the same rows. The dots are how likely two decoders find it: one was taught
    the schema's order (a star marks it), one a new order at every step. The first pulls its one order ahead and pushes
    the equally right ones down; the second shares its probability among all of them. Go to four conditions: 24 rows.
    """
    chosen = several()[example - 1]
    q = chosen.query
    orders = [list(p) for p in permutations(range(len(q.conditions)))]
    batch = Batch.of([chosen] * len(orders))
    schema = sorted(range(len(q.conditions)), key=lambda i: q.conditions[i][0])
    texts = []
    for order in orders:
        names = [chosen.table.header[q.conditions[i][0]][:14] for i in order]
        texts.append(("★ " if order == schema else "") + " & ".join(names))
    found = {}
    with torch.no_grad():
        for order in ("schema", "random"):
            log_p = trained_sequence(order).log_probability(batch, orders)
            found[f"taught in {order} order"] = (log_p / torch.log(torch.tensor(10.0, device="cpu"))).tolist()
    return figures.serialisations(texts, found, title=f"{len(orders)} ways to write one WHERE clause")


Model = Literal[
    "SQLNet",
    "no column attention",
    "sequence, random order",
    "sequence, schema order",
    "sequence, REINFORCE",
]


@demo("Where the models go wrong")
def errors(
    model_a: Annotated[Model, Label("left")] = "SQLNet",
    model_b: Annotated[Model, Label("right")] = "sequence, schema order",
    by: Annotated[
        Literal["conditions", "domains"], doc("number of conditions, or seen and unseen domains")
    ] = "conditions",
) -> tuple[go.Figure, go.Figure]:
    """Each bar is the share of questions that go wrong, split by the first slot that is wrong (class scale, three
    seeds). Which slot fails as conditions are added? Switch to domains: what does an unseen domain cost, and in which
    slot? The sequence models are given the gold select and aggregation, so their bars hold WHERE errors only.
    """
    table = pd.DataFrame(about()["errors"])
    drawn = []
    for model in (model_a, model_b):
        rows = table[table["model"] == model]
        if by == "conditions":
            rows = rows[rows["domains"] != "unseen"]
        group = rows.groupby(["slot", by], sort=False)["value"].mean()
        shares = {
            slot: {_name(key): float(v) for key, v in group[slot].sort_index().items()}
            for slot in rows["slot"].unique()
        }
        x = "conditions of the query (seen domains)" if by == "conditions" else "domains"
        drawn.append(figures.error_bars(shares, title=f"{model}: the first slot that is wrong", x=x))
    return tuple(drawn)


def _name(key) -> str:
    return key if isinstance(key, str) else str(int(key))
