"""HiPPO's exercises: the matrix itself, the online memory, and choosing a memory for a task."""

from labkit.state_space.hippo.exercise.choice import hidden_delays
from labkit.state_space.hippo.exercise.matrix import legs_matrix
from labkit.state_space.hippo.exercise.memory import online_memory

# easiest first
EXERCISES = (legs_matrix, online_memory, hidden_delays)
