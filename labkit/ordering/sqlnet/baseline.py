"""The baseline, Seq2SQL (Zhong, Xiong, Socher 2017): the WHERE clause as a sequence, pointed at token by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from labkit.ordering.sqlnet.data.batch import Batch
from labkit.ordering.sqlnet.data.example import Example
from labkit.ordering.sqlnet.database import Database
from labkit.ordering.sqlnet.method.layers import Encoder
from labkit.ordering.sqlnet.method.model import SQLNet
from labkit.ordering.sqlnet.method.values import MAX_STEPS, POSITIONS, PointerDecoder
from labkit.ordering.sqlnet.query import Query, QueryError

SQL_TOKENS = ("<unk>", "<end>", "<where>", "<and>", "<eql>", "<gt>", "<lt>", "<beg>")
END, WHERE, AND, EQUAL, BEGIN = 1, 2, 3, 4, 7
ORDERS = ("given", "schema", "random")


@dataclass(frozen=True)
class Layout:
    """Where everything stands in [8 SQL tokens | column words, separated by commas | question] of one example."""

    columns: tuple[tuple[int, ...], ...]
    question: int
    length: int

    @classmethod
    def of(cls, example: Example) -> "Layout":
        """The layout. Raises ValueError beyond the decoder's 200 positions."""
        at, columns = len(SQL_TOKENS), []
        for name in example.header:
            columns.append(tuple(range(at, at + len(name))))
            at += len(name) + 1
        length = at + len(example.tokens)
        if length > POSITIONS:
            raise ValueError(
                f"columns and question have {length} tokens together; a pointer has {POSITIONS} places"
            )
        return cls(tuple(columns), at, length)

    def target(self, example: Example, order: Sequence[int]) -> list[int]:
        """The positions of one serialisation: WHERE column operator value AND ... END."""
        found = [WHERE] if order else []
        for k, i in enumerate(order):
            column, operator, _ = example.query.conditions[i]
            start, end = example.spans[i]
            found += [AND] * (k > 0) + [*self.columns[column], EQUAL + operator]
            found += range(self.question + start, self.question + end)
        return [*found, END]

    def parse(self, example: Example, positions: Sequence[int]) -> tuple[tuple[int, int, str], ...]:
        """The conditions that the positions spell; a clause that spells none is left out."""
        positions = list(positions)
        positions = positions[: positions.index(END)] if END in positions else positions
        cuts = [-1, *(i for i, p in enumerate(positions) if p in (AND, WHERE)), len(positions)]
        owner = {p: c for c, places in enumerate(self.columns) for p in places}
        conditions = []
        for a, b in pairwise(cuts):
            clause = positions[a + 1 : b]
            at = next((i for i, p in enumerate(clause) if EQUAL <= p < EQUAL + 3), None)
            if not at or clause[0] not in owner:
                continue
            value = example.text([p - self.question + 1 for p in clause[at + 1 :] if p >= self.question])
            conditions.append((owner[clause[0]], clause[at] - EQUAL, value))
        return tuple(conditions)


