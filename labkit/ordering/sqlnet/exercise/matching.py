"""Exercise 1: when are two queries the same?"""

from labkit.exercise import Mistake, exercise, recognise
from labkit.ordering.sqlnet.query import Query

_A = Query(0, 1, ((1, 1, "5"), (2, 0, "Oslo"), (1, 2, "9")))
# (what is tried, two queries, whether they are the same)
_CASES = (
    ("the same query twice", _A, _A, True),
    ("another select column", _A, Query(3, 1, _A.conditions), False),
    ("another aggregation", _A, Query(0, 2, _A.conditions), False),
    ("the conditions in another order", _A, Query(0, 1, _A.conditions[::-1]), True),
    (
        "two conditions on one column, in one query only",
        _A,
        Query(0, 1, ((2, 0, "Oslo"), (1, 2, "9"))),
        False,
    ),
    (
        "another operator",
        Query(0, 0, ((1, 1, "5"),)),
        Query(0, 0, ((1, 2, "5"),)),
        False,
    ),
    ("Oslo and oslo", _A, Query(0, 1, ((1, 1, "5"), (2, 0, "oslo"), (1, 2, "9"))), True),
    ("'5' and 5.0", _A, Query(0, 1, ((1, 1, 5.0), (2, 0, "Oslo"), (1, 2, 9))), True),
    ("another value", Query(0, 0, ((1, 0, "5"),)), Query(0, 0, ((1, 0, "50"),)), False),
    ("no conditions against one", Query(0, 0), Query(0, 0, ((1, 0, "5"),)), False),
)


def _value(value):
    text = str(value).strip().lower()
    try:
        return float(text)
    except ValueError:
        return text


def _match(a, b):
    conditions = [{(c, o, _value(v)) for c, o, v in q.conditions} for q in (a, b)]
    return (a.select, a.aggregation) == (b.select, b.aggregation) and conditions[0] == conditions[1]


def _lists(a, b):
    conditions = [[(c, o, _value(v)) for c, o, v in q.conditions] for q in (a, b)]
    return (a.select, a.aggregation) == (b.select, b.aggregation) and conditions[0] == conditions[1]


def _by_column(a, b):
    conditions = [{c: (o, _value(v)) for c, o, v in q.conditions} for q in (a, b)]
    return (a.select, a.aggregation) == (b.select, b.aggregation) and conditions[0] == conditions[1]


def _no_operator(a, b):
    conditions = [{(c, _value(v)) for c, o, v in q.conditions} for q in (a, b)]
    return (a.select, a.aggregation) == (b.select, b.aggregation) and conditions[0] == conditions[1]


def _case(a, b):
    def value(v):
        try:
            return float(v)
        except ValueError:
            return v

    conditions = [{(c, o, value(v)) for c, o, v in q.conditions} for q in (a, b)]
    return (a.select, a.aggregation) == (b.select, b.aggregation) and conditions[0] == conditions[1]


def _texts(a, b):
    conditions = [{(c, o, str(v).lower()) for c, o, v in q.conditions} for q in (a, b)]
    return (a.select, a.aggregation) == (b.select, b.aggregation) and conditions[0] == conditions[1]


def _where_only(a, b):
    return _match(Query(0, 0, a.conditions), Query(0, 0, b.conditions))


@exercise(
    "When are two queries the same?",
    level="easy",
    points=3,
    solution=_match,
    hints=(
        "`query.conditions` is a tuple of (column, operator, value). Which Python type has no order?",
        "Make each value comparable first: try `float(...)`, and fall back to lower case.",
        "Compare `{(c, o, value(v)) for c, o, v in q.conditions}`, and the two other slots.",
    ),
    mistakes=(
        Mistake(
            "lists",
            _lists,
            "The order of the conditions must not matter: A AND B is B AND A. You compare lists.",
        ),
        Mistake(
            "one condition a column",
            _by_column,
            "A column may have two conditions (x > 5 AND x < 9). You keep one per column, and lose the other.",
        ),
        Mistake(
            "no operator",
            _no_operator,
            "x > 5 is not x < 5: the operator belongs to the condition, with column and value.",
        ),
        Mistake("case", _case, "The database holds texts in lower case: Oslo and oslo are one value."),
        Mistake(
            "texts",
            _texts,
            "'5' and 5.0 are the same number. Compare as numbers what can be read as numbers.",
        ),
        Mistake(
            "where only",
            _where_only,
            "Two queries that select other columns, or aggregate otherwise, are not the same.",
        ),
    ),
)
def query_match(answer) -> str:
    r"""Write `query_match(a, b)`: whether two queries are the same. A query has `a.select`, `a.aggregation` (indices)
    and `a.conditions`, a tuple of `(column, operator, value)`.

    The conditions are a **set**; values are equal as numbers where both are numbers, and as lower-case texts otherwise.
    """
    found = [bool(answer(a, b)) for _, a, b, _ in _CASES]
    for (what, _, _, wanted), got in zip(_CASES, found, strict=True):
        if got != wanted:
            raise recognise(
                query_match.mistakes,
                lambda mistaken: found == [bool(mistaken(a, b)) for _, a, b, _ in _CASES],
                f"With {what}, your function says {got}; it should say {wanted}.",
            )
    return "That is query match: K! serialisations, one query."
