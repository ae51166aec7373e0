"""Order Matters' interactive pictures, in teaching order."""

from labkit.ordering.order_matters.demo.orders import linearize, orders, reversal, star
from labkit.ordering.order_matters.demo.sorting import grid, pointing, process

DEMOS = (process, pointing, grid, star, orders, linearize, reversal)
