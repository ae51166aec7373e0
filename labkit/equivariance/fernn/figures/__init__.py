"""FERNN's pictures: tensors and Results in, Plotly figures out."""

from labkit.equivariance.fernn.figures.maps import energy_map, error_heat, space_time, velocity_border
from labkit.equivariance.fernn.figures.results import (
    error_by_model,
    length_curves,
    predictions,
    result_figures,
    training_curves,
    velocity_curves,
)
from labkit.equivariance.figures import commuting_square, error_curve, movie_grid

__all__ = [
    "commuting_square",
    "energy_map",
    "error_by_model",
    "error_curve",
    "error_heat",
    "length_curves",
    "movie_grid",
    "predictions",
    "result_figures",
    "space_time",
    "training_curves",
    "velocity_border",
    "velocity_curves",
]
