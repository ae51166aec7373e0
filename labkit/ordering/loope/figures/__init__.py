"""LOOPE's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.ordering.loope.figures.cells import context_map, predictions, rollouts, triangle
from labkit.ordering.loope.figures.metrics import bars, distance_scatter, locality, sweep
from labkit.ordering.loope.figures.orders import explorer, gallery
from labkit.ordering.loope.figures.positions import drag
from labkit.ordering.loope.figures.results import learning_curves, result_figures

__all__ = [
    "bars",
    "context_map",
    "distance_scatter",
    "drag",
    "explorer",
    "gallery",
    "learning_curves",
    "locality",
    "predictions",
    "result_figures",
    "rollouts",
    "sweep",
    "triangle",
]
