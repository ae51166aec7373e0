"""The questions that the pictures are about: of tables and domains, three of them unseen, that no model was trained
on."""

from functools import lru_cache
from typing import Annotated

from annotated_types import Interval, doc

from labkit.demo import Label
from labkit.ordering.sqlnet.data import Corpus, Example, generate

SHOWN = 12
Number = Annotated[
    int, Interval(ge=1, le=SHOWN), Label("question"), doc("twelve questions about unseen tables")
]


@lru_cache(maxsize=1)
def corpus() -> Corpus:
    """Test questions of all 24 domains."""
    return generate(48, 2, 7, part="test")


@lru_cache(maxsize=1)
def shown() -> tuple[Example, ...]:
    """Twelve of them, of different domains, most with two or three conditions."""
    found: dict[str, Example] = {}
    for example in corpus().examples:
        if len(example.query.conditions) in (2, 3) and len(example.tokens) < 36:
            found.setdefault(example.domain, example)
    return tuple(found.values())[:SHOWN]


@lru_cache(maxsize=1)
def several() -> tuple[Example, ...]:
    """Four questions with two, three, three and four conditions."""
    by_count: dict[int, list[Example]] = {}
    for example in corpus().examples:
        by_count.setdefault(len(example.query.conditions), []).append(example)
    return (*by_count[2][:1], *by_count[3][:2], *by_count[4][:1])
