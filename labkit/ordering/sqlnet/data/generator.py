"""Questions about tables, with their queries: 24 domains, paraphrases, conditions in random order, values from rows.

The conditions' order in the query is drawn apart from their order in the question: neither is right, for a WHERE
clause is a set.
"""

import random
from dataclasses import dataclass, field

from labkit.ordering.sqlnet.data.domains import UNSEEN, Column, Domain, domains
from labkit.ordering.sqlnet.data.example import Example
from labkit.ordering.sqlnet.data.pools import value, written
from labkit.ordering.sqlnet.data.tokens import tokenize
from labkit.ordering.sqlnet.database import Database
from labkit.ordering.sqlnet.query import AGGREGATIONS, Query, Table

COUNTS = (0.55, 0.30, 0.11, 0.04)  # of 1, 2, 3 and 4 conditions
UNNAMED = 0.3  # of the conditions whose column the value gives away
SELECT = {
    "": (
        "what is the {c}",
        "which {c} is it",
        "name the {c}",
        "tell me the {c}",
        "what was the {c}",
        "give the {c}",
    ),
    "MAX": (
        "what is the highest {c}",
        "what is the largest {c}",
        "tell me the maximum {c}",
        "what is the top {c}",
    ),
    "MIN": (
        "what is the lowest {c}",
        "what is the smallest {c}",
        "tell me the minimum {c}",
        "what is the least {c}",
    ),
    "COUNT": (
        "how many {c} entries are there",
        "what is the number of {c} entries",
        "count the {c} entries",
        "how many rows have a {c}",
    ),
    "SUM": ("what is the total {c}", "what is the sum of {c}", "add up the {c}", "what is the combined {c}"),
    "AVG": (
        "what is the average {c}",
        "what is the mean {c}",
        "tell me the average {c}",
        "what is the {c} on average",
    ),
}
CONDITION = {
    "=": (
        "{w} the {c} is {v}",
        "with a {c} of {v}",
        "with {v} as the {c}",
        "{w} the {c} was {v}",
        "with the {c} {v}",
    ),
    ">": (
        "{w} the {c} is more than {v}",
        "with a {c} above {v}",
        "with a {c} greater than {v}",
        "with over {v} for the {c}",
        "{w} the {c} is larger than {v}",
    ),
    "<": (
        "{w} the {c} is less than {v}",
        "with a {c} below {v}",
        "with a {c} smaller than {v}",
        "with under {v} for the {c}",
        "{w} the {c} is lower than {v}",
    ),
}
BARE = ("for {v}", "about {v}", "concerning {v}")


@dataclass
class Corpus:
    """Examples with the database of their tables, and how many questions were left out."""

    examples: list[Example]
    database: Database = field(repr=False)
    dropped: int = 0


def generate(
    n_tables: int, per_table: int, seed: int, part: str = "train", unseen: bool | None = None
) -> Corpus:
    """Tables and questions about them, from `seed` alone; other parts have other tables.

    Args:
        part: `train`, `dev` or `test`: names the tables, and draws other ones.
        unseen: only the three domains that training never sees (True), none of them (False), or all of them
            (None). Training parts never hold them.

    Raises:
        ValueError: n_tables or per_table below 1, another part, unseen domains in training.
    """
    if n_tables < 1 or per_table < 1:
        raise ValueError(f"n_tables and per_table must be at least 1; got {n_tables} and {per_table}")
    if part not in ("train", "dev", "test"):
        raise ValueError(f"part must be train, dev or test; got {part!r}")
    if part == "train" and unseen:
        raise ValueError("training sees no unseen domain; ask for part='dev' or 'test'")
    rng = random.Random(f"{part}-{unseen}-{seed}")
    hidden = {True: True, False: False, None: None if part == "test" else False}[unseen]
    pool = [d for d in domains() if hidden is None or (d.name in UNSEEN) == hidden]
    examples, tables, dropped = [], [], 0
    for i in range(n_tables):
        domain = pool[i % len(pool)] if i < n_tables - n_tables % len(pool) else rng.choice(pool)
        table, columns = _table(domain, f"{part}-{seed}-{'u' if unseen else 'a'}-{i}", rng)
        tables.append(table)
        made = 0
        while made < per_table:
            try:
                examples.append(_example(domain, table, columns, rng))
                made += 1
            except ValueError:  # e.g. two values that cannot be told apart in the question
                dropped += 1
    return Corpus(examples, Database(tables), dropped)


