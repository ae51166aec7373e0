"""The HiPPO matrices, their bases and measures, and the unitary change of basis."""

import math

import numpy as np
import pytest
import torch
from scipy.special import eval_laguerre, eval_legendre, roots_laguerre, roots_legendre

from labkit.state_space.bases import legendre, window_length
from labkit.state_space.inits import DIAGONALS, RANDOM_SYSTEMS, diagonal, random_transition
from labkit.state_space.kernels import krylov
from labkit.state_space.matrices import (
    MEASURES,
    basis,
    dplr,
    low_rank,
    normalize_input,
    nplr,
    tilted,
    transition,
    weight,
)

D = torch.float64
RANK = {"LegS": 1, "LegT": 2, "FouT": 1, "LagT": 1}


def exact_kernels(A, B, t):
    return torch.stack([torch.linalg.matrix_exp(s * A) @ B for s in t], dim=1)


def tensor(values, device):
    return torch.tensor(values, dtype=D, device=device)


def relative(error, truth):
    return float(error.square().mean().sqrt() / truth.square().mean().sqrt())


def test_legs_by_hand(device):
    A, B = transition("LegS", 4, device=device)
    assert torch.allclose(A[3], tensor([-2.645751, -4.582576, -5.916080, -4], device), atol=1e-6)
    assert torch.allclose(A.triu(1), torch.zeros_like(A))
    assert torch.allclose(B, tensor([1, math.sqrt(3), math.sqrt(5), math.sqrt(7)], device))
    assert torch.allclose(torch.linalg.eigvals(A).real.sort().values, tensor([-4, -3, -2, -1], device))


def test_fout_by_hand(device):
    A, B = transition("FouT", 4, device=device)
    assert A[0, 0] == pytest.approx(-2)
    assert A[0, 2] == pytest.approx(-2.828427, abs=1e-6)
    assert A[2, 2] == pytest.approx(-4)
    assert A[2, 3] == pytest.approx(-6.283185, abs=1e-6)
    assert A[3, 2] == pytest.approx(6.283185, abs=1e-6)
    assert not A[1].any()
    assert not A[:, 1].any()
    assert torch.allclose(B, tensor([2, 0, 2.828427, 0], device), atol=1e-6)


def test_legt_and_lagt_by_hand(device):
    A, B = transition("LegT", 3, device=device)
    r3, r5, r15 = math.sqrt(3), math.sqrt(5), math.sqrt(15)
    assert torch.allclose(A, -tensor([[1, -r3, r5], [r3, 3, -r15], [r5, r15, 5]], device))
    assert torch.allclose(B, tensor([1, r3, r5], device))
    A, B = transition("LagT", 3, device=device)
    assert torch.allclose(A, -tensor([[0.5, 0, 0], [1, 0.5, 0], [1, 1, 0.5]], device))
    assert torch.allclose(B, tensor([1, 1, 1], device))


def test_lmu_is_similar_to_legt(device):
    A, B = transition("LMU", 16, device=device)
    assert torch.allclose(A[1, :3], tensor([3, -3, -3], device))
    assert B[1] == -3
    n = torch.arange(16, dtype=D, device=device)
    d = (1 - 2 * (n % 2)) * (2 * n + 1).sqrt()
    A_legt, B_legt = transition("LegT", 16, device=device)
    assert (A / d[:, None] * d - A_legt).abs().max() < 1e-12
    assert (B / d - B_legt).abs().max() < 1e-12


@pytest.mark.parametrize("measure", ["LegS", "LagT"])
@pytest.mark.parametrize("N", [1, 2, 5, 32])
def test_kernels_are_basis_times_measure_exactly(measure, N, device):
    t = torch.linspace(0, 6, 9, dtype=D, device=device)
    A, B = transition(measure, N, device=device)
    error = exact_kernels(A, B, t) - basis(measure, N, t) * weight(measure, t)
    assert error.abs().max() < 1e-10


