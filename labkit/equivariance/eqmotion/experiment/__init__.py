"""EqMotion's experiment: is it equivariant, how well does it predict, and does it see who interacts with whom?

Stages:
    exactness     untrained models under motions, in space and in the plane
    springs       EqMotion, message passing on coordinates, an LSTM, constant velocity; the graph without labels
    ablations     without each of its parts (class, paper)
    graph         the graph with labels, ours (class, paper)
    charged       charged particles (class, paper)
    pedestrians   ETH-UCY, best of 20 (class, paper)
    skeleton, molecule   generated walkers and molecules (class, paper)
"""

from labkit.equivariance.eqmotion.experiment.paper_claims import claims
from labkit.equivariance.eqmotion.experiment.settings import PRESETS
from labkit.equivariance.eqmotion.experiment.stages import (
    ablations,
    charged,
    exactness,
    graph,
    molecule,
    pedestrians,
    skeleton,
    springs,
)
from labkit.experiment import Experiment

EXPERIMENT = Experiment(
    "eqmotion",
    presets=PRESETS,
    stages={
        exactness: 0.05,
        springs: 4.0,
        ablations: lambda settings: 2.5 if settings.ablations else 0.0,
        graph: lambda settings: 0.7 if settings.graph else 0.0,
        charged: lambda settings: 0.6 if settings.charged else 0.0,
        pedestrians: lambda settings: 3.0 if settings.pedestrians else 0.0,
        skeleton: lambda settings: 1.0 if settings.skeleton else 0.0,
        molecule: lambda settings: 0.7 if settings.molecule else 0.0,
    },
    claims=claims,
)
