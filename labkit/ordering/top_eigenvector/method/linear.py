"""What all algorithms share: the chunks of a stream, checked; correlation, gap, and exact top eigenvectors."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor


def chunks(stream) -> Iterator[Float[Tensor, "chunk d"]]:
    """A stream's chunks, each checked.

    Args:
        stream: has `rows` (how many there will be) and `width` (d), and gives chunks (b, d) when iterated.

    Raises:
        ValueError: a row of another width, or one that is not finite; names the row, counted from 0.
    """
    if stream.width < 2:
        raise ValueError(f"rows must have at least 2 numbers; got width {stream.width}")
    seen = 0
    for chunk in stream:
        if chunk.ndim != 2 or chunk.shape[1] != stream.width:
            raise ValueError(
                f"row {seen} and those after it have shape {tuple(chunk.shape)}; each row must have the stream's "
                f"{stream.width} numbers"
            )
        finite = torch.isfinite(chunk).all(1)
        if not bool(finite.all()):
            raise ValueError(f"row {seen + int((~finite).nonzero()[0, 0])} is not finite")
        seen += len(chunk)
        yield chunk


def unit(vector: Float[Tensor, "*batch d"], name: str = "start") -> Float[Tensor, "*batch d"]:
    """The vector, or each of them, at length 1.

    Raises:
        ValueError: it is zero or not finite.
    """
    length = torch.linalg.vector_norm(vector, dim=-1, keepdim=True)
    if not bool(((length > 0) & torch.isfinite(length)).all()):
        raise ValueError(f"{name} must be finite and not zero; got one of norm {length.min().item():g}")
    return vector / length


def random_start(
    stream, generator: torch.Generator | None, start: Tensor | None = None
) -> Float[Tensor, " d"]:
    """The given start at length 1, or a uniform one on the sphere, drawn on the CPU.

    Raises:
        ValueError: a start of another width, or zero.
    """
    if start is None:
        start = torch.randn(stream.width, dtype=torch.float64, device="cpu", generator=generator)
    if start.shape != (stream.width,):
        raise ValueError(
            f"start must have the stream's {stream.width} numbers; got shape {tuple(start.shape)}"
        )
    return unit(start)


def correlation(u: Float[Tensor, "*us d"], v: Float[Tensor, "*vs d"]) -> Float[Tensor, "..."]:
    """<u, v>^2 / (||u||^2 ||v||^2), broadcast: 1 for the same line, whatever the signs."""
    # one dtype: the second's
    u = u.to(v.dtype)
    return (u * v).sum(-1).square() / (u.square().sum(-1) * v.square().sum(-1))


def top_eigenvector(matrix: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    """v_1, the top eigenvector of A^T A, exactly; by the smaller of the two Gram matrices."""
    n, d = matrix.shape
    if n < d:
        # A A^T y = sigma^2 y  =>  v_1 = A^T y / sigma
        return unit(matrix.T @ torch.linalg.eigh(matrix @ matrix.T)[1][:, -1], "matrix")
    return torch.linalg.eigh(matrix.T @ matrix)[1][:, -1]


def gap(matrix: Float[Tensor, "n d"]) -> float:
    """R = sigma_1^2 / sigma_2^2: a ratio of eigenvalues of A^T A, not of singular values. The rows are not centred."""
    n, d = matrix.shape
    values = torch.linalg.eigvalsh(matrix @ matrix.T if n < d else matrix.T @ matrix)
    if len(values) < 2 or values[-2] <= 0:
        return float("inf")
    return (values[-1] / values[-2]).item()


def heavy_rows(matrix: Float[Tensor, "n d"], kappa: float) -> int:
    """h: how many rows have ||a||^2 >= ||A||_F^2 / (kappa d).

    Raises:
        ValueError: kappa is not positive.
    """
    check_kappa(kappa)
    norms = matrix.square().sum(1)
    return int((norms >= norms.sum() / (kappa * matrix.shape[1])).sum())


def check_kappa(kappa: float) -> None:
    """Refuse a kappa that is not positive.

    Raises:
        ValueError: it is not.
    """
    if not kappa > 0:
        raise ValueError(f"kappa must be positive; got {kappa}")
