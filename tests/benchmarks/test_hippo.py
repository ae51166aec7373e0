"""The hippo method's hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import numpy as np
import pytest
import torch
from scipy.signal import dlsim, oaconvolve

from labkit.state_space.hippo.method import OrthogonalSSM, ScaledLegS, white_signal
from labkit.state_space.kernels import krylov
from labkit.state_space.matrices import transition


def signals(batch, length, dtype):
    generator = torch.Generator("cpu").manual_seed(0)
    return white_signal(length * 1e-3, 1e-3, 40, batch=batch, generator=generator, dtype=dtype)


@pytest.mark.benchmark(group="streaming states, N=64, L=3000")
@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_streaming_v_python_loop(race, dtype, batch):
    """At batch 64 the loop is a row of matrix products itself; at batch 1 it is overhead."""
    ssm, u = OrthogonalSSM("LegS", 64, 1e-3), signals(batch, 3000, dtype)

    def loop():
        x, states = torch.zeros(batch, 64, dtype=dtype), []
        for k in range(3000):
            x = ssm.step(x, u[:, k])
            states.append(x)
        return torch.stack(states, dim=1)

    race(lambda: ssm(u), loop, goal=5, baseline="loop over step()")


@pytest.mark.benchmark(group="streaming states, N=64, L=3000, batch 64")
def test_streaming_v_scipy_oaconvolve(race):
    """The best public form of the same sums: SciPy's overlap-add convolution with the discrete kernels."""
    ssm, u = OrthogonalSSM("LegS", 64, 1e-3), signals(64, 3000, torch.float64)

    def scipy():
        kernel = krylov(ssm.Abar, ssm.Bbar, 3000).T.numpy()
        return oaconvolve(u.numpy()[:, :, None], kernel[None], axes=1)[:, :3000]

    assert np.allclose(scipy(), ssm(u).numpy(), atol=1e-9)
    race(lambda: ssm(u), scipy, rounds=2, baseline="scipy.signal.oaconvolve")


@pytest.mark.benchmark(group="streaming states, N=64, L=3000, one signal")
def test_streaming_v_scipy_dlsim(race):
    """SciPy's simulator of discrete systems. One signal; y_k = C x_{k-1} + D u_k there is x_k here."""
    ssm, u = OrthogonalSSM("LegS", 64, 1e-3), signals(1, 3000, torch.float64)
    A, B = ssm.Abar.numpy(), ssm.Bbar.numpy()[:, None]
    system = (A, B, A, B, 1.0)

    def scipy():
        return dlsim(system, u[0].numpy())[1]

    assert np.allclose(scipy(), ssm(u)[0].numpy(), atol=1e-9)
    race(lambda: ssm(u), scipy, rounds=2, baseline="scipy.signal.dlsim")


@pytest.mark.benchmark(group="scaled LegS, N=256, L=2000")
@pytest.mark.parametrize("batch", [1, 8])
def test_scaled_legs_v_triangular_solve(race, batch):
    u = signals(batch, 2000, torch.float64)
    operator = ScaledLegS(256, 2000)
    A, B = transition("LegS", 256)
    eye = torch.eye(256, dtype=torch.float64)

    def triangular():
        x, states = torch.zeros(256, batch, dtype=torch.float64), []
        for k in range(1, 2001):
            right = x + A @ x / (2 * k) + torch.outer(B, u[:, k - 1]) / k
            x = torch.linalg.solve_triangular(eye - A / (2 * k), right, upper=False)
            states.append(x.T)
        return torch.stack(states, dim=1)

    assert torch.allclose(operator(u), triangular(), atol=1e-9)
    race(lambda: operator(u), triangular, goal=5, rounds=2, baseline="triangular solves")


@pytest.mark.benchmark(group="kernels for a picture, N=128, 600 lags")
def test_kernels_on_a_grid_v_one_exponential_each(race):
    ssm = OrthogonalSSM("LegS", 128, 1e-2)
    t = torch.linspace(0, 400, 600, dtype=torch.float64)
    A = ssm.A * ssm.dt

    def exponentials():
        return torch.cat([torch.linalg.matrix_exp(part[:, None, None] * A) @ ssm.B for part in t.split(32)]).T

    race(lambda: ssm.kernels(t), exponentials, rounds=1, baseline="matrix_exp for each lag")
