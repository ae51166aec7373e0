"""Every fast kernel equals the slow form that defines it."""

import importlib
import math

import pytest
import torch

from labkit.state_space.discretize import gbt
from labkit.state_space.kernels import (
    cauchy,
    dplr_kernel,
    dplr_responses,
    extend_readout,
    krylov,
    naive_kernel,
    real_form,
    real_input,
    real_readout,
    truncate_readout,
    untruncate_readout,
    vandermonde,
)
from labkit.state_space.matrices import dplr, transition
from labkit.state_space.recurrence import MODES, dplr_step_params, initial_state, recurrent_step

D, Z = torch.float64, torch.complex128
RANK = {"LegS": 1, "LegT": 2, "FouT": 1, "LagT": 1}


def system(measure, N, device, heads=2, channels=2, dt=None, rank=None, dtype=Z):
    """(Lambda, P, Q, B, C, dt) with random readouts; Re Lambda is kept at or below -1e-4."""
    Lambda, P, B, _ = dplr(measure, N, rank or RANK[measure], device=device)
    Lambda = torch.complex(Lambda.real.clamp(max=-1e-4), Lambda.imag).expand(heads, -1)
    P, B = P[:, None].expand(-1, heads, -1), B.expand(heads, -1)
    C = torch.randn(channels, heads, N // 2, dtype=Z, device=device)
    spread = torch.linspace(-3, -1, heads, dtype=D, device=device)
    step = 10**spread if dt is None else torch.full_like(spread, dt)
    parts = [part.to(dtype) for part in (Lambda, P, P, B, C)]
    return [*parts, step.to(parts[0].real.dtype)]


@pytest.mark.parametrize("method", ["doubling", "sequential"])
@pytest.mark.parametrize("L", [1, 2, 3, 8, 21])
def test_krylov(method, L, device):
    A = torch.randn(2, 5, 5, dtype=D, device=device) / 4
    b = torch.randn(2, 5, dtype=D, device=device)
    columns = krylov(A, b, L, method)
    assert columns.shape == (2, 5, L)
    for l in range(L):
        assert torch.allclose(
            columns[..., l], (torch.linalg.matrix_power(A, l) @ b[..., None])[..., 0], atol=1e-12
        )


@pytest.mark.parametrize("L", [1, 2, 10, 64, 1000])
def test_vandermonde_two_level_equals_naive(L, device):
    Lambda, _, B, _ = dplr("LegS", 32, device=device)
    c = torch.randn(2, 3, 16, dtype=Z, device=device) * B
    x = torch.stack([dt * Lambda for dt in (1e-3, 1e-2, 1e-1)])
    slow, fast = vandermonde(c, x, L, "naive"), vandermonde(c, x, L)
    assert fast.shape == (2, 3, L)
    assert (fast - slow).abs().max() < 1e-11 * c.abs().sum(-1).max()
    l = L - 1
    assert torch.allclose(slow[..., l], 2 * (c * (x * l).exp()).sum(-1).real)


def test_vandermonde_single_precision(device):
    Lambda, _, B, _ = dplr("LegS", 32, dtype=torch.float32, device=device)
    k = vandermonde(B, 0.01 * Lambda, 4096)
    exact = vandermonde(B.to(Z), 0.01 * Lambda.to(Z), 4096, "naive")
    assert k.dtype == torch.float32
    assert (k - exact).abs().max() < 1e-4 * exact.abs().max()


@pytest.mark.parametrize("budget", [1, 10**9])
def test_cauchy_pair_equals_naive(budget, device, monkeypatch):
    """Also where heads are taken one by one, and against the quotient written out for one node."""
    module = importlib.import_module("labkit.state_space.kernels.cauchy")
    monkeypatch.setattr(module, "CACHE_BYTES", budget)
    monkeypatch.setattr(module, "TABLE_BYTES", budget)
    v = torch.randn(2, 4, 3, 8, dtype=Z, device=device)
    mu = torch.complex(
        -torch.rand(3, 8, dtype=D, device=device) - 0.01, torch.randn(3, 8, dtype=D, device=device)
    )
    x = torch.linspace(0, 4, 17, dtype=D, device=device)
    for y in (torch.ones_like(x), torch.linspace(2, 0, 17, dtype=D, device=device)):
        slow, fast = cauchy(v, mu, x, y, "naive"), cauchy(v, mu, x, y)
        assert fast.shape == (2, 4, 3, 17)
        assert torch.allclose(fast, slow, rtol=1e-10, atol=1e-10)
        pole = 1j * x[5] - y[5] * mu[1]
        conjugate = 1j * x[5] - y[5] * mu[1].conj()
        by_hand = (v[0, 0, 1] / pole + v[0, 0, 1].conj() / conjugate).sum()
        assert torch.allclose(fast[0, 0, 1, 5], by_hand)


@pytest.mark.parametrize("measure", ["LegS", "LegT", "FouT", "LagT"])
@pytest.mark.parametrize("dt", [1e-3, 1e-2, 1e-1])
@pytest.mark.parametrize("L", [1, 2, 7, 64, 255, 1024])
def test_dplr_kernel_equals_the_power_series(measure, dt, L):
    parts = system(measure, 16, "cpu", dt=dt)
    exact = naive_kernel(*parts, L, "doubling")
    assert (dplr_kernel(*parts, L) - exact).abs().max() < 1e-10
    if L == 64:
        assert (dplr_kernel(*parts, L, method="naive") - exact).abs().max() < 1e-10


def test_dplr_kernel_on_the_device(device):
    parts = system("LegT", 16, device)
    k = dplr_kernel(*parts, 65)
    assert k.shape == (2, 2, 65)
    assert k.device.type == device.type
    assert (k - naive_kernel(*parts, 65)).abs().max() < 1e-10
    single = dplr_kernel(
        *[part.to(torch.complex64 if part.is_complex() else torch.float32) for part in parts], 65
    )
    assert single.dtype == torch.float32
    assert (single - k).abs().max() < 1e-4 * k.abs().max()


def test_truncation_matters(device):
    """Without C^ the tail of a slow kernel wraps round onto its beginning."""
    parts = system("LegS", 16, device, dt=1e-3)
    exact = naive_kernel(*parts, 64)
    aliased = dplr_kernel(*parts, 64, truncated=True)
    assert (aliased - exact).abs().max() > 0.1 * exact.abs().max()


def test_naive_kernel_is_the_original_hippo_system(device):
    """The rotation to DPLR and the real form leave the kernel of the real LegS pair as it is."""
    A, B = transition("LegS", 16, device=device)
    Lambda, P, B_half, V = dplr("LegS", 16, device=device)
    c = torch.randn(16, dtype=D, device=device)
    C = (c.to(Z) @ V)[None, None]
    dt = torch.tensor([0.05], dtype=D, device=device)
    Abar, Bbar = gbt(A, B, 0.05)
    expected = c @ krylov(Abar, Bbar, 40)
    assert torch.allclose(
        naive_kernel(Lambda[None], P[:, None], P[:, None], B_half[None], C, dt, 40)[0, 0], expected
    )


def test_untied_low_rank_term(device):
    """Q need not be P: the conjugate of Q enters, not Q itself."""
    parts = system("LegS", 8, device)
    parts[2] = parts[1] * torch.polar(*(torch.rand(1, 2, 4, dtype=D, device=device) for _ in range(2)))
    assert (dplr_kernel(*parts, 33) - naive_kernel(*parts, 33)).abs().max() < 1e-9


def test_phases_do_not_matter(device):
    Lambda, P, Q, B, C, dt = system("LegS", 16, device)
    turn = torch.polar(torch.ones(8, dtype=D, device=device), torch.randn(8, dtype=D, device=device))
    k = dplr_kernel(Lambda, P, Q, B, C, dt, 50)
    turned = dplr_kernel(Lambda, turn * P, turn * Q, turn * B, C * turn.conj(), dt, 50)
    assert torch.allclose(k, turned, atol=1e-11)
    assert not torch.allclose(
        k, dplr_kernel(Lambda, turn * P, Q, turn * B, C * turn.conj(), dt, 50), atol=1e-3
    )


def test_ranks_nest(device):
    """P = 0 is the diagonal system under the bilinear rule; a second row of zeros changes nothing."""
    Lambda, P, _, B, C, dt = system("LegS", 16, device)
    z = dt[:, None] * Lambda
    diagonal = vandermonde(C * (dt[:, None] * B / (1 - z / 2)), ((1 + z / 2) / (1 - z / 2)).log(), 50)
    assert torch.allclose(dplr_kernel(Lambda, 0 * P, 0 * P, B, C, dt, 50), diagonal, atol=1e-11)
    wider = torch.cat([P, 0 * P])
    assert torch.allclose(
        dplr_kernel(Lambda, wider, wider, B, C, dt, 50), dplr_kernel(Lambda, P, P, B, C, dt, 50), atol=1e-11
    )


def test_readouts_round_trip_and_double(device):
    Lambda, P, Q, B, C, dt = system("LegT", 16, device)
    C_hat = truncate_readout(C, Lambda, P, Q, dt, 100)
    assert not torch.allclose(C_hat, C, atol=1e-3)
    assert (untruncate_readout(C_hat, Lambda, P, Q, dt, 100) - C).abs().max() < 1e-6
    doubled = extend_readout(C_hat, Lambda, P, Q, dt, 100)
    assert torch.allclose(doubled, truncate_readout(C, Lambda, P, Q, dt, 200), atol=1e-10)
    k = dplr_kernel(Lambda, P, Q, B, doubled, dt, 200, truncated=True)
    assert torch.allclose(k, naive_kernel(Lambda, P, Q, B, C, dt, 200), atol=1e-10)


def test_several_inputs_at_once(device):
    Lambda, P, Q, B, C, dt = system("LegT", 8, device)
    inputs = torch.stack([B, torch.randn_like(B)])
    C_hat = truncate_readout(C, Lambda, P, Q, dt, 20)
    both = dplr_responses(Lambda, P, Q, inputs, C_hat, dt, 20)
    for i in range(2):
        assert torch.allclose(both[:, i], naive_kernel(Lambda, P, Q, inputs[i], C, dt, 20), atol=1e-11)


@pytest.mark.parametrize("L", [7, 8])
def test_gradients_are_finite_and_right(L):
    """Even lengths have the node w = -1, where the usual form divides by zero."""
    parts = [part.detach().clone().requires_grad_() for part in system("LegS", 4, "cpu", heads=1, channels=1)]
    assert torch.autograd.gradcheck(lambda *p: dplr_kernel(*p, L, truncated=True), parts)
    assert torch.autograd.gradcheck(lambda *p: dplr_kernel(*p, L), parts)
    c, x = parts[4], (0.1 * parts[0]).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda c, x: vandermonde(c, x, L), (c, x))