def _table(domain: Domain, name: str, rng: random.Random) -> tuple[Table, list[Column]]:
    n = rng.randint(min(4, len(domain.columns)), min(8, len(domain.columns)))
    chosen = rng.sample(range(len(domain.columns)), n)
    columns = [domain.columns[i] for i in chosen]
    # in half of the tables some columns go by another name
    renamed = [c.paraphrases[0].title() if rng.random() < 0.15 else c.name for c in columns]
    names = tuple(renamed if len(set(renamed)) == n else [c.name for c in columns])
    size = rng.randint(8, 20)
    if domain.rows:
        rows = [tuple(row[i] for i in chosen) for row in rng.sample(domain.rows, min(size, len(domain.rows)))]
    else:
        rows = [tuple(value(c.kind, rng) for c in columns) for _ in range(size)]
    return Table(name, names, tuple(c.type for c in columns), tuple(rows)), columns


def _called(column: Column, name: str, rng: random.Random) -> str:
    return (name if rng.random() < 0.5 else rng.choice((column.name, *column.paraphrases))).lower()


def _example(domain: Domain, table: Table, columns: list[Column], rng: random.Random) -> Example:
    select = rng.randrange(len(columns))
    reals = ("MAX", "MIN", "SUM", "AVG")
    word = rng.choice(
        ("", "", "", "", "COUNT", *reals) if columns[select].type == "real" else ("", "", "", "COUNT")
    )
    others = [i for i in range(len(columns)) if i != select]
    count = min(rng.choices((1, 2, 3, 4), COUNTS)[0], len(others))
    row = rng.choice(table.rows)
    conditions, phrases = [], []
    for i in rng.sample(others, count):
        phrase, operator, shown = _condition(table, columns, i, row, rng)
        conditions.append((i, operator, shown))
        phrases.append(phrase)
    asked = rng.choice(SELECT[word]).format(c=_called(columns[select], table.header[select], rng))
    asked += f" of the {domain.noun}" if rng.random() < 0.2 and word != "COUNT" else ""
    where = rng.choice((" and ", ", ")).join(phrases)
    question = f"{where}, {asked}?" if rng.random() < 0.2 else f"{asked} {where}?"
    question = question[0].upper() + question[1:]
    order = rng.sample(range(count), count)
    query = Query(select, AGGREGATIONS.index(word), tuple(conditions[k] for k in order))
    return Example(question, table, query, domain.name, _spans(question, query))


def _condition(table, columns, i, row, rng) -> tuple[str, int, str]:
    """A condition that the row meets: (its phrase, the operator, the value as the question writes it)."""
    column, cell, operator = columns[i], row[i], 0
    if column.type == "real" and rng.random() < 0.6:
        operator = rng.choice((1, 2))
        below = [r[i] for r in table.rows if (r[i] < cell if operator == 1 else r[i] > cell)]
        step = 1 if isinstance(cell, int) else 0.1
        cell = rng.choice(below) if below else round(cell - step if operator == 1 else cell + step, 3)
        if cell < 0:
            operator, cell = 0, row[i]
    shown = written(cell, column.kind, rng)
    alone = sum(c.kind == column.kind for c in columns) == 1
    if operator == 0 and column.type == "text" and alone and rng.random() < UNNAMED:
        return rng.choice(BARE).format(v=shown), 0, shown.strip('"')
    phrase = rng.choice(CONDITION["=><"[operator]])
    words = {"c": _called(column, table.header[i], rng), "v": shown, "w": rng.choice(("when", "where", "if"))}
    return phrase.format(**words), operator, shown.strip('"')


def _spans(question: str, query: Query) -> tuple[tuple[int, int], ...]:
    """Where each value stands; every value gets a place of its own. Raises ValueError where that is impossible."""
    tokens, taken, spans = tokenize(question), set(), []
    for _, _, shown in query.conditions:
        words = tokenize(shown)
        places = [
            (s, s + len(words))
            for s in range(len(tokens) - len(words) + 1)
            if tokens[s : s + len(words)] == words and not taken & set(range(s, s + len(words)))
        ]
        if len(places) != 1:
            raise ValueError(f"{shown!r} has {len(places)} places in {question!r}")
        taken |= set(range(*places[0]))
        spans.append(places[0])
    return tuple(spans)
