"""S4's exercises: one step of time, the kernel from Cauchy sums, and a layer for a long delay."""

from labkit.state_space.s4.exercise.bilinear import bilinear
from labkit.state_space.s4.exercise.delay import long_delay
from labkit.state_space.s4.exercise.kernel import cauchy_kernel

# easiest first
EXERCISES = (bilinear, cauchy_kernel, long_delay)
