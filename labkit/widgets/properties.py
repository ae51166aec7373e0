"""Plotly's nested properties as a flat `{"marker.color": value}`, and what changed between two of them."""

from typing import Any

import numpy as np

# The lab's template never changes, and is large.
LEFT_OUT = ("type", "uid", "template")


def flat(properties: dict, before: str = "") -> dict[str, Any]:
    """Every leaf by its dotted path. Lists (of shapes, annotations, ...) are leaves."""
    found = {}
    for name, value in properties.items():
        if not before and name in LEFT_OUT:
            continue
        if isinstance(value, dict):
            found |= flat(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


def changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What must be set to go from old to new; None for what is no more."""
    gone = {path: None for path in old if path not in new}
    return gone | {
        path: value for path, value in new.items() if path not in old or not same(old[path], value)
    }


def same(one: Any, other: Any) -> bool:
    """Whether two leaves are equal; arrays by their elements, NaN equal to NaN."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        numbers = one.dtype.kind in "fc" and other.dtype.kind in "fc"
        return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=numbers))
    return type(one) is type(other) and one == other