@pytest.mark.parametrize(
    ("measure", "expected"), [("LegT", [0.158, 0.077, 0.038]), ("FouT", [0.202, 0.096, 0.0475])]
)
def test_windowed_kernels_converge(measure, expected, device):
    """Asymptotic only: kernel 0 approaches its box [0, 1] as N grows, and what leaks out of the window fades.

    FouT's leak fades in the mean: a narrow echo of height 0.1 stays at lag 2, where the basis begins again.
    """
    t = (torch.arange(2000, dtype=D, device=device) + 0.5) / 1000
    truth = (t <= 1).to(D)
    errors, leaks = [], []
    for N in (8, 32, 128):
        A, B = transition(measure, N, device=device)
        start = torch.linalg.matrix_exp(t[0] * A) @ B
        kernel = krylov(torch.linalg.matrix_exp(1e-3 * A), start, len(t))[0]
        errors.append(relative(kernel - truth, truth))
        leaks.append(kernel[t > 1.1])
    assert errors == pytest.approx(expected, abs=0.002)
    means = [float(leak.square().mean().sqrt()) for leak in leaks]
    assert means[0] > 2 * means[1] > 4 * means[2]
    largest = [float(leak.abs().max()) for leak in leaks]
    if measure == "LegT":
        assert largest[0] < 0.1
        assert largest[1] < 0.04
        assert largest[2] < 0.01
    else:
        assert largest == pytest.approx([0.10, 0.106, 0.107], abs=0.002)


@pytest.mark.parametrize("measure", ["LegT", "FouT"])
def test_unit_timescale_doubles_the_window(measure, device):
    t = torch.linspace(0, 2.5, 26, dtype=D, device=device)
    assert torch.allclose(basis(measure, 6, t, "unit"), basis(measure, 6, t / 2))
    assert torch.allclose(weight(measure, t, "unit"), weight(measure, t / 2) / 2)
    for whole, half in zip(
        transition(measure, 6, device=device), transition(measure, 6, "unit", device=device), strict=True
    ):
        assert torch.equal(whole, 2 * half)
    assert window_length(measure, "unit") == 2
    # the mean of the measure is 1
    s = (torch.arange(4000, dtype=D, device=device) + 0.5) / 2000
    assert float((weight(measure, s, "unit") * s).sum() / 2000) == pytest.approx(1)


def test_bases_against_scipy(device):
    t = torch.linspace(0, 1, 11, dtype=D, device=device)
    s = t.cpu().numpy()
    norm = np.sqrt(2 * np.arange(6) + 1)[:, None]
    n = np.arange(6)[:, None]
    close = {"rtol": 1e-12, "atol": 1e-12}
    assert np.allclose(basis("LegS", 6, t).cpu(), norm * eval_legendre(n, 2 * np.exp(-s) - 1), **close)
    assert np.allclose(basis("LegT", 6, t).cpu(), norm * eval_legendre(n, 1 - 2 * s), **close)
    assert np.allclose(basis("LagT", 6, t).cpu(), eval_laguerre(n, s) * np.exp(-s / 2), **close)
    rows = [np.ones_like(s), 0 * s] + [
        math.sqrt(2) * g(2 * math.pi * f * s) for f in (1, 2) for g in (np.cos, np.sin)
    ]
    assert np.allclose(basis("FouT", 6, t).cpu(), np.stack(rows), **close)


def test_bases_are_orthonormal(device):
    """Gauss quadrature is exact for the polynomials; the trapezoid rule is for the Fourier basis."""
    N = 12
    eye = torch.eye(N, dtype=D, device=device)
    nodes, weights = (tensor(part, device) for part in roots_legendre(2 * N))
    nodes, weights = (nodes + 1) / 2, weights / 2
    p = basis("LegT", N, nodes)
    assert ((p * weights) @ p.T - eye).abs().max() < 1e-10
    # LegS: substitute y = e^{-t}, so that w dt = dy
    p = basis("LegS", N, -nodes.log())
    assert ((p * weights) @ p.T - eye).abs().max() < 1e-10
    # LagT: the product of two functions is a polynomial times e^{-t}
    nodes, weights = (tensor(part, device) for part in roots_laguerre(2 * N))
    p = basis("LagT", N, nodes)
    assert ((p * (weights * nodes.exp())) @ p.T - eye).abs().max() < 1e-8
    t = torch.arange(64, dtype=D, device=device) / 64
    p = basis("FouT", N, t)
    dead = eye.clone()
    dead[1, 1] = 0
    assert (p @ p.T / 64 - dead).abs().max() < 1e-10


