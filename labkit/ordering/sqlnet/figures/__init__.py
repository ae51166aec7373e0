"""SQLNet's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.ordering.sqlnet.figures.attention import chips, readings
from labkit.ordering.sqlnet.figures.queries import answered, column_set, serialisations, type_mass
from labkit.ordering.sqlnet.figures.results import error_bars, result_figures
from labkit.ordering.sqlnet.figures.sketch import sketch

__all__ = [
    "answered",
    "chips",
    "column_set",
    "error_bars",
    "readings",
    "result_figures",
    "serialisations",
    "sketch",
    "type_mass",
]
