"""The paper's interactive pictures."""

from labkit.ordering.top_eigenvector.demo.laws import frontier, gap_law
from labkit.ordering.top_eigenvector.demo.rates import growth_race, rates
from labkit.ordering.top_eigenvector.demo.streams import cartoon, orders, threshold

# in teaching order
DEMOS = (cartoon, orders, threshold, growth_race, rates, gap_law, frontier)
