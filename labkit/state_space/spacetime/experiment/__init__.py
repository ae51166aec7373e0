"""SpaceTime's experiment: what companion systems can be, what they cost, and how they forecast.

Stages:
    autoregression   AR(6), written down as a closed loop
    filters          (a) four finite responses, fitted by companion, shift, S4D and S4
    cost             seconds of the kernel's algorithms
    sinusoid_loops   (b) closed loops at and beyond their training horizon
    forecasting      (c) ETTh1: SpaceTime, S4D, LSTM, Transformer, linear maps, naive repeats
"""

from labkit.experiment import Experiment
from labkit.state_space.spacetime.experiment.cost import cost
from labkit.state_space.spacetime.experiment.filters import autoregression, filters
from labkit.state_space.spacetime.experiment.forecasting import forecasting
from labkit.state_space.spacetime.experiment.loops import sinusoid_loops
from labkit.state_space.spacetime.experiment.paper_claims import claims
from labkit.state_space.spacetime.experiment.settings import PRESETS

EXPERIMENT = Experiment(
    "spacetime",
    presets=PRESETS,
    stages={
        autoregression: 0.01,
        filters: lambda settings: settings.filters.steps / 150,
        cost: 2.0,
        sinusoid_loops: lambda settings: settings.sinusoids.steps / 7 if settings.sinusoids else 0.0,
        forecasting: lambda settings: len(settings.forecasting.models) * settings.forecasting.steps / 5,
    },
    claims=claims,
)
