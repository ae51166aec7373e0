"""Frame Averaging's experiment: is it exact, what is gained by it, and where is a frame of no use?

Stages:
    exactness    errors of random networks under motions; the Monte-Carlo average over the group
    nbody        charged particles: uniform motion, GNN, EGNN, FA-GNN
    separation   graphs that 1-WL confuses: which untrained networks tell them apart; sizes of frames
    classify     2-lifts, bipartite or not: GIN, and GIN+ID under the frame or under all of S_n (class, paper)
    normals      normals of surfaces, trained in one pose and tested in others
"""

from labkit.equivariance.frame_averaging.experiment.exactness import exactness
from labkit.equivariance.frame_averaging.experiment.graphs import classify, separation
from labkit.equivariance.frame_averaging.experiment.nbody import nbody
from labkit.equivariance.frame_averaging.experiment.normals import normals
from labkit.equivariance.frame_averaging.experiment.paper_claims import claims
from labkit.equivariance.frame_averaging.experiment.settings import PRESETS
from labkit.experiment import Experiment

EXPERIMENT = Experiment(
    "frame_averaging",
    presets=PRESETS,
    stages={
        exactness: 0.1,
        nbody: 2.0,
        separation: 0.1,
        classify: lambda settings: 1.0 if settings.classify else 0.0,
        normals: 2.0,
    },
    claims=claims,
)