def test_outside_the_window(device):
    t = tensor([-1.0, 0.5, 1.5, 40.0], device)
    assert not basis("LegT", 64, t)[:, [0, 2, 3]].any()
    kept = basis("LegT", 64, t, truncate=False)
    ends = basis("LegT", 64, tensor([0.0, 1.0], device))
    assert torch.isfinite(kept).all()
    assert torch.allclose(kept[:, [0, 3]], ends)
    assert torch.allclose(basis("FouT", 4, t, truncate=False)[:, 2], basis("FouT", 4, t)[:, 1])
    assert not weight("LegT", t)[[0, 2, 3]].any()
    assert float(weight("LagT", t)[3]) == 1
    assert float(weight("LegS", t)[0]) == 0


@pytest.mark.parametrize("timescale", ["window", "unit"])
@pytest.mark.parametrize("measure", MEASURES)
def test_normal_after_the_low_rank_correction(measure, timescale, device):
    N = 16
    A, _ = transition(measure, N, timescale, device=device)
    P = low_rank(measure, N, RANK[measure], timescale, device=device)
    c = -0.5 if measure == "LegS" else 0.0
    rest = A + P.T @ P - c * torch.eye(N, dtype=D, device=device)
    assert (rest + rest.T).abs().max() < 1e-12
    wider = low_rank(measure, N, 3, timescale, device=device)
    assert torch.allclose(wider.T @ wider, P.T @ P)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("N", [2, 16, 64])
def test_nplr_is_unitary_and_gives_a_back(measure, N, device):
    A, B = transition(measure, N, device=device)
    Lambda, P, B_rotated, V = nplr(measure, N, RANK[measure], device=device)
    assert (V.mH @ V - torch.eye(N, dtype=D, device=device)).abs().max() < 1e-12
    back = V @ (torch.diag(Lambda) - P.T @ P.conj()) @ V.mH
    assert (back - A).abs().max() < 1e-9 * A.abs().max()
    assert (V @ B_rotated - B).abs().max() < 1e-12 * B.abs().max() * N
    half = N // 2
    assert torch.equal(Lambda[half:], Lambda[:half].conj())
    assert torch.equal(V[:, half:], V[:, :half].conj())
    # the phase that eigh leaves open is fixed: B is real and positive
    assert B_rotated.imag.abs().max() < 1e-12 * B_rotated.abs().max()
    assert B_rotated.real.min() > 0
    assert (Lambda[:half].imag.diff() > 0).all()


def test_legs_spectrum(device):
    Lambda, P, B, _ = dplr("LegS", 64, device=device)
    assert torch.allclose(
        Lambda.imag[[0, -3, -2, -1]],
        tensor([0.263857, 258.152210, 433.030757, 1303.273843], device),
        atol=1e-6,
    )
    assert torch.equal(Lambda.real, torch.full_like(Lambda.real, -0.5))
    assert torch.allclose(P[0], B / math.sqrt(2))
    assert float(B.abs().max()) == pytest.approx(40.75, abs=0.01)


def test_fout_zero_eigenvalue_has_a_conjugate_pair(device):
    Lambda, _, _, V = dplr("FouT", 8, device=device)
    frequencies = 2 * math.pi * torch.arange(4, dtype=D, device=device)
    assert torch.allclose(Lambda.imag, frequencies)
    both = torch.cat([V[:, :1], V[:, :1].conj()], dim=1)
    assert (both.mH @ both - torch.eye(2, dtype=D, device=device)).abs().max() < 1e-12


def test_tilt(device):
    """A + tilt I: kernels times e^{tilt t}, orthonormal under e^{2 tilt t} w; LagT at -1/2 is L_n under
    e^{-t}.
    """
    t = torch.linspace(0, 3, 13, dtype=D, device=device)
    A, B = transition("LegS", 6, device=device)
    tilted_kernels = exact_kernels(tilted(A, -0.3), B, t)
    assert torch.allclose(tilted_kernels, torch.exp(-0.3 * t) * exact_kernels(A, B, t))
    A, B = transition("LagT", 6, device=device)
    polynomials = tensor(eval_laguerre(np.arange(6)[:, None], t.cpu().numpy()), device)
    assert torch.allclose(exact_kernels(tilted(A, -0.5), B, t), polynomials * torch.exp(-t))


