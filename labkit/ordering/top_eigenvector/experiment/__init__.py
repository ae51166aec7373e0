"""The experiment: which algorithm finds the top eigenvector of which stream, in which order, with how many words.

Stages:
    hard_instances   no fixed rate works; with a decoy the largest row misleads
    orders           spiked Gaussian rows: random, sorted, bursty
    heavy_store      how many heavy rows must be kept
    best_rate        the best rate's correlation in closed form, up to d = 100,000
    space            the lower bound's instance
    frontier         correlation against words, with Frequent Directions and a reservoir
    real_rows        handwritten digits
    long_stream      a stream that is made chunk by chunk on the device
"""

from labkit.experiment import Experiment
from labkit.ordering.top_eigenvector.experiment.paper_claims import claims
from labkit.ordering.top_eigenvector.experiment.settings import PRESETS
from labkit.ordering.top_eigenvector.experiment.stages import (
    best_rate,
    frontier,
    hard_instances,
    heavy_store,
    long_stream,
    orders,
    real_rows,
    space,
)

EXPERIMENT = Experiment(
    "top_eigenvector",
    presets=PRESETS,
    stages={
        hard_instances: 4.0,
        orders: 8.0,
        heavy_store: 0.5,
        best_rate: 1.0,
        space: 1.0,
        frontier: 4.0,
        real_rows: 0.5,
        long_stream: 2.0,
    },
    claims=claims,
)
