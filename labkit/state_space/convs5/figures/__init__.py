"""ConvS5's pictures: tensors and Results in, Plotly figures out. Nothing is computed or trained here."""

from labkit.state_space.convs5.figures.results import result_figures
from labkit.state_space.convs5.figures.scans import (
    Composition,
    kernel_growth,
    rounds_against_length,
    scan_tree,
)
from labkit.state_space.convs5.figures.videos import costs, memory, pixel, player, scores, strips

__all__ = [
    "Composition",
    "costs",
    "kernel_growth",
    "memory",
    "pixel",
    "player",
    "result_figures",
    "rounds_against_length",
    "scan_tree",
    "scores",
    "strips",
]
