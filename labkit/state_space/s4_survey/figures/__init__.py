"""The survey's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.state_space.s4_survey.figures.lineage import costs, hybrid, loads, timeline
from labkit.state_space.s4_survey.figures.results import result_figures
from labkit.state_space.s4_survey.figures.signals import (
    delta_microscope,
    eigenvalues,
    fading,
    matrices,
    outputs,
    responses,
)

__all__ = [
    "costs",
    "delta_microscope",
    "eigenvalues",
    "fading",
    "hybrid",
    "loads",
    "matrices",
    "outputs",
    "responses",
    "result_figures",
    "timeline",
]
