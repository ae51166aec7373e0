"""A query of the sketch: SELECT $AGG $COLUMN WHERE $COLUMN $OP $VALUE (AND $COLUMN $OP $VALUE)*."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

AGGREGATIONS = ("", "MAX", "MIN", "COUNT", "SUM", "AVG")
OPERATORS = ("=", ">", "<")
MAX_CONDITIONS = 4
TYPES = ("text", "real")

_NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?|[-+]?\.\d+")


class QueryError(ValueError):
    """A query that cannot be executed. The evaluation counts it as wrong; it is never a crash."""


@dataclass(frozen=True)
class Table:
    """A table: its id, its columns' names and types (`text` or `real`), and its rows (None is NULL).

    Raises:
        ValueError: no columns, an empty name, another type, a row of another length, a number that is none.
    """

    id: str
    header: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple, ...]

    def __post_init__(self):
        if not self.header or not all(str(name).strip() for name in self.header):
            raise ValueError(f"table {self.id!r}: header must name at least one column; got {self.header!r}")
        if len(self.types) != len(self.header) or not set(self.types) <= set(TYPES):
            raise ValueError(
                f"table {self.id!r}: types must be one of {', '.join(TYPES)} for each of {len(self.header)} columns; "
                f"got {self.types!r}"
            )
        for i, row in enumerate(self.rows):
            if len(row) != len(self.header):
                raise ValueError(
                    f"table {self.id!r}: row {i} has {len(row)} cells; the header has {len(self.header)}"
                )
            for name, kind, cell in zip(self.header, self.types, row, strict=True):
                if kind == "real" and cell is not None:
                    try:
                        number(cell)
                    except QueryError:
                        raise ValueError(
                            f"table {self.id!r}: row {i} has {cell!r} in the real column {name!r}"
                        ) from None


@dataclass(frozen=True)
class Query:
    """One query: indices of the selected column and the aggregation, and (column, operator, value) conditions.

    Raises:
        ValueError: an aggregation not in 0..5, an operator not in 0..2, a negative column.
    """

    select: int
    aggregation: int
    conditions: tuple[tuple[int, int, Any], ...] = ()

    def __post_init__(self):
        if not 0 <= self.aggregation < len(AGGREGATIONS):
            raise ValueError(f"aggregation must be in 0..{len(AGGREGATIONS) - 1}; got {self.aggregation}")
        if self.select < 0:
            raise ValueError(f"select must be a column's index, 0 or more; got {self.select}")
        for column, operator, _ in self.conditions:
            if not 0 <= operator < len(OPERATORS):
                raise ValueError(f"operator must be in 0..{len(OPERATORS) - 1}; got {operator}")
            if column < 0:
                raise ValueError(f"column must be a column's index, 0 or more; got {column}")

    def check(self, table: Table) -> None:
        """Raise ValueError where a column is not one of the table's."""
        for column in (self.select, *(column for column, _, _ in self.conditions)):
            if column >= len(table.header):
                raise ValueError(
                    f"column {column} is out of range: table {table.id!r} has {len(table.header)} columns"
                )

    def to_sql(self, table: Table) -> str:
        """The query as people read it. It is for reading: values are bound, not pasted, when it is executed."""
        self.check(table)
        name = f'"{table.header[self.select]}"'
        word = AGGREGATIONS[self.aggregation]
        sql = f"SELECT {word}({name})" if word else f"SELECT {name}"
        parts = []
        for column, operator, value in self.conditions:
            shown = str(value).replace("'", "''")
            shown = shown if isinstance(value, int | float) else f"'{shown}'"
            parts.append(f'"{table.header[column]}" {OPERATORS[operator]} {shown}')
        return f"{sql} WHERE {' AND '.join(parts)}" if parts else sql

    def ordered(self, order: str | Sequence[int] = "given") -> "Query":
        """The same query with its conditions in another order.

        Args:
            order: `given`, `schema` (by the column's place in the table), or a permutation.

        Raises:
            ValueError: none of these.
        """
        if order == "given":
            return self
        indices = range(len(self.conditions))
        if order == "schema":
            order = sorted(indices, key=lambda i: self.conditions[i][0])
        elif isinstance(order, str) or sorted(order) != list(indices):
            raise ValueError(f"order must be given, schema or a permutation of {len(indices)}; got {order!r}")
        return Query(self.select, self.aggregation, tuple(self.conditions[i] for i in order))

    def serialise(self, order: str | Sequence[int] = "given") -> list[str]:
        """The WHERE clause as the tokens that a sequence decoder is made to emit, in one order."""
        tokens = ["WHERE"] if self.conditions else []
        for i, (column, operator, value) in enumerate(self.ordered(order).conditions):
            tokens += ["AND"] * (i > 0) + [f"col{column}", OPERATORS[operator], *str(value).lower().split()]
        return [*tokens, "END"]

    def match(self, other: "Query", types: Sequence[str] | None = None) -> bool:
        """Query match: the same select and aggregation, and the same *set* of conditions.

        Values are compared as lower-case texts, and as numbers where both are numbers. Where the columns' types are
        given, a text column's values are always texts, as the database has them.
        """
        return (self.select, self.aggregation) == (other.select, other.aggregation) and self._set(
            types
        ) == other._set(types)

    def logical_form(self, other: "Query", types: Sequence[str] | None = None) -> bool:
        """Logical-form match: as `match`, but the conditions must stand in the same order."""
        return (self.select, self.aggregation) == (other.select, other.aggregation) and self._list(
            types
        ) == other._list(types)

    def _list(self, types: Sequence[str] | None) -> list[tuple]:
        return [
            (c, o, comparable(v, types[c] if types and c < len(types) else None))
            for c, o, v in self.conditions
        ]

    def _set(self, types: Sequence[str] | None) -> set[tuple]:
        return set(self._list(types))

    @classmethod
    def from_dict(cls, found: dict) -> "Query":
        """From WikiSQL's {"sel": 0, "agg": 0, "conds": [[column, operator, value], ...]}."""
        return cls(found["sel"], found["agg"], tuple((c, o, v) for c, o, v in found["conds"]))

    def to_dict(self) -> dict:
        """As WikiSQL's dictionary."""
        return {
            "sel": self.select,
            "agg": self.aggregation,
            "conds": [list(condition) for condition in self.conditions],
        }


def number(value: Any) -> float:
    """A value as a number: itself, or the first number in its text, with commas between thousands ("about 5,000").

    Raises:
        QueryError: there is no number in it.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = _NUMBER.search(str(value))
    if found is None:
        raise QueryError(f"{value!r} is no number, and the column is real")
    return float(found.group().replace(",", ""))


def comparable(value: Any, kind: str | None = None) -> Any:
    """What two equal values have in common: a number, or a lower-case text; `kind` is the column's type."""
    text = str(value).lower().strip()
    if kind == "text":
        return text
    try:
        whole = _NUMBER.fullmatch(text)
        return number(value) if whole or kind == "real" else text
    except QueryError:
        return text
