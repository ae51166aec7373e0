"""The showcase's method: a line."""


def line(slope: float, x: list[float]) -> list[float]:
    """The line through the origin."""
    return [slope * value for value in x]


class Line:
    """A line, as an object."""
