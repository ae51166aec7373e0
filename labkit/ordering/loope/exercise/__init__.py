"""LOOPE's exercises: walking a grid, shifting a position, and an order of one's own."""

from labkit.ordering.loope.exercise.design import own_order
from labkit.ordering.loope.exercise.shift import shifted_embedding
from labkit.ordering.loope.exercise.walks import two_walks

# easiest first
EXERCISES = (two_walks, shifted_embedding, own_order)
