"""Order Matters' pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.ordering.order_matters.figures.orders import landscape, star_bars, surprise, tree_strings
from labkit.ordering.order_matters.figures.results import accuracy_grid, result_figures
from labkit.ordering.order_matters.figures.sorting import pointer_matrix, process

__all__ = [
    "accuracy_grid",
    "landscape",
    "pointer_matrix",
    "process",
    "result_figures",
    "star_bars",
    "surprise",
    "tree_strings",
]
