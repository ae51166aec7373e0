"""Frame Averaging's interactive pictures, from one cloud's copies to bodies in space."""

from labkit.equivariance.frame_averaging.demo.bodies import particles
from labkit.equivariance.frame_averaging.demo.clouds import (
    commuting_square,
    eight_faces,
    frame_against_sampling,
    where_frames_break,
)
from labkit.equivariance.frame_averaging.demo.graphs import sorting_a_graph

# in teaching order
DEMOS = (
    eight_faces,
    commuting_square,
    frame_against_sampling,
    where_frames_break,
    sorting_a_graph,
    particles,
)
