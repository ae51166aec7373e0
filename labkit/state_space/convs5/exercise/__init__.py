"""ConvS5's exercises: how kernels grow, the binary operator, and a small model that predicts."""

from labkit.state_space.convs5.exercise.design import small_model
from labkit.state_space.convs5.exercise.growth import kernel_size
from labkit.state_space.convs5.exercise.operator import binary_operator

# easiest first
EXERCISES = (kernel_size, binary_operator, small_model)
