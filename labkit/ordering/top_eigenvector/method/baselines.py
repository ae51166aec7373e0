"""What else can be done in one pass: the largest row, a reservoir, Frequent Directions, the whole covariance."""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.ordering.top_eigenvector.method.linear import chunks, unit


def largest_row(stream) -> Float[Tensor, " d"]:
    """The row of largest norm, normalised: d words.

    Raises:
        ValueError: no row is other than zero.
    """
    best, size = None, 0.0
    for rows in chunks(stream):
        norms = rows.square().sum(1)
        place = int(norms.argmax())
        if norms[place].item() > size:
            best, size = rows[place].clone(), norms[place].item()
    if best is None:
        raise ValueError("the stream has no non-zero row")
    return unit(best)


def reservoir(stream, rows: int, generator: torch.Generator) -> Float[Tensor, "rows d"]:
    """A uniform sample of so many rows without replacement, in rows * d words (Vitter's algorithm R).

    Raises:
        ValueError: rows below 1.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1; got {rows}")
    kept, seen = [], 0
    for chunk in chunks(stream):
        # row t (from 0) replaces a uniform place of 0 ... t, if that is one of the reservoir's
        ends = torch.arange(seen + 1, seen + len(chunk) + 1, dtype=torch.float64, device="cpu")
        places = (
            torch.rand(len(chunk), dtype=torch.float64, device="cpu", generator=generator) * ends
        ).long()
        for i, place in enumerate(places.tolist()):
            if seen + i < rows:
                kept.append(chunk[i].clone())
            elif place < rows:
                kept[place] = chunk[i].clone()
        seen += len(chunk)
    return torch.stack(kept)


def frequent_directions(stream, rows: int) -> Float[Tensor, "rows d"]:
    """Frequent Directions (Liberty 2013; Ghashami et al. 2016) with a buffer of 2l rows.

    When the buffer is full: B = U S V^T, delta = s_l^2, B <- sqrt(max(S^2 - delta, 0)) V^T, which frees half of it.
    The sketch has ||A^T A - B^T B||_2 <= ||A||_F^2 / l.

    Raises:
        ValueError: rows below 1.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1; got {rows}")
    buffer, filled = None, 0
    for chunk in chunks(stream):
        if buffer is None:
            buffer = torch.zeros(2 * rows, chunk.shape[1], dtype=chunk.dtype, device=chunk.device)
        at = 0
        while at < len(chunk):
            count = min(2 * rows - filled, len(chunk) - at)
            buffer[filled : filled + count] = chunk[at : at + count]
            filled, at = filled + count, at + count
            if filled == 2 * rows:
                buffer, filled = _shrink(buffer, rows), rows
    if buffer is None:
        raise ValueError("the stream has no row")
    return _shrink(buffer, rows)[:rows]


def _shrink(buffer: Float[Tensor, "twice d"], rows: int) -> Float[Tensor, "twice d"]:
    _, s, vt = torch.linalg.svd(buffer, full_matrices=False)
    squared = s.square()
    delta = squared[rows - 1] if len(s) >= rows else squared.new_zeros(())
    left = torch.zeros_like(buffer)
    left[: len(s)] = (squared - delta).clamp(min=0).sqrt()[:, None] * vt
    left[rows:] = 0
    return left


def covariance(stream) -> Float[Tensor, "d d"]:
    """A^T A, in d^2 words.

    Raises:
        ValueError: there is no row.
    """
    total = None
    for rows in chunks(stream):
        total = rows.T @ rows if total is None else total + rows.T @ rows
    if total is None:
        raise ValueError("the stream has no row")
    return total
