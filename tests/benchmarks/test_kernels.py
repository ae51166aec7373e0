"""Kernels and scans against their slow forms, one core: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch

from labkit.nn.scan import linear_scan
from labkit.state_space.discretize import gbt
from labkit.state_space.kernels import dplr_kernel, krylov, naive_kernel, truncate_readout, vandermonde
from labkit.state_space.matrices import dplr, transition

HEADS, N = 64, 64


def system():
    generator = torch.Generator().manual_seed(0)
    Lambda, P, B, _ = dplr("LegS", N, dtype=torch.float32)
    Lambda, B, P = Lambda.expand(HEADS, -1), B.expand(HEADS, -1), P[:, None].expand(-1, HEADS, -1)
    C = torch.randn(1, HEADS, N // 2, dtype=torch.complex64, generator=generator)
    return Lambda, P, P, B, C, torch.logspace(-3, -1, HEADS, dtype=torch.float32)


@pytest.mark.benchmark(group="Vandermonde kernel, H=64, N=64")
@pytest.mark.parametrize("L", [1024, 4096, 16384])
def test_vandermonde_two_level_v_naive(race, L):
    Lambda, _, _, B, C, dt = system()
    c, x = C * B, dt[:, None] * Lambda
    race(lambda: vandermonde(c, x, L), lambda: vandermonde(c, x, L, "naive"), rounds=1, baseline="naive")


@pytest.mark.benchmark(group="DPLR kernel, H=64, N=64")
@pytest.mark.parametrize("L", [1024, 4096, 16384])
def test_cauchy_pairs_v_naive(race, L):
    Lambda, P, Q, B, C, dt = system()
    C_hat = truncate_readout(C, Lambda, P, Q, dt, L)

    def kernel(method):
        return dplr_kernel(Lambda, P, Q, B, C_hat, dt, L, True, method)

    race(lambda: kernel("pair"), lambda: kernel("naive"), goal=3, rounds=2, baseline="naive Cauchy")


@pytest.mark.benchmark(group="DPLR kernel, H=64, N=64")
def test_cauchy_pairs_v_sequential(race):
    parts = system()
    Lambda, P, Q, B, C, dt = parts
    C_hat = truncate_readout(C, Lambda, P, Q, dt, 4096)
    race(
        lambda: dplr_kernel(Lambda, P, Q, B, C_hat, dt, 4096, True),
        lambda: naive_kernel(*parts, 4096),
        goal=10,
        rounds=1,
        baseline="one dense product per step",
    )


@pytest.mark.benchmark(group="Krylov columns, H=64, N=64, L=4096")
def test_krylov_doubling_v_sequential(race):
    A, B = transition("LegS", N)
    dt = torch.logspace(-3, -1, HEADS, dtype=torch.float64)
    Abar, Bbar = (part.float() for part in gbt(A.expand(HEADS, N, N), B.expand(HEADS, N), dt))
    race(
        lambda: krylov(Abar, Bbar, 4096),
        lambda: krylov(Abar, Bbar, 4096, "sequential"),
        rounds=1,
        baseline="sequential",
    )


@pytest.mark.benchmark(group="scan forward and backward, (4, 4096, 64) complex")
@pytest.mark.parametrize("method", ["chunked", "odd_even", "loop"])
def test_scan_v_autograd_through_a_loop(race, method):
    generator = torch.Generator().manual_seed(0)
    size = 0.9 + 0.1 * torch.rand(4, 4096, 64, generator=generator)
    a = torch.polar(size, torch.randn(4, 4096, 64, generator=generator)).requires_grad_()
    b = torch.randn(4, 4096, 64, dtype=torch.complex64, generator=generator).requires_grad_()

    def fast():
        linear_scan(a, b, method=method).abs().sum().backward()

    def loop():
        x, states = torch.zeros_like(b[:, 0]), []
        for a_k, b_k in zip(a.unbind(1), b.unbind(1), strict=True):
            x = a_k * x + b_k
            states.append(x)
        torch.stack(states, dim=1).abs().sum().backward()

    race(fast, loop, rounds=2, baseline="autograd through a loop")
