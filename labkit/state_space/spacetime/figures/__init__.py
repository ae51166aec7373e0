"""SpaceTime's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.state_space.spacetime.figures.filters import cost, fitted
from labkit.state_space.spacetime.figures.loops import by_step, open_and_closed
from labkit.state_space.spacetime.figures.results import result_figures
from labkit.state_space.spacetime.figures.systems import preprocessing, system

__all__ = ["by_step", "cost", "fitted", "open_and_closed", "preprocessing", "result_figures", "system"]
