"""S4's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.state_space.s4.figures.costs import generation, kernel_costs
from labkit.state_space.s4.figures.kernels import aliasing, conditions, kernel_gallery, plane
from labkit.state_space.s4.figures.results import result_figures
from labkit.state_space.s4.figures.views import mixing_maps, three_views

__all__ = [
    "aliasing",
    "conditions",
    "generation",
    "kernel_costs",
    "kernel_gallery",
    "mixing_maps",
    "plane",
    "result_figures",
    "three_views",
]
