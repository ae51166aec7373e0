"""S4's experiment: the kernel is exact and cheap, generation is fast, and long sequences are learnt.

Stages:
    kernels           the kernel against its power series; condition numbers
    kernel_cost       seconds and memory against the length, five ways
    generation        tokens per second, S4 against a Transformer with and without a cache
    digits            sequential digits for S4 and the baselines; then at half the sampling rate
    ablation          the same for dense A, random A, rank 2, frozen A and B
    list_operations   ListOps, from its grammar
    paths             Pathfinder, drawn at a size that fits
    sequential_mnist  MNIST pixel by pixel, where its files are here
"""

from labkit.experiment import Experiment
from labkit.state_space.s4.experiment.classification import (
    ablation,
    digits,
    list_operations,
    paths,
    sequential_mnist,
)
from labkit.state_space.s4.experiment.paper_claims import claims
from labkit.state_space.s4.experiment.settings import PRESETS
from labkit.state_space.s4.experiment.speed import generation, kernel_cost, kernels

EXPERIMENT = Experiment(
    "s4",
    presets=PRESETS,
    stages={
        kernels: 0.02,
        kernel_cost: 0.4,
        generation: 0.3,
        digits: lambda settings: 0.05 * settings.digits.epochs * len(settings.digits.models),
        ablation: lambda settings: 4.0 if settings.ablation else 0.0,
        list_operations: lambda settings: 3.0 if settings.listops else 0.0,
        paths: lambda settings: 3.0 if settings.pathfinder else 0.0,
        sequential_mnist: lambda settings: 1.0 if settings.mnist else 0.0,
    },
    claims=claims,
)
