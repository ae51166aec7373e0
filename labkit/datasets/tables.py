"""Seven small tables of real data that Plotly and scikit-learn bring along, as rows of plain values."""

import pandas as pd

from labkit.datasets.registry import dataset

_KEPT = {
    "countries": ("gapminder", ["country", "continent", "year", "lifeExp", "pop", "gdpPercap"]),
    "mayoral election": (
        "montreal-election",
        ["district", "Coderre", "Bergeron", "Joly", "total", "winner", "result"],
    ),
    "tips": ("tips", ["total_bill", "tip", "sex", "smoker", "day", "time", "size"]),
    "stocks": ("stocks", ["date", "GOOG", "AAPL", "AMZN", "FB", "NFLX", "MSFT"]),
    "wines": ("wine", [13, 0, 1, 2, 4, 5, 6, 9, 10, 12]),
    "cells": ("breast-cancer", [30, 0, 1, 2, 3, 4, 5, 6]),
    "irises": ("iris", [4, 0, 1, 2, 3]),
}
# scikit-learn's files name the classes by numbers; these are the names in their descriptions
_CLASSES = {
    "wines": ("class one", "class two", "class three"),
    "cells": ("malignant", "benign"),
    "irises": ("setosa", "versicolor", "virginica"),
}
REAL_TABLES = tuple(_KEPT)


def real_table(name: str) -> list[tuple]:
    """The rows of one of `REAL_TABLES`; numbers rounded to three decimals, whole ones as integers.

    Raises:
        ValueError: another name. Missing: the package lacks the file.
    """
    if name not in _KEPT:
        raise ValueError(f"table must be one of {', '.join(_KEPT)}; got {name!r}")
    entry, columns = _KEPT[name]
    path = dataset(entry).path()
    bare = isinstance(columns[0], int)
    frame = pd.read_csv(path, header=None, skiprows=1) if bare else pd.read_csv(path)
    rows = frame[columns].itertuples(index=False, name=None)
    if name in _CLASSES:
        return [(_CLASSES[name][int(row[0])], *map(_plain, row[1:])) for row in rows]
    return [tuple(map(_plain, row)) for row in rows]


def _plain(value):
    if isinstance(value, str):
        return value
    rounded = round(float(value), 3)
    return int(rounded) if rounded.is_integer() else rounded