def test_real_form(device):
    """The real matrix acts on (Re x, Im x) as A acts on x and its conjugate."""
    Lambda, P, Q, _, C, _ = system("LegT", 8, device, heads=1, channels=1)
    x = torch.randn(1, 4, dtype=Z, device=device)
    full = torch.cat([x, x.conj()], dim=-1)[0]
    wide_P, wide_Q = (torch.cat([part[:, 0], part[:, 0].conj()], dim=-1) for part in (P, Q))
    A = torch.diag(torch.cat([Lambda[0], Lambda[0].conj()])) - wide_P.T @ wide_Q.conj()
    moved = real_form(Lambda, P, Q)[0] @ real_input(x)[0]
    assert torch.allclose(moved, real_input((A @ full)[None, :4])[0])
    read = real_readout(C)[0, 0] @ real_input(x)[0]
    assert torch.allclose(read, (torch.cat([C, C.conj()], dim=-1)[0, 0] @ full).real)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("measure", "N"), [("LegS", 8), ("LegT", 8), ("FouT", 32)])
def test_every_step_form_is_the_convolution(mode, measure, N, device):
    parts = system(measure, N, device)
    k = naive_kernel(*parts, 30)
    u = torch.randn(3, 30, 2, dtype=D, device=device)
    form = dplr_step_params(*parts, mode)
    x = initial_state(form, 3)
    for i in range(30):
        y, x = recurrent_step(form, x, u[:, i])
        expected = torch.einsum("chl,blh->bch", k[..., : i + 1], u[:, : i + 1].flip(1))
        assert torch.allclose(y, expected, atol=1e-8)


