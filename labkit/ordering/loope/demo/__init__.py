"""LOOPE's interactive pictures."""

from labkit.ordering.loope.demo.cells import learning, rollout, three_cell
from labkit.ordering.loope.demo.context import context, drag
from labkit.ordering.loope.demo.orders import explorer, gallery, locality, metric_sweep

# in teaching order
DEMOS = (explorer, gallery, locality, metric_sweep, drag, context, three_cell, learning, rollout)
