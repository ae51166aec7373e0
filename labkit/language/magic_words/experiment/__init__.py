"""The experiment: what is reachable exactly, what searches reach, and what the theory excludes.

Stages:
    reachable    exact R^0, R^1, R^2 of states of the tiny model; cheaper searches against them
    control      back-off prompting for true, likely and evenly spread targets: the paper's three experiments
    budgets      greedy, coordinate gradient and random prompts at equal numbers of scored prompts
    attention    the bounds on one head, their violations on many, and the model's own heads
    real_model   back-off prompting on SmolLM2 (or another) where it is on the machine
"""

from labkit.experiment import Experiment
from labkit.language.magic_words.experiment.heads import attention
from labkit.language.magic_words.experiment.paper_claims import claims
from labkit.language.magic_words.experiment.reachable import reachable
from labkit.language.magic_words.experiment.settings import PRESETS
from labkit.language.magic_words.experiment.steering import budgets, control, real_model

EXPERIMENT = Experiment(
    "magic_words",
    presets=PRESETS,
    stages={
        reachable: 1.0,
        control: 2.0,
        budgets: 0.4,
        attention: 0.3,
        real_model: lambda settings: 2.0 if settings.real else 0.0,
    },
    claims=claims,
)
