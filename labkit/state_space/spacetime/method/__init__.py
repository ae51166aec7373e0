"""SpaceTime: companion systems, the closed loop, preprocessing, and the model made of them."""

from labkit.state_space.kernels.companion import companion, companion_kernel, truncate_companion
from labkit.state_space.spacetime.method.layers import ClosedLoopCompanionSSM, CompanionSSM
from labkit.state_space.spacetime.method.model import Forecast, SpaceTime, SpaceTimeClassifier, spacetime_loss
from labkit.state_space.spacetime.method.preprocess import (
    Differencing,
    MovingAverageResidual,
    Preprocessing,
    pascal,
    residual_taps,
)
from labkit.state_space.spacetime.method.systems import (
    System,
    from_ar,
    from_arma,
    from_exponential_smoothing,
    from_filter,
    sinusoid_ar,
    to_companion,
)

__all__ = [
    "ClosedLoopCompanionSSM",
    "CompanionSSM",
    "Differencing",
    "Forecast",
    "MovingAverageResidual",
    "Preprocessing",
    "SpaceTime",
    "SpaceTimeClassifier",
    "System",
    "companion",
    "companion_kernel",
    "from_ar",
    "from_arma",
    "from_exponential_smoothing",
    "from_filter",
    "pascal",
    "residual_taps",
    "sinusoid_ar",
    "spacetime_loss",
    "to_companion",
    "truncate_companion",
]
