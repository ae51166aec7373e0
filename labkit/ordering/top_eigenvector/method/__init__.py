"""Top eigenvectors of streams: Oja's rule and its wrapper, the block power method, and the paper's algorithm."""

from labkit.ordering.top_eigenvector.method.baselines import (
    covariance,
    frequent_directions,
    largest_row,
    reservoir,
)
from labkit.ordering.top_eigenvector.method.block_power import BlockPower, block_power
from labkit.ordering.top_eigenvector.method.linear import correlation, gap, heavy_rows, top_eigenvector
from labkit.ordering.top_eigenvector.method.oja import (
    OjaRates,
    OjaResult,
    hard_instance_correlation,
    oja,
    oja_grid,
    rate_grid,
)
from labkit.ordering.top_eigenvector.method.price_xun import PriceXunResult, price_xun
from labkit.ordering.top_eigenvector.method.random_order import (
    HeavyAndLight,
    RandomOrderResult,
    random_order_top_eigenvector,
    row_norm_sample,
)

__all__ = [
    "BlockPower",
    "HeavyAndLight",
    "OjaRates",
    "OjaResult",
    "PriceXunResult",
    "RandomOrderResult",
    "block_power",
    "correlation",
    "covariance",
    "frequent_directions",
    "gap",
    "hard_instance_correlation",
    "heavy_rows",
    "largest_row",
    "oja",
    "oja_grid",
    "price_xun",
    "random_order_top_eigenvector",
    "rate_grid",
    "reservoir",
    "row_norm_sample",
    "top_eigenvector",
]
