"""HiPPO's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.state_space.hippo.figures.bases import basis, spectrum, warp
from labkit.state_space.hippo.figures.errors import delay_errors, error_map
from labkit.state_space.hippo.figures.readouts import delay, fitted_kernel, layer_kernels
from labkit.state_space.hippo.figures.results import result_figures
from labkit.state_space.hippo.figures.streams import streaming, trajectories

__all__ = [
    "basis",
    "delay",
    "delay_errors",
    "error_map",
    "fitted_kernel",
    "layer_kernels",
    "result_figures",
    "spectrum",
    "streaming",
    "trajectories",
    "warp",
]
