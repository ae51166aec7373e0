"""FERNN's exercises: move each channel, write the theorem, make the head equivariant."""

from labkit.equivariance.fernn.exercise.head import equivariant_head
from labkit.equivariance.fernn.exercise.step import flow_step
from labkit.equivariance.fernn.exercise.theorem import predict_states

# easiest first
EXERCISES = (flow_step, predict_states, equivariant_head)
