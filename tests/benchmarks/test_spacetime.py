"""SpaceTime's hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch

from labkit.state_space.kernels import companion_kernel
from labkit.state_space.spacetime.method import ClosedLoopCompanionSSM


def vectors(d, heads=16):
    generator = torch.Generator("cpu").manual_seed(0)
    a, b, c = (torch.randn(heads, d, generator=generator) for _ in range(3))
    return 0.95 * a / a.abs().sum(-1, keepdim=True), b, c


@pytest.mark.benchmark(group="companion kernel, 16 systems, L=1024")
@pytest.mark.parametrize("d", [64, 512])
@pytest.mark.parametrize("method", ["roots", "series"])
def test_kernel_v_squaring(race, method, d):
    a, b, c = vectors(d)
    readout = {"c_tilde": c} if method == "roots" else {"c": c}
    goal = 3 if d == 512 else None
    race(
        lambda: companion_kernel(a, b, **readout, L=1024),
        lambda: companion_kernel(a, b, c, L=1024, method="doubling"),
        goal=goal,
        rounds=1,
        baseline="doubling",
    )


@pytest.mark.benchmark(group="rollout of 720 steps, d=64, 32 channels, batch 50")
def test_rollout_v_steps(race):
    layer = ClosedLoopCompanionSSM(32, 32, 64).requires_grad_(False)
    u = torch.randn(50, 336, 32)

    def steps():
        x, M, found = layer.last_state(u), layer.loop(), []
        for _ in range(720):
            found.append((x * layer.c).sum(-1))
            x = torch.einsum("hij,bhj->bhi", M, x)
        return torch.stack(found, dim=1)

    assert torch.allclose(layer(u, 20)[0], steps()[:, :20], rtol=1e-2, atol=1e-2)
    race(lambda: layer(u, 720), steps, rounds=1, baseline="one step after another")