class Seq2SQL(nn.Module):
    """Aggregation and select without column attention, and one pointer decoder that writes the whole WHERE clause.

    Args:
        order: which of the K! serialisations it is trained on: `given` (the query's), `schema` (by the column's
            place in the table), or `random` (another one at every step).
        feed: what the decoder is shown of the last position: `position`, as in the released code, or `state`.
        slots: whether it has the aggregation and select predictors, or only the WHERE decoder.

    Raises:
        ValueError: another order.
    """

    def __init__(
        self,
        embedding: nn.Module,
        d: int = 100,
        layers: int = 2,
        order: str = "given",
        slots: bool = True,
        feed: str = "position",
    ):
        super().__init__()
        if order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}")
        self.embedding, self.order = embedding, order
        self.slots = (
            SQLNet(embedding, d, layers, column_attention=False, parts=("aggregation", "select"))
            if slots
            else None
        )
        self.encoder = Encoder(embedding.dim, d, layers)
        self.decoder = PointerDecoder(d, layers, context=False, feed=feed)

    def encode(self, batch: Batch) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor], Tensor, list[Layout]]:
        """The decoder's keys, the mask of real positions, its first state, the encoder's states, and the layouts."""
        place = {word: i for i, word in enumerate(batch.words)}
        words = list(batch.words)
        extra = {word: len(words) + i for i, word in enumerate((*SQL_TOKENS, ","))}
        layouts = [Layout.of(example) for example in batch.examples]
        length = max(layout.length for layout in layouts)
        rows = []
        for example, layout in zip(batch.examples, layouts, strict=True):
            row = [extra[word] for word in SQL_TOKENS]
            for name in example.header:
                row += [*(place[word] for word in name), extra[","]]
            row += [place[word] for word in example.tokens]
            rows.append(row + [0] * (length - layout.length))
        device = batch.question.device
        ids = torch.tensor(rows, dtype=torch.long, device=device)
        lengths = torch.tensor([layout.length for layout in layouts], dtype=torch.long, device=device)
        H, last = self.encoder(self.embedding([*words, *SQL_TOKENS, ","])[ids], lengths)
        mask = torch.arange(length, device=device) < lengths[:, None]
        return self.decoder.keys(H, None), mask, self.decoder.start(last), H, layouts

    def targets(
        self, batch: Batch, layouts: Sequence[Layout], orders: Sequence[Sequence[int]]
    ) -> tuple[Int[Tensor, "batch steps"], Bool[Tensor, "batch steps"]]:
        """The positions to point at for these orders of the gold conditions, END included, and which are real."""
        rows = [
            layout.target(e, order) for layout, e, order in zip(layouts, batch.examples, orders, strict=True)
        ]
        steps = max(map(len, rows))
        device = batch.question.device
        real = torch.tensor([[i < len(row) for i in range(steps)] for row in rows], device=device)
        return torch.tensor([row + [END] * (steps - len(row)) for row in rows], device=device), real

    def orders(self, batch: Batch, generator: torch.Generator | None = None) -> list[list[int]]:
        """The order of each example's conditions that this model is trained on."""
        found = []
        for example in batch.examples:
            columns = [column for column, _, _ in example.query.conditions]
            if self.order == "schema":
                found.append(sorted(range(len(columns)), key=lambda i: columns[i]))
            elif self.order == "random":
                found.append(torch.randperm(len(columns), generator=generator, device="cpu").tolist())
            else:
                found.append(list(range(len(columns))))
        return found

    def log_probability(self, batch: Batch, orders: Sequence[Sequence[int]]) -> Float[Tensor, " batch"]:
        """log p of each example's WHERE clause, written in the given order of its conditions."""
        keys, mask, state, H, layouts = self.encode(batch)
        target, real = self.targets(batch, layouts, orders)
        shown = torch.cat([torch.full_like(target[:, :1], BEGIN), target[:, :-1]], dim=1)
        scores, _ = self.decoder(keys, mask, shown, state, H)
        each = cross_entropy(scores.transpose(1, 2), target, reduction="none")
        return -torch.where(real, each, torch.zeros_like(each)).sum(1)

    def where_loss(self, batch: Batch, generator: torch.Generator | None = None) -> Float[Tensor, ""]:
        """-log p per token of the one serialisation that this step trains on."""
        orders = self.orders(batch, generator)
        tokens = sum(
            len(Layout.of(e).target(e, order)) for e, order in zip(batch.examples, orders, strict=True)
        )
        return -self.log_probability(batch, orders).sum() / tokens

    @torch.no_grad()
    def predict_where(
        self, batch: Batch, sample: torch.Generator | None = None, steps: int = MAX_STEPS
    ) -> list[tuple[tuple[int, int, str], ...]]:
        """Each example's conditions, as the decoder writes them, greedily or sampled."""
        return self._write(batch, sample, steps)[0]

    def _write(self, batch: Batch, sample: torch.Generator | None, steps: int):
        keys, mask, state, H, layouts = self.encode(batch)
        begin = torch.full_like(batch.lengths, BEGIN)
        end = torch.full_like(begin, END)
        pointed = self.decoder.decode(keys, mask, state, begin, end, steps, sample, H=H)
        found = [
            layout.parse(example, row)[:4]
            for layout, example, row in zip(layouts, batch.examples, pointed.tolist(), strict=True)
        ]
        return found, pointed

    @torch.no_grad()
    def predict(self, batch: Batch) -> list[Query]:
        """Whole queries. Raises ValueError for a model without the slots."""
        if self.slots is None:
            raise ValueError("this Seq2SQL was made with slots=False: it writes only WHERE clauses")
        select = self.slots.part("select")(batch).argmax(-1)
        aggregation = self.slots.part("aggregation")(batch, select).argmax(-1)
        where = self.predict_where(batch)
        return [Query(int(s), int(a), w) for s, a, w in zip(select, aggregation, where, strict=True)]

    def reinforce_step(
        self, batch: Batch, database: Database, generator: torch.Generator, steps: int = 30
    ) -> tuple[Float[Tensor, ""], float]:
        """REINFORCE on sampled WHERE clauses: (the loss -R log p averaged over the batch, the mean reward).

        R is +1 for the gold result, -1 for another, -2 where the query cannot be executed; select and aggregation are
        the gold ones, so that the reward speaks of the WHERE clause alone.
        """
        with torch.no_grad():
            found, pointed = self._write(batch, generator, steps)
        rewards = [
            reward(database, example, conditions)
            for example, conditions in zip(batch.examples, found, strict=True)
        ]
        keys, mask, state, H, _ = self.encode(batch)
        shown = torch.cat([torch.full_like(pointed[:, :1], BEGIN), pointed[:, :-1]], dim=1)
        scores, _ = self.decoder(keys, mask, shown, state, H)
        each = -cross_entropy(scores.transpose(1, 2), pointed, reduction="none")
        ended = (pointed == END).int().cumsum(1) - (
            pointed == END
        ).int()  # END itself counts, what follows does not
        log_p = torch.where(ended == 0, each, torch.zeros_like(each)).sum(1)
        R = torch.tensor(rewards, dtype=log_p.dtype, device=log_p.device)
        return -(R * log_p).mean(), sum(rewards) / len(rewards)


def reward(database: Database, example: Example, conditions: tuple) -> float:
    """Seq2SQL's reward of a WHERE clause: +1, -1 or -2."""
    gold = example.query
    try:
        found = database.execute(example.table.id, Query(gold.select, gold.aggregation, conditions))
    except QueryError:
        return -2.0
    return 1.0 if found == database.execute(example.table.id, gold) else -1.0
