"""LOOPE's experiment: what an order does to an embedding, and what an embedding does for a vision transformer.

Stages:
    metrics       M_U, M_D, A_SU and locality of every order (Table 5, exact)
    three_cells   hosts x embeddings on images in which only where three cells are matters (Table 4)
    digits        natural images
"""

from labkit.experiment import Experiment
from labkit.ordering.loope.experiment.paper_claims import claims
from labkit.ordering.loope.experiment.settings import PRESETS
from labkit.ordering.loope.experiment.structure import metrics
from labkit.ordering.loope.experiment.training import digits, three_cells

EXPERIMENT = Experiment(
    "loope",
    presets=PRESETS,
    stages={
        metrics: 0.1,
        three_cells: lambda settings: sum(len(h.embeddings) for h in settings.three_cell.hosts.values()) / 3,
        digits: lambda settings: 0.3 if settings.digits else 0.0,
    },
    claims=claims,
)
