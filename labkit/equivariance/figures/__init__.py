"""The pictures that the theme's papers share: movies of maps, error curves, commuting squares, trajectories."""

from labkit.equivariance.figures.clouds import arrows, square_of_clouds, trajectory3d
from labkit.equivariance.figures.maps import commuting_square, error_curve, movie_grid

__all__ = ["arrows", "commuting_square", "error_curve", "movie_grid", "square_of_clouds", "trajectory3d"]
