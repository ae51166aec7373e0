"""Order Matters' experiment: sets in, sets out, and orders that are easier than others.

Stages:
    sorting       numbers in any order in, sorted positions out: Ptr-Net against the process block (Table 1)
    set_sorting   the same answers as a set: written in a fixed order, or in a random one
    stars         star-shaped models, head variable first or last
    grams         five-grams as sets: given orders, the search among two, and among all 120 (Table 2)
"""

from labkit.experiment import Experiment
from labkit.ordering.order_matters.experiment.paper_claims import claims
from labkit.ordering.order_matters.experiment.sets import grams, stars
from labkit.ordering.order_matters.experiment.settings import PRESETS
from labkit.ordering.order_matters.experiment.sorting import set_sorting, sorting

EXPERIMENT = Experiment(
    "order_matters",
    presets=PRESETS,
    stages={
        sorting: lambda settings: 1.0 * len(settings.sorters),
        set_sorting: lambda settings: 2.0 if settings.set_sorting_steps else 0.0,
        stars: lambda settings: 1.0 * len(settings.stars),
        grams: lambda settings: 1.0 * len(settings.grams),
    },
    claims=claims,
)
