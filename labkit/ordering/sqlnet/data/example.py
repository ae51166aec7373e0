"""One example: a question about a table, with its query and where the query's values stand in the question."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.ordering.sqlnet.data.tokens import detokenize, tokenize
from labkit.ordering.sqlnet.query import MAX_CONDITIONS, Query, Table

MAX_TOKENS = 200


@dataclass(frozen=True)
class Example:
    """A question about a table, and its query where that is known.

    Attributes:
        tokens: the question's tokens, without brackets.
        header: the columns' names, tokenised.
        spans: for each condition the (first, last + 1) tokens of its value; () where the query is unknown.
        domain: what the table is about.

    Raises:
        ValueError: an empty question; more than 200 tokens; more than 4 conditions; a value that does not stand in
            the question (the reference would point at its beginning, silently).
    """

    question: str
    table: Table
    query: Query | None = None
    domain: str = ""
    given_spans: tuple[tuple[int, int], ...] | None = None
    tokens: tuple[str, ...] = field(init=False)
    header: tuple[tuple[str, ...], ...] = field(init=False)
    spans: tuple[tuple[int, int], ...] = field(init=False, default=())

    def __post_init__(self):
        tokens = tuple(tokenize(self.question))
        if not tokens:
            raise ValueError(f"question must hold at least one word; got {self.question!r}")
        if len(tokens) + 2 > MAX_TOKENS:
            raise ValueError(
                f"question has {len(tokens)} tokens; with its two brackets it may have {MAX_TOKENS}"
            )
        header = tuple(tuple(tokenize(name)) or (name,) for name in self.table.header)
        object.__setattr__(self, "tokens", tokens)
        object.__setattr__(self, "header", header)
        if self.query is None:
            return
        self.query.check(self.table)
        if len(self.query.conditions) > MAX_CONDITIONS:
            raise ValueError(
                f"a query may have {MAX_CONDITIONS} conditions; got {len(self.query.conditions)}"
            )
        spans = self.given_spans or tuple(
            find_span(tokenize(str(value)), tokens) for _, _, value in self.query.conditions
        )
        object.__setattr__(self, "spans", tuple(spans))

    def text(self, positions: Sequence[int]) -> str:
        """The words at these positions of the bracketed question (0 is its beginning), as the question has them."""
        words = [self.tokens[p - 1] for p in positions if 1 <= p <= len(self.tokens)]
        return detokenize(words, self.question)


def find_span(words: Sequence[str], tokens: Sequence[str]) -> tuple[int, int]:
    """Where the words stand together among the tokens: the whole run is looked for, not each word's first place.

    Raises:
        ValueError: they do not.
    """
    words, n = list(words), len(words)
    for start in range(len(tokens) - n + 1 if n else 0):
        if list(tokens[start : start + n]) == words:
            return start, start + n
    raise ValueError(f"the value {' '.join(words)!r} does not stand in the question {' '.join(tokens)!r}")
