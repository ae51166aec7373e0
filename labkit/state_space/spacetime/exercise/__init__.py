"""SpaceTime's exercises: a difference, the closed loop of an autoregression, a forecaster within a budget."""

from labkit.state_space.spacetime.exercise.budget import budget_forecaster
from labkit.state_space.spacetime.exercise.closed_loop import closed_loop
from labkit.state_space.spacetime.exercise.difference import difference_system

# easiest first
EXERCISES = (difference_system, closed_loop, budget_forecaster)
