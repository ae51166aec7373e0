"""The exercises: a step of Oja's rule, which rows to store, and an instance that defeats every rate."""

from labkit.ordering.top_eigenvector.exercise.adversary import defeat_oja
from labkit.ordering.top_eigenvector.exercise.keep import keep_rows
from labkit.ordering.top_eigenvector.exercise.step import oja_step

# easiest first
EXERCISES = (oja_step, keep_rows, defeat_oja)
