"""Order Matters' exercises: a reversal with padding, one process step, and choosing orders."""

from labkit.ordering.order_matters.exercise.choose import choose_order
from labkit.ordering.order_matters.exercise.reversal import word_reversal
from labkit.ordering.order_matters.exercise.step import process_step

# easiest first
EXERCISES = (word_reversal, process_step, choose_order)
