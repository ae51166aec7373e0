"""The survey's exercises."""

from labkit.state_space.s4_survey.exercise.costs import state_sizes
from labkit.state_space.s4_survey.exercise.hybrid import hybrid_in_budget
from labkit.state_space.s4_survey.exercise.step import selective_step

EXERCISES = (state_sizes, selective_step, hybrid_in_budget)
