"""Frame Averaging's pictures: tensors and Results in, Plotly figures out."""

from labkit.equivariance.figures import square_of_clouds, trajectory3d
from labkit.equivariance.frame_averaging.figures.clouds import breaking, framed_copies, monte_carlo
from labkit.equivariance.frame_averaging.figures.graphs import frame_sizes, sorted_copies, sorting
from labkit.equivariance.frame_averaging.figures.results import COLOUR, bars, result_figures

__all__ = [
    "COLOUR",
    "bars",
    "breaking",
    "frame_sizes",
    "framed_copies",
    "monte_carlo",
    "result_figures",
    "sorted_copies",
    "sorting",
    "square_of_clouds",
    "trajectory3d",
]
