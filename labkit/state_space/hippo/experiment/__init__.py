"""HiPPO's experiment: what each memory reconstructs, what it can delay, and what training makes of it.

Stages:
    kernels              e^{tA}B against p_n(t) w(t)                            (truth behind the method)
    reconstruction       (a) a band-limited signal streams past; read the history back
    delay                (b) a ridge readout of the state gives the input of `lag` steps ago
    real_series          the same reconstruction on real series
    trained_delay        (c) a linear S4 layer learns the delay, from several ranges of Delta
    digits               (d) S4 on sequential digits, four initialisations
    trained_reconstruct  the reference's reconstruction task, frozen A and B (paper scale)
"""

from labkit.experiment import Experiment
from labkit.state_space.hippo.experiment.delays import delay
from labkit.state_space.hippo.experiment.paper_claims import claims
from labkit.state_space.hippo.experiment.reconstructions import kernels, real_series, reconstruction
from labkit.state_space.hippo.experiment.settings import PRESETS
from labkit.state_space.hippo.experiment.training import digits, trained_delay, trained_reconstruct

EXPERIMENT = Experiment(
    "hippo",
    presets=PRESETS,
    stages={
        kernels: 0.02,
        reconstruction: 0.2,
        delay: 1.0,
        real_series: 0.1,
        trained_delay: lambda settings: 4.0 if settings.delay else 0.0,
        digits: lambda settings: 4.0 if settings.digits else 0.0,
        trained_reconstruct: lambda settings: 4.0 if settings.reconstruct else 0.0,
    },
    claims=claims,
)
