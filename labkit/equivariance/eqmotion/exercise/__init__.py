"""EqMotion's exercises: an invariant feature, equivariant operations, and a graph that is found."""

from labkit.equivariance.eqmotion.exercise.angles import turning_angles
from labkit.equivariance.eqmotion.exercise.operations import make_equivariant, which_are_equivariant
from labkit.equivariance.eqmotion.exercise.reason import find_the_springs

# easiest first
EXERCISES = (turning_angles, which_are_equivariant, make_equivariant, find_the_springs)
