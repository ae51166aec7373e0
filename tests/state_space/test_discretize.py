"""Discretisations, dense and diagonal, against their definitions and against scipy."""

import math

import pytest
import torch
from scipy.signal import cont2discrete

from labkit.state_space.discretize import (
    DISCRETIZATIONS,
    discretize,
    discretize_diagonal,
    expm1_over,
    gbt,
    zoh,
)
from labkit.state_space.matrices import MEASURES, transition

D = torch.float64


@pytest.mark.parametrize("method", ["forward", "bilinear", "backward", "zoh"])
@pytest.mark.parametrize("measure", MEASURES)
def test_against_scipy(measure, method, device):
    A, B = transition(measure, 6, device=device)
    Abar, Bbar = discretize(A, B, 0.07, method)
    name = {"forward": "euler", "backward": "backward_diff"}.get(method, method)
    system = (A.cpu().numpy(), B.cpu().numpy()[:, None], torch.eye(6, device="cpu").numpy(), 0)
    expected = cont2discrete(system, 0.07, name)
    assert torch.allclose(Abar.cpu(), torch.from_numpy(expected[0]), atol=1e-12)
    assert torch.allclose(Bbar.cpu(), torch.from_numpy(expected[1][:, 0]), atol=1e-12)


@pytest.mark.parametrize("method", DISCRETIZATIONS)
def test_diagonal_equals_dense(method, device):
    rates = torch.tensor([-3.0, -0.5, -1e-7], dtype=D, device=device)
    B = torch.tensor([1.0, 2.0, -1.0], dtype=D, device=device)
    Abar, Bbar = discretize(torch.diag(rates), B, 0.2, method)
    diagonal = discretize_diagonal(rates, B, 0.2, method)
    assert torch.allclose(torch.diag(diagonal[0]), Abar, atol=1e-12)
    assert torch.allclose(diagonal[1], Bbar, rtol=1e-9)
    complex_pair = discretize_diagonal(rates.to(torch.complex128), B.to(torch.complex128), 0.2, method)
    assert torch.allclose(complex_pair[0].real, diagonal[0])
    assert torch.allclose(complex_pair[1].real, diagonal[1])


def test_zoh_of_a_singular_matrix_is_exact(device):
    """FouT's dead state makes A singular. A constant input 1 over two half steps is one whole step."""
    A, B = transition("FouT", 8, device=device)
    assert torch.linalg.matrix_rank(A) == 7
    whole, half = zoh(A, B, 0.1), zoh(A, B, 0.05)
    assert torch.isfinite(whole[1]).all()
    assert torch.allclose(half[0] @ half[0], whole[0], atol=1e-12)
    assert torch.allclose(half[0] @ half[1] + half[1], whole[1], atol=1e-12)
    # x' = B for a single integrator: Bbar = Delta
    assert float(zoh(0 * A[:1, :1], B[:1] / B[:1], 0.3)[1]) == pytest.approx(0.3)


def test_the_other_rules(device):
    A, B = transition("LegS", 5, device=device)
    exact = torch.linalg.matrix_exp(0.1 * A)
    for method, expected in (("dirac", B), ("simplified", 0.1 * B)):
        Abar, Bbar = discretize(A, B, 0.1, method)
        assert torch.allclose(Abar, exact)
        assert torch.allclose(Bbar, expected)


def test_orders_of_accuracy(device):
    """Over one unit of time, halving Delta halves Euler's error and quarters the bilinear rule's."""
    A, B = transition("LegS", 4, device=device)

    def error(method, steps):
        Abar, _ = discretize(A, B, 1 / steps, method)
        return float((torch.linalg.matrix_power(Abar, steps) - torch.linalg.matrix_exp(A)).abs().max())

    for method, ratio in (("forward", 2), ("backward", 2), ("bilinear", 4)):
        assert error(method, 400) / error(method, 800) == pytest.approx(ratio, rel=0.05)
    assert error("zoh", 100) < 1e-12


def test_gbt_between_the_named_rules(device):
    A, B = transition("LegS", 3, device=device)
    Abar, Bbar = gbt(A, B, 0.1, alpha=0.3)
    eye = torch.eye(3, dtype=D, device=device)
    assert torch.allclose((eye - 0.03 * A) @ Abar, eye + 0.07 * A)
    assert torch.allclose((eye - 0.03 * A) @ Bbar, 0.1 * B)


@pytest.mark.parametrize("method", DISCRETIZATIONS)
def test_one_step_size_per_head(method, device):
    A, B = transition("LegS", 4, device=device)
    dt = torch.tensor([0.01, 0.1], dtype=D, device=device)
    Abar, Bbar = discretize(A.expand(2, 4, 4), B.expand(2, 4), dt, method)
    for h in range(2):
        one = discretize(A, B, float(dt[h]), method)
        assert torch.allclose(Abar[h], one[0])
        assert torch.allclose(Bbar[h], one[1])


def test_expm1_over(device):
    z = torch.tensor([0.0, 1e-12, 1e-5, 9e-5, 1.1e-4, 1e-3, 1.0, -20.0], dtype=D, device=device)
    expected = [math.expm1(v) / v if v else 1.0 for v in z.tolist()]
    assert torch.allclose(expm1_over(z), torch.tensor(expected, dtype=D, device=device), rtol=1e-13)
    # along a ray in the complex plane, against the integral of e^{sz} over s in [0, 1]
    ray = z.to(torch.complex128) * torch.tensor(0.6 + 0.8j, dtype=torch.complex128, device=device)
    s = (torch.arange(20000, dtype=D, device=device) + 0.5) / 20000
    integral = torch.exp(ray[:, None] * s).mean(-1)
    assert torch.allclose(expm1_over(ray), integral, atol=1e-6)
    single = torch.tensor([1e-3 + 2e-3j, 2e-4j], dtype=torch.complex64, device=device)
    assert (expm1_over(single) - expm1_over(single.to(torch.complex128))).abs().max() < 2e-7
    zero = torch.zeros(1, dtype=D, device=device, requires_grad=True)
    expm1_over(zero).backward()
    assert float(zero.grad) == pytest.approx(0.5)


def test_float32_stays_float32(device):
    A, B = transition("LegS", 4, dtype=torch.float32, device=device)
    for method in DISCRETIZATIONS:
        assert {part.dtype for part in discretize(A, B, 0.1, method)} == {torch.float32}


@pytest.mark.parametrize("dt", [0, -0.1, float("nan"), float("inf")])
def test_bad_step(dt, device):
    A, B = transition("LegS", 4, device=device)
    for method in DISCRETIZATIONS:
        with pytest.raises(ValueError, match="dt, the step size Delta, must be positive and finite; got"):
            discretize(A, B, dt, method)
        with pytest.raises(ValueError, match="dt, the step size Delta"):
            discretize_diagonal(B, B, torch.tensor([0.1, 0.1, dt, 0.1], dtype=D, device=device), method)


def test_bad_method(device):
    A, B = transition("LegS", 4, device=device)
    with pytest.raises(ValueError, match=r"discretization must be one of forward.*got 'tustin'"):
        discretize(A, B, 0.1, "tustin")
    with pytest.raises(ValueError, match=r"discretization must be one of forward.*got 'tustin'"):
        discretize_diagonal(B, B, 0.1, "tustin")
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\]; got 2"):
        gbt(A, B, 0.1, 2)
