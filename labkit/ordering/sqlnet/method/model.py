"""SQLNet: six predictors, one loss, and the order in which a query is filled in."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from labkit.ordering.sqlnet.data.batch import Batch
from labkit.ordering.sqlnet.data.tokens import TrainedEmbedding
from labkit.ordering.sqlnet.method.losses import weighted_bce
from labkit.ordering.sqlnet.method.slots import (
    AggregationPredictor,
    ColumnsPredictor,
    NumberPredictor,
    OperatorPredictor,
    SelectPredictor,
)
from labkit.ordering.sqlnet.method.values import ValuePredictor
from labkit.ordering.sqlnet.query import AGGREGATIONS, MAX_CONDITIONS, OPERATORS, Query, QueryError, number

PARTS = ("aggregation", "select", "number", "columns", "operators", "values")
_TEXT_AGGREGATIONS = (0, 3)  # '' and COUNT
_CLASSES = {
    "aggregation": AggregationPredictor,
    "select": SelectPredictor,
    "number": NumberPredictor,
    "columns": ColumnsPredictor,
    "operators": OperatorPredictor,
    "values": ValuePredictor,
}


class Scores(NamedTuple):
    """Logits of every slot; None for parts that the model lacks. `values`: one row a gold condition, in row order."""

    aggregation: Float[Tensor, "batch 6"] | None = None
    select: Float[Tensor, "batch columns"] | None = None
    number: Float[Tensor, "batch 5"] | None = None
    columns: Float[Tensor, "batch columns"] | None = None
    operators: Float[Tensor, "batch 4 3"] | None = None
    values: Float[Tensor, "conditions steps length"] | None = None


class SQLNet(nn.Module):
    """The sketch's slots and their dependencies: select -> aggregation; number, columns -> operators, values.

    Args:
        embedding: words -> vectors, with `dim`; shared by all predictors until `train_embeddings`.
        d: the width of all states, even. layers: of every LSTM.
        column_attention: False reads the question once, for a learned vector.
        activation: of the columns' and values' scores: `relu` (the released code) or `tanh` (the paper).
        types: adds a column's type and three features of a token (names a column, number, date).
        parts: which predictors it has.

    Raises:
        ValueError: an odd d, another activation, unknown parts.
    """

    def __init__(
        self,
        embedding: nn.Module,
        d: int = 100,
        layers: int = 2,
        column_attention: bool = True,
        activation: str = "relu",
        types: bool = False,
        parts: Sequence[str] = PARTS,
    ):
        super().__init__()
        if not parts or not set(parts) <= set(PARTS):
            raise ValueError(f"parts must be some of {', '.join(PARTS)}; got {parts!r}")
        for name in parts:
            more = {"activation": activation} if name in ("columns", "values") else {}
            made = _CLASSES[name](embedding, d, layers, column_attention, types, **more)
            self.add_module(f"{name}_part", made)
        self.parts = tuple(name for name in PARTS if name in parts)

    def part(self, name: str) -> nn.Module:
        """The predictor of a slot."""
        if name not in self.parts:
            raise ValueError(f"this SQLNet has the parts {', '.join(self.parts)}; got {name!r}")
        return getattr(self, f"{name}_part")

    def train_embeddings(self, words: Sequence[str]) -> None:
        """Give every predictor a trainable copy of these words' vectors (the paper's second stage)."""
        words = [word for word in dict.fromkeys(words) if word]
        for name in self.parts:
            part = self.part(name)
            part.embedding = TrainedEmbedding(words, part.embedding(words).detach())

    def forward(self, batch: Batch) -> Scores:
        """All slots' logits, with gold columns behind those that depend on a column (teacher forcing)."""
        found = {}
        if "aggregation" in self.parts:
            found["aggregation"] = self.part("aggregation")(batch, batch.select)
        for name in ("select", "number", "columns"):
            if name in self.parts:
                found[name] = self.part(name)(batch)
        if "operators" in self.parts:
            found["operators"] = self.part("operators")(batch, batch.condition_columns)
        if "values" in self.parts and bool(batch.condition_mask.any()):
            found["values"] = self.part("values")(
                batch, batch.condition_columns, batch.condition_mask, batch.values
            )
        return Scores(**found)

    def loss(self, scores: Scores, batch: Batch, alpha: float | int = 3.0) -> dict[str, Tensor]:
        """CE(aggregation) + CE(select) + CE(number) + weighted BCE(columns) + CE(operators) + CE(values), by name.

        Operators are averaged over a query's conditions, values over a value's tokens and then its query's conditions,
        and both over the batch.
        """
        found = {}
        for name in ("aggregation", "select", "number"):
            if getattr(scores, name) is not None:
                found[name] = cross_entropy(getattr(scores, name), getattr(batch, name))
        if scores.columns is not None:
            found["columns"] = weighted_bce(scores.columns, batch.column_set, batch.column_mask, alpha)
        mask = batch.condition_mask
        share = 1 / mask.sum(1, keepdim=True).clamp(min=1).expand_as(mask)[mask] / len(mask)
        if scores.operators is not None:
            each = cross_entropy(scores.operators[mask], batch.operators[mask], reduction="none")
            found["operators"] = (each * share).sum()
        if scores.values is not None:
            target, real = batch.values[mask], batch.value_mask[mask]
            each = cross_entropy(scores.values.transpose(1, 2), target, reduction="none")
            each = torch.where(real, each, torch.zeros_like(each)).sum(1) / real.sum(1)
            found["values"] = (each * share).sum()
        return found

    @torch.no_grad()
    def conditions(
        self, batch: Batch, number_of: int | None = None
    ) -> tuple[Int[Tensor, "batch 4"], Int[Tensor, " batch"]]:
        """The condition columns, best first, and how many of them count: the top K of a set, K clamped to C."""
        order = self.part("columns")(batch).argsort(dim=1, descending=True)[:, :MAX_CONDITIONS]
        if order.shape[1] < MAX_CONDITIONS:
            order = torch.nn.functional.pad(order, (0, MAX_CONDITIONS - order.shape[1]))
        K = (
            self.part("number")(batch).argmax(-1)
            if number_of is None
            else torch.full_like(batch.number, number_of)
        )
        return order, torch.minimum(K, batch.column_mask.sum(1))

    @torch.no_grad()
    def predict(
        self, batch: Batch, *, masks: bool = False, gold_select: bool = False, number_of: int | None = None
    ) -> list[Query]:
        """Fill the sketch: select, then its aggregation; K and the K best columns, then operators and values.

        Args:
            masks: let types decide what can be: only '=' and '' or COUNT for text columns; values of real columns must
                hold a number (else the first number of the question that no other condition uses).
            gold_select: hand the gold column to the aggregation, as the released evaluation does: a leak.
            number_of: K, instead of the predicted one.
        """
        select = self.part("select")(batch).argmax(-1)
        scores = self.part("aggregation")(batch, batch.select if gold_select else select)
        columns, K = self.conditions(batch, number_of)
        wanted = torch.arange(MAX_CONDITIONS, device=K.device) < K[:, None]
        operators = self.part("operators")(batch, columns)
        if masks:
            no_aggregation, no_operator = forbidden(batch, select, columns)
            scores = scores.masked_fill(no_aggregation, -torch.inf)
            operators = operators.masked_fill(no_operator, -torch.inf)
        rows = iter(self.part("values").point(batch, columns, wanted).tolist() if bool(wanted.any()) else ())
        queries = []
        aggregation, operators = scores.argmax(-1).tolist(), operators.argmax(-1).tolist()
        for i, example in enumerate(batch.examples):
            conditions = []
            for slot in range(int(K[i])):
                positions = next(rows)
                end = len(example.tokens) + 1
                positions = positions[: positions.index(end)] if end in positions else positions
                column = int(columns[i, slot])
                value = example.text(positions)
                if masks and example.table.types[column] == "real":
                    value = _numeric(value, example, [c[2] for c in conditions])
                conditions.append((column, operators[i][slot], value))
            queries.append(Query(int(select[i]), aggregation[i], tuple(conditions)))
        return queries


def forbidden(
    batch: Batch, select: Int[Tensor, " batch"], columns: Int[Tensor, "batch 4"]
) -> tuple[Bool[Tensor, "batch 6"], Bool[Tensor, "batch 4 3"]]:
    """What types rule out: for a text column every aggregation but '' and COUNT, and every operator but '='."""
    device = select.device
    aggregations = torch.tensor(
        [i not in _TEXT_AGGREGATIONS for i in range(len(AGGREGATIONS))], device=device
    )
    operators = torch.tensor([i != 0 for i in range(len(OPERATORS))], device=device)
    text = batch.kinds == 0
    return text.gather(1, select[:, None]) & aggregations, text.gather(1, columns)[..., None] & operators


def _numeric(value: str, example, taken: Sequence[str]) -> str:
    """The value where it holds a number; else the first number of the question that is not taken, or the value."""
    try:
        number(value)
        return value
    except QueryError:
        free = [token for token in example.tokens if token[0].isdigit() and token not in taken]
        return free[0] if free else value
