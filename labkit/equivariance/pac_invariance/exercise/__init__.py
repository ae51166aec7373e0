"""The exercises: regression from second moments, reading invariance off a graph, a bound, and how to be fooled."""

from labkit.equivariance.pac_invariance.exercise.bound import enough_interventions
from labkit.equivariance.pac_invariance.exercise.fooled import fooled
from labkit.equivariance.pac_invariance.exercise.moments import best_coefficients
from labkit.equivariance.pac_invariance.exercise.paths import which_are_invariant

# easiest first
EXERCISES = (best_coefficients, which_are_invariant, enough_interventions, fooled)
