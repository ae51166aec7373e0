"""SQLNet's experiment: a set against a sequence, with and without column attention, on tables never seen before.

Stages:
    sketch          SQLNet, all slots; then more steps with fixed and with trained word vectors
    one_reading     SQLNet without column attention: select, number and columns
    sequences       Seq2SQL's WHERE decoder, taught in schema order and in random orders; then REINFORCE
"""

from labkit.experiment import Experiment
from labkit.ordering.sqlnet.experiment.paper_claims import claims
from labkit.ordering.sqlnet.experiment.sequences import sequences
from labkit.ordering.sqlnet.experiment.settings import PRESETS
from labkit.ordering.sqlnet.experiment.sketch import one_reading, sketch

EXPERIMENT = Experiment(
    "sqlnet",
    presets=PRESETS,
    stages={
        sketch: lambda s: s.steps + 2.0 * s.more,
        one_reading: lambda s: 0.6 * s.steps,
        sequences: lambda s: 0.6 * s.steps * len(s.orders) + 1.5 * s.reinforce,
    },
    claims=claims,
)
