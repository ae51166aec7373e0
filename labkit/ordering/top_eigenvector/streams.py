"""Streams of rows that can be read once, and the instances that separate the algorithms."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.ordering.top_eigenvector.method.linear import top_eigenvector

Order = Literal["random", "given", "aligned_first", "aligned_last", "by_norm", "bursty"]
BURSTS = 16


class _Once:
    """A stream: `rows` of `width` numbers each, given in chunks, once."""

    rows: int
    width: int
    device: torch.device
    _read = False

    def __iter__(self) -> Iterator[Float[Tensor, "chunk d"]]:
        if self._read:
            raise RuntimeError("this stream has been read: a stream can be read once; make another one")
        self._read = True
        return self._chunks()

    def __len__(self) -> int:
        return self.rows


class RowStream(_Once):
    """A matrix's rows, once, in an order.

    Args:
        order: `random` (uniform, from `seed`); `given`; `aligned_first` or `aligned_last`, by the squared projection on
            v_1; `by_norm`, the largest first; `bursty`, 16 runs of rows of like projection, the runs shuffled; or the
            row numbers themselves.
        chunk: rows given at once.

    Raises:
        ValueError: an order that there is not, row numbers that are no permutation, or a chunk below 1.
    """

    def __init__(
        self,
        matrix: Float[Tensor, "n d"],
        order: str | Int[Tensor, " n"] = "random",
        seed: int = 0,
        chunk: int = 1024,
    ):
        if chunk < 1:
            raise ValueError(f"chunk must be at least 1; got {chunk}")
        self.matrix, self.chunk = matrix, chunk
        self.rows, self.width = matrix.shape
        self.device = matrix.device
        self.order = order_of(matrix, order, seed)

    def _chunks(self) -> Iterator[Tensor]:
        for part in self.order.split(self.chunk):
            yield self.matrix[part]


class GeneratedStream(_Once):
    """Rows that are made when they are read, so that a stream need not fit in memory.

    Args:
        draw: `draw(generator, count)` gives `count` rows, on the CPU or the generator's device.
        device: where the rows are made, chunk by chunk.
    """

    def __init__(
        self,
        rows: int,
        width: int,
        draw: Callable[[torch.Generator, int], Tensor],
        *,
        seed: int = 0,
        chunk: int = 8192,
        device: str | torch.device = "cpu",
    ):
        self.rows, self.width, self.draw, self.chunk = rows, width, draw, chunk
        self.device, self.seed = torch.device(device), seed

    def _chunks(self) -> Iterator[Tensor]:
        generator = torch.Generator(device=self.device).manual_seed(self.seed)
        for start in range(0, self.rows, self.chunk):
            yield self.draw(generator, min(self.chunk, self.rows - start))


def spiked_stream(
    n: int, d: int, R: float, *, seed: int = 0, chunk: int = 8192, device: str | torch.device = "cpu"
) -> GeneratedStream:
    """A spiked Gaussian stream in float32, made chunk by chunk: variance R along e_1, else 1; independent rows, so the
    order is random.
    """

    def draw(generator: torch.Generator, count: int) -> Tensor:
        rows = torch.randn(count, d, generator=generator, device=generator.device)
        rows[:, 0] *= math.sqrt(R)
        return rows

    return GeneratedStream(n, d, draw, seed=seed, chunk=chunk, device=device)


def order_of(matrix: Float[Tensor, "n d"], order: str | Tensor, seed: int = 0) -> Int[Tensor, " n"]:
    """The row numbers in an order of RowStream's.

    Raises:
        ValueError: as RowStream.
    """
    n = len(matrix)
    numbers = torch.arange(n, device=matrix.device)
    if isinstance(order, Tensor):
        if order.shape != (n,) or not torch.equal(order.sort().values, numbers.to(order)):
            raise ValueError(f"order must hold each of the row numbers 0 to {n - 1} once")
        return order.to(matrix.device)
    if order not in get_args(Order):
        raise ValueError(f"order: {order!r} is not allowed; choose from {', '.join(get_args(Order))}")
    shuffled = torch.randperm(n, generator=torch.Generator(device="cpu").manual_seed(seed), device="cpu")
    shuffled = shuffled.to(matrix.device)
    if order == "given":
        return numbers
    if order == "random":
        return shuffled
    key = matrix.square().sum(1) if order == "by_norm" else (matrix @ top_eigenvector(matrix)).square()
    # rows of equal key stand in random order
    ranked = shuffled[key[shuffled].argsort(descending=order != "aligned_last", stable=True)]
    if order == "bursty":
        runs = ranked.tensor_split(min(BURSTS, n))
        generator = torch.Generator(device="cpu").manual_seed(seed + 1)
        places = torch.randperm(len(runs), generator=generator, device="cpu")
        return torch.cat([runs[i] for i in places.tolist()])
    return ranked


def _turned(rows: Tensor, rotate: bool, generator: torch.Generator | None) -> Tensor:
    """The rows in a random orthonormal basis, where that is wanted."""
    if not rotate:
        return rows
    d = rows.shape[1]
    q, r = torch.linalg.qr(torch.randn(d, d, dtype=rows.dtype, device="cpu", generator=generator))
    return rows @ (q * r.diagonal().sign()).T


def _check(d: int, R: float, smallest: float = 1.0) -> None:
    if d < 2:
        raise ValueError(f"d must be at least 2; got {d}")
    if not (smallest <= R and math.isfinite(R)):
        raise ValueError(f"R must be at least {smallest:g} and finite; got {R}")


def oja_hard(
    d: int,
    R: float,
    m: int,
    decoy: bool = False,
    rotate: bool = False,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "n d"]:
    """Rows on which no fixed rate works when R log R < (log d) / 2, in order of their direction.

    u_1 comes as R unit rows (sigma_1^2 = R), every other u_i as m rows of squared norm 1/m (sigma_2^2 = 1). With a
    decoy, u_2 is one row of squared norm 1 and u_1 comes as R + 1 rows of squared norm R / (R + 1): the largest row
    points the wrong way.

    Raises:
        ValueError: d < 2 (3 with a decoy), R or m below 1, or R no integer.
    """
    _check(d, R)
    if int(R) != R or m < 1 or (decoy and d < 3):
        raise ValueError(f"R must be an integer, m at least 1, d at least 3 with a decoy; got {R}, {m}, {d}")
    R = int(R)  # unit rows of u_1
    basis = torch.eye(d, dtype=torch.float64, device="cpu")
    heavy = (
        [basis[:1].expand(R + 1, -1) * math.sqrt(R / (R + 1)), basis[1:2]]
        if decoy
        else [basis[:1].expand(R, -1)]
    )
    light = basis[2 if decoy else 1 :].repeat_interleave(m, dim=0) / math.sqrt(m)
    return _turned(torch.cat([*heavy, light]), rotate, generator)


def spiked(
    n: int, d: int, R: float, generator: torch.Generator | None = None, rotate: bool = False
) -> Float[Tensor, "n d"]:
    """Gaussian rows of variance R along u_1 and 1 along the others; no row is heavy. The sample's gap is below R.

    Raises:
        ValueError: d < 2, n < 1 or R < 1.
    """
    _check(d, R)
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}")
    rows = torch.randn(n, d, dtype=torch.float64, device="cpu", generator=generator)
    rows[:, 0] *= math.sqrt(R)
    return _turned(rows, rotate, generator)


def heavy_and_light(
    n: int,
    d: int,
    h: int,
    R: float,
    share: float = 0.9,
    generator: torch.Generator | None = None,
    rotate: bool = False,
) -> Float[Tensor, "n d"]:
    """n light Gaussian rows of total variance 1 in each direction, and h heavy rows that make u_1's R.

    Heavy row j is sqrt(s) (sqrt(share) u_1 + sqrt(1 - share) u_{1+j}) with s = (R - 1) / (h share). They come first.

    Raises:
        ValueError: h is not from 0 to d - 1, n < 1, R < 1, or a share outside (0, 1].
    """
    _check(d, R)
    if not 0 <= h < d or n < 1 or not 0 < share <= 1:
        raise ValueError(f"h must be from 0 to d - 1, n at least 1, share in (0, 1]; got {h}, {n}, {share}")
    light = torch.randn(n, d, dtype=torch.float64, device="cpu", generator=generator) / math.sqrt(n)
    heavy = torch.zeros(h, d, dtype=torch.float64, device="cpu")
    if h:
        heavy[:, 0] = math.sqrt(share)
        heavy[:, 1 : 1 + h] = math.sqrt(1 - share) * torch.eye(h, dtype=torch.float64, device="cpu")
        heavy *= math.sqrt((R - 1) / (h * share))
    return _turned(torch.cat([heavy, light]), rotate, generator)


def lower_bound(
    d: int, h: int, R: float, generator: torch.Generator | None = None
) -> tuple[Float[Tensor, "rows d"], int]:
    """h random sign rows of norm 1, and y = sqrt(R) (half of one of them, normalised), the last row; and which one.

    y alone has correlation 1 - c / R^2 with v_1, c about 1/2; to do better one needs the other half of a row that
    is not known beforehand: h d bits.

    Raises:
        ValueError: h is not from 1 to d, d is odd, or R < 1.
    """
    _check(d, R)
    if not 1 <= h <= d or d % 2:
        raise ValueError(f"h must be from 1 to d and d even; got h = {h}, d = {d}")
    signs = torch.randint(0, 2, (h, d), generator=generator, device="cpu").double() * 2 - 1
    rows = signs / math.sqrt(d)
    which = int(torch.randint(h, (1,), generator=generator, device="cpu"))
    half = torch.randperm(d, generator=generator, device="cpu")[: d // 2]
    y = torch.zeros(d, dtype=torch.float64, device="cpu")
    y[half] = rows[which, half]
    y *= math.sqrt(R) / torch.linalg.vector_norm(y)
    return torch.cat([rows, y[None]]), which


def digit_rows() -> Float[Tensor, "n d"]:
    """scikit-learn's 1,797 digits of 64 pixels (0 to 1), the mean taken off: real rows, none of them heavy.

    Taking the mean off is a choice of the data; no algorithm here centres its rows.
    """
    from sklearn.datasets import load_digits

    rows = torch.from_numpy(load_digits().data / 16.0)
    return rows - rows.mean(0)


def read_csv(path: str | Path) -> Float[Tensor, "n d"]:
    """The numeric columns of a CSV file with a header, as rows in float64.

    Raises:
        ValueError: there are fewer than 2 numeric columns, or a value is missing; names the line.
    """
    import pandas as pd

    table = pd.read_csv(path).select_dtypes("number")
    if table.shape[1] < 2:
        raise ValueError(f"{path}: at least 2 numeric columns are needed; found {list(table.columns)}")
    missing = table.isna().any(axis=1)
    if missing.any():
        raise ValueError(f"{path}: a value is missing in line {int(missing.argmax()) + 2}")
    return torch.from_numpy(table.to_numpy(dtype="float64"))
