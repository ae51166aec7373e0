"""The paper's exercises: the curve, a proof by enumeration, and a printed theorem to repair."""

from labkit.language.magic_words.exercise.curve import epsilon_curve
from labkit.language.magic_words.exercise.enumerate import reachable_one
from labkit.language.magic_words.exercise.theorem import repaired_theorem

# easiest first
EXERCISES = (epsilon_curve, reachable_one, repaired_theorem)
