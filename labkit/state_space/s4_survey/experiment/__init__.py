"""The survey's experiment: what selectivity buys, what it costs, and what each model keeps.

Stages:
    copying      selective copying for several models, at equal width
    induction    induction heads, and at lengths never trained on
    ablation     Mamba blocks of which only Delta, only B or only C depends on the token
    hybrid       Jamba's ratio of attention, on induction heads
    complexity   seconds of one training step against the length
    memory       the state's bytes against the length, counted
"""

from labkit.experiment import Experiment
from labkit.state_space.s4_survey.experiment.paper_claims import claims
from labkit.state_space.s4_survey.experiment.settings import PRESETS
from labkit.state_space.s4_survey.experiment.speed import complexity, memory
from labkit.state_space.s4_survey.experiment.token_tasks import ablation, copying, hybrid, induction

EXPERIMENT = Experiment(
    "s4_survey",
    presets=PRESETS,
    stages={
        copying: lambda settings: 0.02 * settings.copying.steps * len(settings.copying.models),
        induction: lambda settings: 0.02 * settings.induction.steps * len(settings.induction.models),
        ablation: lambda settings: 0.03 * settings.ablation.steps * 3 if settings.ablation else 0.0,
        hybrid: lambda settings: (
            0.1 * settings.hybrid.steps * len(settings.hybrid.periods) if settings.hybrid else 0.0
        ),
        complexity: 6.0,
        memory: 0.1,
    },
    claims=claims,
)