def test_diagonal_initialisations(device):
    N = 8
    n = torch.arange(4, dtype=D, device=device)
    for init in DIAGONALS:
        Lambda, B = diagonal(init, N, device=device)
        assert Lambda.shape == B.shape == (4,)
        assert (Lambda.real <= 0).all()
        assert torch.allclose(diagonal(init, N, halve_input=True, device=device)[1], B / 2)
    assert torch.allclose(diagonal("lin", N, device=device)[0], torch.complex(0 * n - 0.5, math.pi * n))
    inv = torch.complex(0 * n - 0.5, 8 / math.pi * (8 / (2 * n + 1) - 1))
    assert torch.allclose(diagonal("inv", N, device=device)[0], inv)
    assert torch.allclose(diagonal("real", N, device=device)[0].real, -(n + 1))
    assert torch.allclose(diagonal("legs", N, device=device)[0], dplr("LegS", N, device=device)[0])


def test_normalize_input(device):
    """Constant input, unit-normal C: the output's variance is the squared norm of the state, 2 sum |x_n|^2 =
    1.
    """
    Lambda, _, B, _ = dplr("LegS", 8, device=device)
    settled = -normalize_input(Lambda, B) / Lambda
    assert float(2 * settled.abs().square().sum()) == pytest.approx(1)


@pytest.mark.parametrize("kind", RANDOM_SYSTEMS)
def test_random_systems_are_stable_and_seeded(kind, device):
    def generator():
        return torch.Generator("cpu").manual_seed(3)

    A, B = random_transition(kind, 16, generator(), device=device)
    again, _ = random_transition(kind, 16, generator(), device=device)
    assert torch.equal(A, again)
    assert not torch.equal(A, random_transition(kind, 16, device=device)[0])
    eigenvalues = torch.linalg.eigvals(A)
    assert eigenvalues.real.max() < 0
    assert B.shape == (16,)
    if kind == "real":
        assert torch.equal(A, torch.diag(A.diagonal()))
        assert A.diagonal().min() >= -2
    elif kind == "complex":
        assert eigenvalues.real.min() >= -1
        assert eigenvalues.imag.abs().min() > 0
    else:
        assert float(eigenvalues.real.max()) == pytest.approx(-0.5)


def test_dtypes_are_cast_at_the_end(device):
    A, B = transition("LegS", 64, dtype=torch.float32, device=device)
    assert A.dtype == B.dtype == torch.float32
    assert torch.equal(A, transition("LegS", 64, device=device)[0].float())
    for part, exact in zip(
        dplr("LegS", 64, dtype=torch.float32, device=device), dplr("LegS", 64, device=device), strict=True
    ):
        assert part.dtype == torch.complex64
        assert torch.equal(part, exact.to(torch.complex64))
    t = torch.linspace(0, 3, 7, dtype=torch.float32, device=device)
    assert basis("LegS", 64, t).dtype == torch.float32


def test_bad_input(device):
    with pytest.raises(ValueError, match=r"measure must be one of LegS, LegT, FouT, LagT, LMU; got 'legs'"):
        transition("legs", 4)
    with pytest.raises(ValueError, match=r"measure must be one of LegS, LegT, FouT, LagT; got 'LMU'"):
        basis("LMU", 4, tensor([0.0], device))
    with pytest.raises(ValueError, match="must be at least 1; got 0"):
        transition("LegS", 0)
    with pytest.raises(ValueError, match=r"N must be even for FouT.*got 5"):
        transition("FouT", 5)
    with pytest.raises(ValueError, match="N must be even for conjugate pairs; got 5"):
        nplr("LegS", 5)
    with pytest.raises(ValueError, match=r"LegT needs rank >= 2; got rank 1"):
        dplr("LegT", 4)
    with pytest.raises(ValueError, match="timescale must be one of window, unit; got 'year'"):
        transition("LegT", 4, "year")
    with pytest.raises(ValueError, match="init must be one of"):
        diagonal("hippo", 4)
    with pytest.raises(ValueError, match="N must be even"):
        diagonal("lin", 3)
    with pytest.raises(ValueError, match="kind must be one of real, complex, dense; got 'sparse'"):
        random_transition("sparse", 4)
    with pytest.raises(ValueError, match="even for conjugate pairs; got 3"):
        random_transition("complex", 3)


def test_legendre_of_one_function(device):
    assert legendre(1, tensor([0.3, 0.4], device)).shape == (1, 2)
