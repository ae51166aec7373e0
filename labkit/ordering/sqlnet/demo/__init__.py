"""SQLNet's interactive pictures, from a question read again for every column to a query that is run."""

from labkit.ordering.sqlnet.demo.asking import ask, types
from labkit.ordering.sqlnet.demo.reading import attention, columns, filling
from labkit.ordering.sqlnet.demo.sequences import errors, serialisations

# in teaching order
DEMOS = (serialisations, attention, columns, filling, ask, types, errors)
