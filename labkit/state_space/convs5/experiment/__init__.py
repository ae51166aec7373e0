"""ConvS5's experiment: digits that bounce, predicted frame by frame and far ahead.

Stages:
    scan         parallel against sequential: the same numbers, rounds, seconds
    prediction   ConvS5, ConvLSTM (and S5 on flat latents) on the same clips; rollouts: PSNR, SSIM, position
    ablation     the start, the kernels, the nonlinearity
    generation   what one more frame costs after ever more of them
"""

from labkit.experiment import Experiment
from labkit.state_space.convs5.experiment.costs import generation, scan
from labkit.state_space.convs5.experiment.paper_claims import claims
from labkit.state_space.convs5.experiment.settings import PRESETS
from labkit.state_space.convs5.experiment.training import ablation, prediction

EXPERIMENT = Experiment(
    "convs5",
    presets=PRESETS,
    stages={
        scan: 0.3,
        prediction: 10.0,
        ablation: lambda settings: 5.0 if settings.ablations else 0.0,
        generation: lambda settings: 1.0 if settings.contexts else 0.0,
    },
    claims=claims,
)
