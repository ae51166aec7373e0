"""WikiSQL's files: `train.jsonl`, `train.tables.jsonl` and `train.db`, or the tokenised `train_tok.jsonl`."""

import json
from pathlib import Path

from labkit.ordering.sqlnet.data.example import Example
from labkit.ordering.sqlnet.data.generator import Corpus
from labkit.ordering.sqlnet.database import Database
from labkit.ordering.sqlnet.query import Query, Table

SPLITS = ("train", "dev", "test")


def load_wikisql(folder: str | Path, split: str, tokenised: bool = False) -> Corpus:
    """A split of WikiSQL, with its database; questions whose values do not stand in them are counted, not kept.

    Raises:
        FileNotFoundError: a file is missing; says where WikiSQL comes from.
        ValueError: another split; a malformed line, naming the file and the line.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; got {split!r}")
    folder, mark = Path(folder), "_tok" if tokenised else ""
    tables = {}
    for path, number, found in _lines(folder / f"{split}{mark}.tables.jsonl"):
        try:
            rows = tuple(tuple(row) for row in found.get("rows", ()))
            table = Table(
                found["id"], tuple(found["header"]), tuple(found["types"]), _readable(rows, found["types"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}, line {number}: {_say(error)}") from error
        tables[table.id] = table
    examples, dropped = [], 0
    for path, number, found in _lines(folder / f"{split}{mark}.jsonl"):
        try:
            table = tables[found["table_id"]]
            query = Query.from_dict(found["sql"])
            query.check(table)
            question = found["question"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}, line {number}: {_say(error)}") from error
        try:
            examples.append(Example(question, table, query))
        except ValueError:
            dropped += 1
    file = folder / f"{split}.db"
    return Corpus(examples, Database(tables.values(), file=file if file.is_file() else None), dropped)


def _readable(rows: tuple, types: list) -> tuple:
    """Rows whose real cells hold a number; others become NULL, as the official database has them."""
    from labkit.ordering.sqlnet.query import QueryError, number

    def cell(value, kind):
        try:
            return number(value) if kind == "real" and value is not None else value
        except QueryError:
            return None

    return tuple(tuple(cell(v, k) for v, k in zip(row, types, strict=True)) for row in rows)


def _lines(path: Path):
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path.name} in {path.parent}; WikiSQL comes from https://github.com/salesforce/WikiSQL (data.tar.bz2)"
        )
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise ValueError("a line holds one JSON object")
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: malformed ({error})") from error
            yield path, number, found


def _say(error: Exception) -> str:
    return f"lacks {error}" if isinstance(error, KeyError) else str(error)
