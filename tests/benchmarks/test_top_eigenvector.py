"""Streaming top eigenvectors: exact blocks of rows against the loop over rows, and one pass against a plain product."""

import pytest
import torch

from labkit.ordering.top_eigenvector.method import BlockPower, oja_grid, random_order_top_eigenvector
from labkit.ordering.top_eigenvector.streams import RowStream


def rows_of(n, d, dtype=torch.float64):
    return torch.randn(n, d, dtype=dtype, generator=torch.Generator("cpu").manual_seed(0))


@pytest.mark.benchmark(group="Oja at 32 rates, 20,000 rows, d = 256")
def test_oja_grid_v_rows_one_by_one(race):
    rows, etas = rows_of(20_000, 256), torch.logspace(-5, -1, 32, dtype=torch.float64)
    start = torch.ones(256, dtype=torch.float64)

    def loop():
        v = (start / start.norm()).expand(32, -1).clone()
        for a in rows:
            v = v + (etas * (v @ a))[:, None] * a
            v = v / v.norm(dim=1, keepdim=True)
        return v

    race(
        lambda: oja_grid(RowStream(rows, "given"), etas, start),
        loop,
        goal=5,
        rounds=1,
        baseline="one row after another",
    )


@pytest.mark.benchmark(group="block power, 100,000 rows, d = 256, float32")
def test_block_power_v_plain_products(race):
    rows = rows_of(100_000, 256, torch.float32)
    start = torch.ones(1, 256) / 16

    def blocks():
        runner = BlockPower(len(rows), 12, start)
        for first in range(0, len(rows), 8192):
            runner.update(rows[first : first + 8192], first)

    race(blocks, lambda: rows.T @ (rows @ start[0]), goal=0.7, baseline="a plain A^T (A z)")


@pytest.mark.benchmark(group="the whole algorithm, 1,000,000 rows, d = 256, float32")
def test_a_million_rows(race):
    some = rows_of(100_000, 256, torch.float32)

    class Ten:
        """The rows ten times over, without ten times the memory."""

        width, rows = 256, 1_000_000

        def __iter__(self):
            for _ in range(10):
                yield from some.split(8192)

    def whole():
        return random_order_top_eigenvector(Ten(), frobenius_squared=256e6, kappa=3.0)

    def plain():
        for part in Ten():
            part.T @ (part @ part[0])

    race(whole, plain, rounds=1, baseline="a plain A^T (A z)")
