"""Pointer Networks' pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.ordering.pointer_networks.figures.planes import (
    plateau,
    pointing,
    tours,
    triangulations,
    vocabulary,
)
from labkit.ordering.pointer_networks.figures.results import generalisation, result_figures
from labkit.ordering.pointer_networks.figures.table import held_karp

__all__ = [
    "generalisation",
    "held_karp",
    "plateau",
    "pointing",
    "result_figures",
    "tours",
    "triangulations",
    "vocabulary",
]
