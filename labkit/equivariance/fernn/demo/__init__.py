"""FERNN's interactive pictures, from the space-time diagram to learning live."""

from labkit.equivariance.fernn.demo.diagrams import commuting_square, space_time
from labkit.equivariance.fernn.demo.errors import border_of_v, equivariance_errors
from labkit.equivariance.fernn.demo.learning import learning_live, length_reach, velocity_map, velocity_reach
from labkit.equivariance.fernn.demo.movies import energy_of_velocities, hidden_state_movie
from labkit.equivariance.fernn.demo.rotation import rotating_states

# in teaching order
DEMOS = (
    space_time,
    hidden_state_movie,
    commuting_square,
    equivariance_errors,
    energy_of_velocities,
    border_of_v,
    velocity_reach,
    length_reach,
    velocity_map,
    learning_live,
    rotating_states,
)
