"""What studios share: one control for several demos."""

from collections.abc import Iterable
from dataclasses import replace

from labkit.demo import Control, Demo


def shared(demos: Iterable[Demo], name: str) -> Control:
    """One control for all demos that have it: what every one of them allows.

    The label and the default are the first demo's; the default is moved into the common range.

    Raises:
        ValueError: no demo has it, or they have nothing in common.
    """
    found = [control for demo in demos for control in demo.controls if control.name == name]
    if not found:
        raise ValueError(f"no demo has a control {name!r}")
    first = found[0]
    if first.kind == "choice":
        common = tuple(choice for choice in first.choices if all(choice in other.choices for other in found))
        if not common:
            raise ValueError(f"the demos' controls {name!r} have no choice in common")
        return replace(first, choices=common, default=first.default if first.default in common else common[0])
    if first.kind in ("integer", "real"):
        low, high = max(other.low for other in found), min(other.high for other in found)
        if low > high:
            raise ValueError(f"the demos' controls {name!r} have no range in common")
        return replace(first, low=low, high=high, default=min(max(first.default, low), high))
    return first
