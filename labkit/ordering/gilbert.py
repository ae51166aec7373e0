"""The generalised Hilbert curve ("Gilbert", J. Červený): a space-filling walk through a rectangle of any size."""

import numpy as np

Vector = tuple[int, int]
_SMALL: dict[tuple[Vector, Vector], np.ndarray] = {}


def gilbert_path(height: int, width: int) -> np.ndarray:
    """The cells (row, column) of a height x width grid in the order of the walk; shape (height * width, 2).

    The longer side is the major axis. Steps go to a 4-neighbour, except for one diagonal step when the longer
    side is odd and the shorter even and > 2.

    A rectangle's walk depends only on its two signed axis vectors, and each level of the recursion knows but a
    few of them: every block is walked once and then copied.

    Raises:
        ValueError: a side is not positive.
    """
    if height < 1 or width < 1:
        raise ValueError(f"height and width must be positive; got {height} and {width}")
    major, minor = ((width, 0), (0, height)) if width >= height else ((0, height), (width, 0))
    path = _block(major, minor, {})
    return np.ascontiguousarray(path[:, ::-1]).astype(np.int64)


def _block(a: Vector, b: Vector, known: dict) -> np.ndarray:
    """The walk of the rectangle spanned by the major vector a and the minor vector b, as (x, y) from its corner."""
    if abs((a[0] + a[1]) * (b[0] + b[1])) <= 256:
        known = _SMALL  # kept from call to call
    if (a, b) not in known:
        known[a, b] = _walk(a, b, known)
    return known[a, b]


def _walk(a: Vector, b: Vector, known: dict) -> np.ndarray:
    w, h = abs(a[0] + a[1]), abs(b[0] + b[1])
    da, db = _unit(a), _unit(b)
    if h == 1:
        return _line(da, w)
    if w == 1:
        return _line(db, h)
    # halves by floor division, of negative numbers too: floor(-5 / 2) = -3
    a2, b2 = (a[0] // 2, a[1] // 2), (b[0] // 2, b[1] // 2)
    w2, h2 = abs(a2[0] + a2[1]), abs(b2[0] + b2[1])
    if 2 * w > 3 * h:
        # long: two halves along a; the first an even number of steps
        if w2 % 2 and w > 2:
            a2 = _add(a2, da)
        parts = (((0, 0), a2, b), (a2, _minus(a, a2), b))
    else:
        # up along b, across along a, and down again
        if h2 % 2 and h > 2:
            b2 = _add(b2, db)
        corner = _add(_minus(a, da), _minus(b2, db))
        parts = (
            ((0, 0), b2, a2),
            (b2, a, _minus(b, b2)),
            (corner, _minus((0, 0), b2), _minus(a2, a)),
        )
    return np.concatenate([_block(major, minor, known) + np.int32(at) for at, major, minor in parts])


def _line(step: Vector, count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int32)[:, None] * np.int32(step)


def _unit(v: Vector) -> Vector:
    return (v[0] > 0) - (v[0] < 0), (v[1] > 0) - (v[1] < 0)


def _add(u: Vector, v: Vector) -> Vector:
    return u[0] + v[0], u[1] + v[1]


def _minus(u: Vector, v: Vector) -> Vector:
    return u[0] - v[0], u[1] - v[1]
