"""What a kernel costs: the paper's algorithm, the power series, and squaring the dense matrix."""

import torch

from labkit import device as devices
from labkit.experiment import Run
from labkit.state_space.kernels.companion import companion_kernel
from labkit.state_space.spacetime.experiment.settings import SpaceTimeSettings
from labkit.state_space.spacetime.method.layers import unit_norm

SYSTEMS = 16


def cost(settings: SpaceTimeSettings, run: Run) -> None:
    """Seconds for 16 kernels at several d (L = 1024) and several L (d = 64), float32."""
    grid = [(d, 1024) for d in settings.cost_states] + [(64, L) for L in settings.cost_lengths if L != 1024]
    for i, (d, L) in enumerate(grid):
        generator = run.generator(50)
        a, b, c = (
            torch.randn(SYSTEMS, d, device="cpu", generator=generator).to(run.device) for _ in range(3)
        )
        a = unit_norm(a, 1, "a")
        works = {
            "roots (c~ learnt)": lambda a=a, b=b, c=c, L=L: companion_kernel(a, b, c_tilde=c, L=L),
            "series": lambda a=a, b=b, c=c, L=L: companion_kernel(a, b, c, L=L),
            "doubling": lambda a=a, b=b, c=c, L=L: companion_kernel(a, b, c, L=L, method="doubling"),
        }
        for method, work in works.items():
            repeats = 2 if method == "doubling" else 7
            run.measure("seconds", devices.seconds(work, run.device, repeats), method=method, d=d, L=L)
        run.progress((i + 1) / len(grid), f"d = {d}, L = {L}")
