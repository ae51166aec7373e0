"""Examples as tensors: questions and column names as indices of the batch's words, each name once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from labkit.ordering.sqlnet.data.example import Example
from labkit.ordering.sqlnet.query import MAX_CONDITIONS

PAD = ""


@dataclass(frozen=True)
class Batch:
    """A batch of examples. Word 0 is padding and the brackets [BEG] and [END], whose vector is zero.

    `names` holds the different column names of the whole batch, and `columns` says which of them each table has:
    the encoders read every name once. Gold fields are zero where an example has no query.
    """

    examples: tuple[Example, ...]
    words: tuple[str, ...]
    question: Int[Tensor, "batch length"]
    lengths: Int[Tensor, " batch"]
    names: Int[Tensor, "names width"]
    name_lengths: Int[Tensor, " names"]
    columns: Int[Tensor, "batch columns"]
    column_mask: Bool[Tensor, "batch columns"]
    kinds: Int[Tensor, "batch columns"]
    features: Float[Tensor, "batch length 3"]
    aggregation: Int[Tensor, " batch"]
    select: Int[Tensor, " batch"]
    number: Int[Tensor, " batch"]
    column_set: Float[Tensor, "batch columns"]
    condition_columns: Int[Tensor, "batch 4"]
    condition_mask: Bool[Tensor, "batch 4"]
    operators: Int[Tensor, "batch 4"]
    values: Int[Tensor, "batch 4 steps"]
    value_mask: Bool[Tensor, "batch 4 steps"]

    @property
    def mask(self) -> Bool[Tensor, "batch length"]:
        """The tokens that are real, brackets included."""
        return torch.arange(self.question.shape[1], device=self.question.device) < self.lengths[:, None]

    def to(self, device: torch.device | str) -> "Batch":
        """The batch on a device."""
        moved = {
            f.name: getattr(self, f.name).to(device)
            for f in fields(self)
            if isinstance(getattr(self, f.name), Tensor)
        }
        return replace(self, **moved)

    @classmethod
    def of(cls, examples: Sequence[Example], device: torch.device | str = "cpu") -> "Batch":
        """Collate. Raises ValueError for no examples."""
        if not examples:
            raise ValueError("a batch needs at least one example; got none")
        index, names = {PAD: 0}, {}

        def place(word: str) -> int:
            return index.setdefault(word, len(index))

        question = [[0, *map(place, e.tokens), 0] for e in examples]
        columns = [[names.setdefault(name, len(names)) for name in e.header] for e in examples]
        named = [[place(word) for word in name] for name in names]
        queries = [e.query for e in examples]
        chosen = [[c for c, _, _ in q.conditions] if q else [] for q in queries]
        operators = [[o for _, o, _ in q.conditions] if q else [] for q in queries]
        # positions in the bracketed question: the first token of the question is 1, END is the last
        values = [[[*range(s + 1, e + 1), len(x.tokens) + 1] for s, e in x.spans] for x in examples]
        steps = max((len(v) for vs in values for v in vs), default=1)
        padded = _pad(columns)
        mask = _mask(columns)
        marked = torch.zeros(mask.shape, device="cpu")
        for i, indices in enumerate(chosen):
            marked[i, indices] = 1.0
        slots = [vs + [[]] * (MAX_CONDITIONS - len(vs)) for vs in values]
        flat = [v for vs in slots for v in vs]
        made = cls(
            examples=tuple(examples),
            words=tuple(index),
            question=_pad(question),
            lengths=_long([len(q) for q in question]),
            names=_pad(named),
            name_lengths=_long([len(n) for n in named]),
            columns=padded,
            column_mask=mask,
            kinds=_pad([[int(kind == "real") for kind in e.table.types] for e in examples]),
            features=type_features(examples, max(map(len, question))),
            aggregation=_long([q.aggregation if q else 0 for q in queries]),
            select=_long([q.select if q else 0 for q in queries]),
            number=_long([len(c) for c in chosen]),
            column_set=marked,
            condition_columns=_pad(chosen, MAX_CONDITIONS),
            condition_mask=_mask(chosen, MAX_CONDITIONS),
            operators=_pad(operators, MAX_CONDITIONS),
            values=_pad(flat, steps).view(len(examples), MAX_CONDITIONS, steps),
            value_mask=_mask(flat, steps).view(len(examples), MAX_CONDITIONS, steps),
        )
        return made if torch.device(device).type == "cpu" else made.to(device)


def type_features(examples: Sequence[Example], length: int) -> Float[Tensor, "batch length 3"]:
    """For every token of the bracketed question: it is a word of a column's name, a number, a date's or time's part."""
    dated = {"january", "march", "may", "july", "october", ":"}
    rows = []
    for example in examples:
        known = {word for name in example.header for word in name}
        row = [
            [t in known, t[0].isdigit(), t in dated or (len(t) == 4 and t[:2] in ("17", "18", "19", "20"))]
            for t in example.tokens
        ]
        rows.append([[0, 0, 0], *row, *[[0, 0, 0]] * (length - 1 - len(row))])
    return torch.tensor(rows, dtype=torch.float32, device="cpu")


def _long(values: Sequence) -> Tensor:
    return torch.tensor(values, dtype=torch.long, device="cpu")


def _pad(rows: Sequence[Sequence[int]], width: int = 0) -> Tensor:
    width = width or max(1, max(map(len, rows), default=1))
    return _long([[*row, *[0] * (width - len(row))] for row in rows]).view(len(rows), width)


def _mask(rows: Sequence[Sequence[int]], width: int = 0) -> Tensor:
    width = width or max(1, max(map(len, rows), default=1))
    lengths = _long([len(row) for row in rows])
    return torch.arange(width, device="cpu") < lengths[:, None]
