"""Pointer Networks' experiment: three geometric tasks, the two baselines, other lengths, and other teachers.

Stages:
    hulls            convex hulls: Ptr-Net, +attention, LSTM; trained on one n or several, tested on others
    triangulations   Delaunay triangles as a sequence
    tours            short tours, learned from the optimal ones or from a heuristic
"""

from labkit.experiment import Experiment, Run
from labkit.ordering.pointer_networks.experiment.paper_claims import claims
from labkit.ordering.pointer_networks.experiment.settings import PRESETS, PointerSettings
from labkit.ordering.pointer_networks.experiment.training import train_and_test


def hulls(settings: PointerSettings, run: Run) -> None:
    """Convex hulls."""
    train_and_test(settings, run, "hulls")


def triangulations(settings: PointerSettings, run: Run) -> None:
    """Delaunay triangulations."""
    train_and_test(settings, run, "triangulations")


def tours(settings: PointerSettings, run: Run) -> None:
    """Short tours."""
    train_and_test(settings, run, "tours")


EXPERIMENT = Experiment(
    "pointer_networks",
    presets=PRESETS,
    stages={
        hulls: 8.0,
        triangulations: lambda settings: 1.5 if settings.triangulations else 0.0,
        tours: lambda settings: 8.0 if len(settings.tours) > 1 else 0.5,
    },
    claims=claims,
)