def test_legs_cannot_be_diagonalised(device):
    """The reason for the unitary V: at N = 64 the eigenvectors of LegS are useless, and this is said."""
    with pytest.raises(ValueError, match=r"condition number <= 1e8; got .*: use 'linear'"):
        dplr_step_params(*system("LegS", 64, device), "diagonal")


def test_bad_input(device):
    Lambda, P, Q, B, C, dt = system("LegS", 8, device)
    with pytest.raises(ValueError, match="L, the kernel's length, must be at least 1; got 0"):
        dplr_kernel(Lambda, P, Q, B, C, dt, 0)
    with pytest.raises(ValueError, match="Lambda must be complex"):
        dplr_kernel(Lambda.real, P, Q, B, C, dt, 8)
    with pytest.raises(ValueError, match=r"negative real parts; the largest is 0\.5"):
        dplr_kernel(Lambda + 1, P, Q, B, C, dt, 8)
    with pytest.raises(ValueError, match="dt, the step size Delta"):
        dplr_kernel(Lambda, P, Q, B, C, -dt, 8)
    with pytest.raises(ValueError, match="method must be pair or naive; got 'fast'"):
        dplr_kernel(Lambda, P, Q, B, C, dt, 8, method="fast")
    with pytest.raises(ValueError, match="method must be two_level or naive"):
        vandermonde(B, Lambda, 8, "three_level")
    with pytest.raises(ValueError, match="must be at least 1; got -1"):
        vandermonde(B, Lambda, -1)
    with pytest.raises(ValueError, match="method must be doubling or sequential"):
        krylov(torch.eye(2, dtype=D, device=device), torch.ones(2, dtype=D, device=device), 3, "tripling")
    with pytest.raises(ValueError, match="mode must be one of linear, dense, diagonal; got 'sparse'"):
        dplr_step_params(Lambda, P, Q, B, C, dt, "sparse")
    assert math.isfinite(float(dplr_kernel(Lambda, P, Q, B, C, dt, 8).sum()))
