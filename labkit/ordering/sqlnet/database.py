"""Executing queries: SQLite from the standard library, read-only, with bound values and a time limit."""

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from labkit.ordering.sqlnet.query import AGGREGATIONS, OPERATORS, Query, QueryError, Table, number

_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
SECONDS = 2.0


class Database:
    """Tables that can be asked, and not changed.

    After the tables are in, the connection is `query_only` and its authorizer refuses everything but reading.
    Texts are stored in lower case, as WikiSQL's database has them; values of text columns are compared in lower case.

    Args:
        tables: what it holds. With `file`, only their headers and types are taken from here.
        file: a WikiSQL database (`train.db`), opened read-only.
        seconds: how long a statement may take.
    """

    def __init__(self, tables: Iterable[Table], *, file: str | Path | None = None, seconds: float = SECONDS):
        self.tables = {table.id: table for table in tables}
        self.seconds = seconds
        self._deadline = float("inf")
        if file is not None:
            if not Path(file).is_file():
                raise FileNotFoundError(f"no database at {file}")
            # autocommit keeps this connection out of transactions; the file's own mode refuses writing
            self._connection = sqlite3.connect(
                f"{Path(file).resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        else:
            self._connection = sqlite3.connect(":memory:", check_same_thread=False)
            for table in self.tables.values():
                self._create(table)
            self._connection.commit()
        self._connection.execute("PRAGMA query_only = ON")
        self._connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY
        )
        self._connection.set_progress_handler(lambda: time.perf_counter() > self._deadline, 10_000)

    def _create(self, table: Table) -> None:
        kinds = ", ".join(
            f"col{i} {'REAL' if kind == 'real' else 'TEXT'}" for i, kind in enumerate(table.types)
        )
        self._connection.execute(f"CREATE TABLE {_name(table.id)} ({kinds})")
        marks = ", ".join("?" * len(table.header))
        self._connection.executemany(
            f"INSERT INTO {_name(table.id)} VALUES ({marks})",
            [[_cell(cell, kind) for cell, kind in zip(row, table.types, strict=True)] for row in table.rows],
        )

    def table(self, table_id: str) -> Table:
        """The table of that id; KeyError names an unknown one."""
        if table_id not in self.tables:
            raise KeyError(f"no table {table_id!r} in this database")
        return self.tables[table_id]

    def statement(self, table_id: str, query: Query) -> tuple[str, dict]:
        """The SQL with named parameters, one a *condition* (two conditions may share a column), and their values.

        Raises:
            KeyError: no such table. QueryError: a text that holds no number, for a real column.
            ValueError: a column that the table does not have.
        """
        table = self.table(table_id)
        query.check(table)
        word, column = AGGREGATIONS[query.aggregation], f"col{query.select}"
        # WikiSQL asks for the values as they stand, also of texts; SQLite sums texts as their leading numbers
        sql = (
            f"SELECT {word}({column}) FROM {_name(table_id)}"
            if word
            else f"SELECT {column} FROM {_name(table_id)}"
        )
        parts, values = [], {}
        for i, (c, o, value) in enumerate(query.conditions):
            values[f"v{i}"] = number(value) if table.types[c] == "real" else str(value).lower().strip()
            parts.append(f"col{c} {OPERATORS[o]} :v{i}")
        return (f"{sql} WHERE {' AND '.join(parts)}" if parts else sql), values

    def execute(self, table_id: str, query: Query) -> list:
        """The values that the query returns, one a row; an aggregation returns one (None where there is nothing).

        Raises:
            as `statement`; QueryError: the statement took longer than `seconds`.
        """
        sql, values = self.statement(table_id, query)
        return [row[0] for row in self._run(sql, values)]

    def rows(self, table_id: str, query: Query) -> list[int]:
        """The indices of the table's rows that meet all conditions. Raises as `execute`."""
        sql, values = self.statement(table_id, Query(query.select, 0, query.conditions))
        return [
            row[0] - 1
            for row in self._run(sql.replace(f"SELECT col{query.select}", "SELECT rowid", 1), values)
        ]

    def _run(self, sql: str, values: dict) -> list[tuple]:
        self._deadline = time.perf_counter() + self.seconds
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise QueryError(f"the statement took longer than {self.seconds:g} s") from None
            raise QueryError(f"the database refuses the statement: {error}") from None
        finally:
            self._deadline = float("inf")


def _name(table_id: str) -> str:
    return '"table_' + table_id.replace("-", "_").replace('"', '""') + '"'


def _cell(cell, kind: str):
    if cell is None:
        return None
    return number(cell) if kind == "real" else str(cell).lower().strip()
