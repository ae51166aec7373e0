"""EqMotion's pictures: tensors and Results in, Plotly figures out."""

from labkit.equivariance.eqmotion.figures.parts import frequencies, inside, relu
from labkit.equivariance.eqmotion.figures.results import result_figures
from labkit.equivariance.eqmotion.figures.scenes import errors_by_step, fan, graph_over_scene, turned_scene

__all__ = [
    "errors_by_step",
    "fan",
    "frequencies",
    "graph_over_scene",
    "inside",
    "relu",
    "result_figures",
    "turned_scene",
]
