"""Pointer Networks' exercises: the pointer itself, the canonical hull, and a better tour."""

from labkit.ordering.pointer_networks.exercise.hull import canonical_hull
from labkit.ordering.pointer_networks.exercise.improve import improve_tour
from labkit.ordering.pointer_networks.exercise.pointer import pointer_logits

# easiest first
EXERCISES = (pointer_logits, canonical_hull, improve_tour)
