"""Pictures of streams: arrays and Results in, Plotly figures out. Nothing is computed here."""

from labkit.ordering.top_eigenvector.figures.live import cartoon, course, frontier, law, norms, race, rates
from labkit.ordering.top_eigenvector.figures.results import result_figures

__all__ = ["cartoon", "course", "frontier", "law", "norms", "race", "rates", "result_figures"]
