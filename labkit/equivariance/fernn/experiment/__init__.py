"""FERNN's experiment: is it equivariant, and what is gained by it?

Stages:
    exactness   relative errors of states and predictions, before training
    strips      two bars on a ring: G-RNN, FERNN with part and with all of the data's velocities
    transfer    trained on still bars, tested on moving ones, with both read-outs
    planes      digits that drift on a torus
    rotation    digits that turn (class, paper)
    clips       six actions before a moving camera (class, paper)
"""

from labkit.equivariance.fernn.experiment.clips import clips
from labkit.equivariance.fernn.experiment.paper_claims import claims
from labkit.equivariance.fernn.experiment.prediction import exactness, planes, rotation, strips, transfer
from labkit.equivariance.fernn.experiment.settings import PRESETS
from labkit.experiment import Experiment

EXPERIMENT = Experiment(
    "fernn",
    presets=PRESETS,
    stages={
        exactness: 0.05,
        strips: 3.0,
        transfer: 1.5,
        planes: lambda settings: 2.0 if settings.clips else 0.5,
        rotation: lambda settings: 1.0 if settings.rotation else 0.0,
        clips: lambda settings: 1.0 if settings.clips else 0.0,
    },
    claims=claims,
)
