"""The experiment: how often does what was invariant in training stay so?

Stages:
    grid        the paper's simulation: training and test families, environments, samples
    dimension   random graphs of more and more variables, from exact moments
    risks       six methods under three test families
    mixed       covariates seen through a matrix
    bounds      the bounds, and how often the split bound is kept
"""

from labkit.equivariance.pac_invariance.experiment.grid import grid
from labkit.equivariance.pac_invariance.experiment.paper_claims import claims
from labkit.equivariance.pac_invariance.experiment.population import bounds, dimension, mixed
from labkit.equivariance.pac_invariance.experiment.risks import risks
from labkit.equivariance.pac_invariance.experiment.settings import PRESETS
from labkit.experiment import Experiment

EXPERIMENT = Experiment(
    "pac_invariance",
    presets=PRESETS,
    stages={
        grid: lambda s: len(s.environments) * len(s.samples) * s.repeats,
        dimension: lambda s: 0.1 * s.graphs * len(s.variables),
        risks: 4.0,
        mixed: 0.2,
        bounds: 1.0,
    },
    claims=claims,
)
