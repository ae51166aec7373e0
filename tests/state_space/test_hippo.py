"""How to Train Your HiPPO: the truths of the operators, their kernels, readouts and pictures."""

import math

import pytest
import torch

from labkit.state_space.discretize import expm1_over
from labkit.state_space.hippo.method import (
    MEASURES,
    OrthogonalSSM,
    ScaledLegS,
    band_limit_mask,
    delay_readout,
    diagonal_kernels,
    fit_kernel,
    layer_kernels,
    memory_function,
    memory_length,
    spectrum,
    stream_states,
    warped_basis,
    white_signal,
)
from labkit.state_space.kernels import krylov
from labkit.state_space.layers import S4Layer
from labkit.state_space.matrices import basis, dplr, transition, weight

D = torch.float64


def lags(n, device):
    return torch.arange(n, dtype=D, device=device) + 0.5


def smooth(batch, length, device, freq=3):
    generator = torch.Generator("cpu").manual_seed(4)
    return white_signal(length * 1e-3, 1e-3, freq, batch=batch, generator=generator, dtype=D, device=device)


def relative(error, truth):
    return float(error.norm() / truth.norm())


# --- the time-invariant operators
# ------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["LegS", "LagT"])
def test_kernels_are_basis_times_measure(measure, device):
    """Evenly spaced and scattered lags, tilted or not."""
    t = torch.linspace(0, 600, 49, dtype=D, device=device)
    scattered = torch.tensor([3.0, 0.0, 511.0, 40.0, -2.0], dtype=D, device=device)
    for tilt in (0.0, -0.4, 0.2):
        ssm = OrthogonalSSM(measure, 32, 0.01, tilt=tilt)
        for times in (t, scattered, scattered[:1]):
            assert (ssm.kernels(times) - ssm.basis(times) * ssm.measure(times)).abs().max() < 1e-10
        assert not ssm.kernels(scattered)[:, 4].any()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("dt", [1e-3, 0.05])
def test_doubling_delta_halves_time(measure, dt, device):
    t = torch.linspace(0, 100, 21, dtype=D, device=device)
    slow, fast = OrthogonalSSM(measure, 16, dt), OrthogonalSSM(measure, 16, 2 * dt)
    assert (slow.kernels(2 * t) - fast.kernels(t)).abs().max() < 1e-12


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("discretization", ["bilinear", "zoh", "backward"])
def test_forward_is_the_convolution_with_the_discrete_kernels(measure, discretization, device):
    ssm = OrthogonalSSM(measure, 8, 0.02, discretization)
    u = torch.randn(2, 75, dtype=D, device=device)
    kernel = krylov(ssm.Abar.to(device), ssm.Bbar.to(device), 75)
    expected = torch.stack(
        [torch.einsum("nl,bl->bn", kernel[:, : i + 1], u[:, : i + 1].flip(1)) for i in range(75)], dim=1
    )
    states = ssm(u)
    assert (states - expected).abs().max() < 1e-10
    x = torch.zeros(2, 8, dtype=D, device=device)
    for i in range(75):
        x = ssm.step(x, u[:, i])
    assert (states[:, -1] - x).abs().max() < 1e-10
    # carried over a cut
    assert (ssm.forward(u[:, 41:], states[:, 40]) - states[:, 41:]).abs().max() < 1e-10
    single = ssm(u.float())
    assert single.dtype == torch.float32
    assert (single - states).abs().max() < 1e-5 * states.abs().max()


@pytest.mark.parametrize(("length", "block"), [(1, None), (5, 8), (64, 8), (65, 8)])
def test_stream_states_in_any_blocks(length, block, device):
    A = torch.randn(3, 3, dtype=D, device=device) / 3
    B, x = torch.randn(3, dtype=D, device=device), torch.randn(2, 3, dtype=D, device=device)
    u = torch.randn(2, length, dtype=D, device=device)
    states = stream_states(A, B, u, x, block)
    for k in range(length):
        x = x @ A.T + u[:, k, None] * B
        assert torch.allclose(states[:, k], x, atol=1e-12)


@pytest.mark.parametrize(
    ("measure", "bound"), [("LegS", 0.12), ("LegT", 0.01), ("FouT", 0.15), ("LagT", 0.9)]
)
def test_reconstruction(measure, bound, device):
    """Online states give the past back, weighted by the measure; the wrong half step or direction would
    show.
    """
    u = smooth(2, 2000, device)
    ssm = OrthogonalSSM(measure, 64, 1e-3)
    past, t = u.flip(1), lags(2000, device)
    w = ssm.measure(t).sqrt()
    last = ssm(u)[:, -1]
    recovered = ssm.reconstruct(last, t)
    error = relative(w * (recovered - past), w * past)
    assert error < bound
    if measure == "LegT":
        assert error < 0.5 * relative(w * (ssm.reconstruct(last, t + 1) - past), w * past)
        beyond = t > 1000
        assert not recovered[:, beyond].any()
        assert OrthogonalSSM("LegT", 64, 1e-3, truncate=False).reconstruct(last, t)[:, beyond].any()


def test_constant_input(device):
    """A constant is p_0 in LegS and LegT: the state settles at (1, 0, 0, ...), and reads back as 1."""
    u = torch.ones(1, 3000, dtype=D, device=device)
    for measure in ("LegS", "LegT"):
        ssm = OrthogonalSSM(measure, 16, 0.01)
        x = ssm(u)[0, -1]
        assert (x - torch.eye(16, dtype=D, device=device)[0]).abs().max() < 1e-9
        assert (ssm.reconstruct(x, lags(90, device)) - 1).abs().max() < 1e-8


def test_unit_timescale_doubles_the_memory(device):
    """Delta = 2e-3 then covers 1000 steps."""
    u = smooth(1, 2000, device)
    a = OrthogonalSSM("LegT", 32, 1e-3)(u)
    b = OrthogonalSSM("LegT", 32, 2e-3, timescale="unit")(u)
    assert torch.allclose(a, b, atol=1e-12)
    t = lags(1500, device)
    unit = OrthogonalSSM("FouT", 8, 2e-3, timescale="unit")
    assert torch.equal(unit.measure(t) > 0, t <= 1000)
    assert unit.memory_length() == pytest.approx(900)


def test_without_the_low_rank_term_fout_never_ends(device):
    t = torch.linspace(0, 5, 251, dtype=D, device=device)
    on, off = OrthogonalSSM("FouT", 64, 1.0), OrthogonalSSM("FouT", 64, 1.0, low_rank=False)
    forever = basis("FouT", 64, t, truncate=False)
    assert (off.kernels(t) - forever).abs().max() < 1e-9
    between = (t > 1.2) & (t < 1.8)
    assert on.kernels(t)[:8, between].abs().max() < 0.05
    assert off.kernels(t)[:8, between].abs().max() > 1.3


@pytest.mark.parametrize("measure", MEASURES)
def test_diagonal_kernels_are_those_without_the_low_rank_term(measure, device):
    t = torch.linspace(0, 40, 41, dtype=D, device=device)
    dense = OrthogonalSSM(measure, 16, 0.1, low_rank=False).kernels(t)
    assert (diagonal_kernels(measure, 16, t, 0.1) - dense).abs().max() < 1e-9
    assert torch.allclose(diagonal_kernels(measure, 16, t, 0.1, halve_input=False), 2 * dense, atol=1e-9)


def test_diagonal_legs_converges_weakly_and_fout_does_not(device):
    """The kernels themselves stay 0.72 and 1.37 away for every N; their running integrals converge.

    The integral of 2 Re sum V B e^{Lambda t}/2 from 0 to t is t Re sum V B (e^z - 1)/z with z = Lambda t.
    LegS's kernel 0 integrates to 1 - e^{-t}, kernel 1 to sqrt3 (e^{-t} - e^{-2t}).
    """
    t = torch.linspace(0.05, 4, 2000, dtype=D, device=device)
    truth = basis("LegS", 2, t) * weight("LegS", t)
    integral = torch.stack([1 - torch.exp(-t), math.sqrt(3) * (torch.exp(-t) - torch.exp(-2 * t))])
    pointwise, integrated = [], []
    for N in (16, 64, 256):
        Lambda, _, B, V = dplr("LegS", N, device=device)
        kernels = diagonal_kernels("LegS", N, t)[:2]
        pointwise.append([relative(kernels[i] - truth[i], truth[i]) for i in range(2)])
        step = ((V[:2] * B) @ (t * expm1_over(Lambda[:, None] * t))).real
        integrated.append([relative(step[i] - integral[i], integral[i]) for i in range(2)])
    for row in pointwise:
        assert row == pytest.approx([0.72, 1.375], abs=0.01)
    for i, first in enumerate((0.014, 0.071)):
        assert integrated[0][i] == pytest.approx(first, rel=0.1)
        assert integrated[0][i] > 5 * integrated[1][i] > 25 * integrated[2][i]
    ramp = t.clamp(max=1)
    for N in (16, 256):
        Lambda, _, B, V = dplr("FouT", N, device=device)
        step = ((V[:1] * B) @ (t * expm1_over(Lambda[:, None] * t))).real[0]
        assert relative(step - ramp, ramp) > 1.5


def test_normalised_input_settles_at_norm_one(device):
    for measure, N in (("LegS", 8), ("FouT", 8), ("LagT", 8)):
        ssm = OrthogonalSSM(measure, N, 0.05, normalize=True)
        plain = OrthogonalSSM(measure, N, 0.05)
        u = torch.ones(1, 2000, dtype=D, device=device)
        x = ssm(u)[0, -1]
        assert float(x.norm()) == pytest.approx(1, abs=1e-6)
        t = lags(15, device)
        assert torch.allclose(ssm.reconstruct(x, t), plain.reconstruct(plain(u)[0, -1], t))


def test_output_kernel_has_norm_n(device):
    """E ||K/w||_w^2 = N for unit-normal C: the sum over n of the integral of p_n^2 w."""
    ssm = OrthogonalSSM("LegS", 12, 1e-3)
    t = lags(40000, device)
    size = (ssm.kernels(t).square().sum(0) / ssm.measure(t)).sum() * 1e-3
    assert float(size) == pytest.approx(12, rel=1e-3)


# --- the scaled operator
# ---------------------------------------------------------------------------------------


def substitution(u, N, alpha):
    """(I - alpha A/k) x_k = (I + (1-alpha) A/k) x_{k-1} + (B/k) u_k, one triangular solve for each step."""
    A, B = transition("LegS", N, dtype=u.dtype, device=u.device)
    eye, x, states = (
        torch.eye(N, dtype=u.dtype, device=u.device),
        torch.zeros_like(u[:, :1]).expand(-1, N),
        [],
    )
    for k in range(1, u.shape[1] + 1):
        right = x + (1 - alpha) / k * x @ A.T + u[:, k - 1, None] * B / k
        x = torch.linalg.solve_triangular(eye - alpha / k * A, right.T, upper=False).T
        states.append(x)
    return torch.stack(states, dim=1)


@pytest.mark.parametrize(("method", "alpha"), [("bilinear", 0.5), ("backward", 1.0), ("forward", 0.0)])
@pytest.mark.parametrize(("N", "length"), [(1, 5), (8, 1), (8, 60), (24, 7)])
def test_scaled_legs_is_the_triangular_recurrence(method, alpha, N, length, device):
    u = torch.randn(3, length, dtype=D, device=device)
    expected = substitution(u, N, alpha)
    states = ScaledLegS(N, length, method)(u)
    assert states.shape == (3, length, N)
    assert (states - expected).abs().max() < 1e-11 * max(1, float(expected.abs().max()))
    assert ScaledLegS(N, length, method)(u.float()).dtype == torch.float32


def cubic(r):
    return 1 - 3 * r + 2 * r**2 - r**3 / 2


def test_scaled_legs_of_a_cubic(device):
    errors, finals = [], []
    for length in (1000, 2000):
        r = lags(length, device) / length
        operator = ScaledLegS(8, length)
        finals.append(operator(cubic(r)[None])[0, -1])
        errors.append(float((operator.reconstruct(finals[-1], r) - cubic(r)).abs().max()))
    assert errors == pytest.approx([0.030, 0.015], abs=0.001)
    assert errors[1] < 0.02
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.2)
    # the signal stretched to twice the length leaves the state where it was
    assert (finals[0] - finals[1]).abs().max() < 1e-3


def test_scaled_zoh_is_exact_for_held_samples(device):
    """After L steps: the Legendre coefficients over [0, L+1] of silence on [0, 1], then u_k on [k, k+1]."""
    u = torch.randn(2, 6, dtype=D, device=device)
    fine = lags(7000, device) / 7000  # r, the share of the time [0, 7]
    held = torch.cat([torch.zeros(2, 1, dtype=D, device=device), u], dim=1).repeat_interleave(1000, dim=1)
    p = basis("LegT", 5, 1 - fine)
    assert torch.allclose(p[1], math.sqrt(3) * (2 * fine - 1))
    coefficients = held @ p.T / 7000
    states = ScaledLegS(5, 10, "zoh")(u)
    assert torch.allclose(states[:, -1], coefficients, atol=1e-6)


def test_scaled_legs_remembers_everything_evenly(device):
    u = smooth(4, 3000, device)
    operator = ScaledLegS(32, 3000)
    r = lags(3000, device) / 3000
    recovered = operator.reconstruct(operator(u)[:, -1], r)
    thirds = [relative((recovered - u)[:, i : i + 1000], u[:, i : i + 1000]) for i in (0, 1000, 2000)]
    assert max(thirds) < 0.05


def test_scaled_legs_passes_gradients():
    u = torch.randn(1, 6, dtype=D, device="cpu", requires_grad=True)
    assert torch.autograd.gradcheck(ScaledLegS(4, 6).forward, (u,))


# --- warps, readouts, kernels
# ----------------------------------------------------------------------------------


def test_warps_give_both_operators(device):
    s = torch.linspace(0, 3.5, 36, dtype=D, device=device)
    t = 3.0
    p, w = warped_basis(torch.exp, 6, t, s)
    past = s <= t
    assert torch.allclose(p[:, past], basis("LegS", 6, t - s[past]))
    assert torch.allclose(w[past], weight("LegS", t - s[past]))
    assert not p[:, ~past].any()
    assert not w[~past].any()
    p, w = warped_basis(lambda x: x, 6, t, s)
    assert torch.allclose(p[:, past], basis("LegT", 6, 1 - s[past] / t))
    assert torch.allclose(w[past], torch.full_like(s[past], 1 / 3))


@pytest.mark.parametrize("warp", [torch.exp, lambda x: x, lambda x: x**3, torch.log1p])
def test_any_warp_is_orthonormal(warp, device):
    s = 2 * lags(40000, device) / 40000
    p, w = warped_basis(warp, 5, 2, s)
    total = w.sum() * 2 / 40000
    gram = (p * w) @ p.T * 2 / 40000
    if warp is torch.exp:  # its past begins at minus infinity: e^{-2} of the measure lies before s = 0
        assert float(total) == pytest.approx(1 - math.exp(-2), abs=1e-6)
    else:
        assert (gram - torch.eye(5, dtype=D, device=device)).abs().max() < 1e-3


def delayed_error(measure, N, lag, device, steps=250):
    u = smooth(4, 1000, device, freq=40)
    C, bias = delay_readout(measure, N, lag, device=device)
    y = OrthogonalSSM(measure, N, 1 / steps)(u) @ C + bias * u
    delay = round(lag * steps)
    target = torch.nn.functional.pad(u, (delay, 0))[:, :1000]
    return relative((y - target)[:, steps:], target[:, steps:])


def test_delay_network(device):
    """Exact up to the basis: the window's end for LegT and FouT, and any nearer lag."""
    assert delayed_error("LegT", 64, 1.0, device) < 0.1
    assert delayed_error("FouT", 64, 1.0, device) < 0.25
    assert delayed_error("FouT", 64, 0.5, device) < 0.1
    assert delayed_error("LegS", 64, 0.3, device) < 0.25
    C, bias = delay_readout("LegT", 4, device=device)
    n = torch.arange(4, dtype=D, device=device)
    assert torch.allclose(C, (2 * n + 1).sqrt() * (-1) ** n)
    assert bias == 0
    C, bias = delay_readout("FouT", 6, device=device)
    root = 2 * math.sqrt(2)
    assert torch.allclose(C, torch.tensor([2, 0, root, 0, root, 0], dtype=D, device=device))
    assert bias == -1


def test_fouts_midpoint(device):
    """p(1) alone reads (u(t) + u(t-1))/2: half of the kernel's mass is at lag 0, where it peaks at 2N - 2."""
    p = basis("FouT", 32, torch.ones(1, dtype=D, device=device))[:, 0]
    t = torch.linspace(0, 1.5, 15001, dtype=D, device=device)
    K = p @ OrthogonalSSM("FouT", 32, 1.0).kernels(t)
    assert float(K[0]) == pytest.approx(2 * 32 - 2)
    mass = torch.cumsum(K, 0) * (t[1] - t[0])
    assert float(mass[5000]) == pytest.approx(0.5, abs=0.03)
    assert float(mass[-1]) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("measure", ["LegT", "FouT"])
def test_fit_kernel_reaches_any_window(measure, device):
    """The error falls with N, on the ideal basis and on the true kernels."""
    t = lags(1000, device) / 1000
    k = torch.exp(-3 * t) * torch.sin(9 * t)
    ideal, real = [], []
    for N in (8, 32, 128):
        C = fit_kernel(measure, N, k, 1e-3)
        ideal.append(relative(C @ basis(measure, N, t) - k, k))
        real.append(relative(C @ OrthogonalSSM(measure, N, 1.0).kernels(t) - k, k))
    assert ideal[0] > ideal[1] or ideal[0] < 1e-3
    assert real[0] > real[1] > real[2]
    assert real[2] < 0.1


def test_fit_kernel_is_a_projection(device):
    t = lags(30000, device) * 1e-3
    coefficients = torch.randn(6, dtype=D, device=device)
    k = coefficients @ (basis("LegS", 6, t) * weight("LegS", t))
    assert torch.allclose(fit_kernel("LegS", 6, k, 1e-3), coefficients, atol=1e-4)


def test_memory_function_is_the_impulse_response(device):
    A, B = transition("LegS", 6, device=device)
    C = torch.randn(2, 6, dtype=D, device=device)
    ssm = OrthogonalSSM("LegS", 6, 0.1)
    impulse = torch.zeros(1, 20, dtype=D, device=device)
    impulse[0, 0] = 1
    response = ssm(impulse)[0] @ C.T
    assert torch.allclose(memory_function(A, B, C, 0.1, 20), response.T, atol=1e-12)
    assert torch.allclose(memory_function(A, B, C[0], 0.1, 20), response[:, 0], atol=1e-12)


def test_memory_length(device):
    """90% of each measure, by the closed form and by adding the measure up."""
    assert memory_length("LegS", 0.01) == pytest.approx(230.26, abs=0.01)
    assert memory_length("LegT", 0.01) == memory_length("FouT", 0.01) == pytest.approx(90)
    assert memory_length("LegT", 0.01, timescale="unit") == pytest.approx(180)
    assert memory_length("scaled", elapsed=500) == pytest.approx(450)
    assert memory_length("LagT", 0.01) == math.inf
    for measure in ("LegS", "LegT", "FouT"):
        ssm = OrthogonalSSM(measure, 4, 0.01)
        reached = int((ssm.measure(lags(3000, device)).cumsum(0) * 0.01 < 0.5).sum())
        assert ssm.memory_length(0.5) == pytest.approx(reached, abs=1)


@pytest.mark.parametrize("discretization", ["forward", "bilinear", "backward", "zoh"])
@pytest.mark.parametrize("measure", MEASURES)
def test_spectrum(measure, discretization, device):
    ssm = OrthogonalSSM(measure, 8, 0.05, discretization)
    A = ssm.A.to(device)
    continuous, discrete = spectrum(A, 0.05, discretization)
    power = continuous.sum().real
    assert float(power) == pytest.approx(float(A.trace()), abs=1e-6)
    assert float(discrete.sum().real) == pytest.approx(float(ssm.Abar.trace()), abs=1e-6)
    if measure == "LegS":
        assert torch.allclose(
            continuous.real.sort().values, -torch.arange(8.0, 0, -1, dtype=D, device=device)
        )
    if discretization != "forward":
        assert (discrete.abs() <= 1 + 1e-9).all()
    assert len(ssm.spectrum()[1]) == 8


def test_euler_leaves_the_circle(device):
    """LegS N = 64 at Delta = 0.05: the eigenvalue -64 becomes 1 - 3.2."""
    A, _ = transition("LegS", 64, device=device)
    assert float(spectrum(A, 0.05, "forward")[1].abs().max()) == pytest.approx(2.2, abs=1e-6)
    assert spectrum(A, 0.05, "bilinear")[1].abs().max() < 1


def test_band_limit_mask(device):
    Lambda, _, _, _ = dplr("FouT", 8, device=device)  # frequencies 0, 1, 2, 3 cycles per unit of time
    assert band_limit_mask(Lambda, 0.2).tolist() == [True, True, True, False]
    assert band_limit_mask(Lambda, 0.2, limit=0.5).tolist() == [True, True, False, False]
    dt = torch.tensor([0.1, 0.4], dtype=D, device=device)
    assert band_limit_mask(Lambda.expand(2, -1), dt).sum(-1).tolist() == [4, 2]


@pytest.mark.parametrize(
    ("init", "measure", "tolerance"),
    [("legs", "LegS", 1e-10), ("fout", "FouT", 1e-3), ("legt", "LegT", 1e-3), ("lagt", "LagT", 1e-3)],
)
def test_layer_kernels_of_an_untrained_layer(init, measure, tolerance, device):
    """In HiPPO's coordinates they are the operator's own kernels, each channel with its own Delta."""
    layer = S4Layer(3, 8, init=init, rank=2, dtype=D, device=device, dt_min=1e-3, dt_max=1e-2)
    read = layer_kernels(layer, 200)
    for h, dt in enumerate(layer.log_dt.detach().exp().tolist()):
        assert (read.basis[h] - OrthogonalSSM(measure, 8, dt).kernels(read.lags)).abs().max() < tolerance
    dt = layer.log_dt.detach().exp()
    discrete = layer.kernel(200).detach()
    assert relative(dt[None, :, None] * read.kernels - discrete, discrete) < 0.02
    # the same after the layer has truncated its readout
    assert torch.allclose(layer_kernels(layer, 200).kernels, read.kernels, atol=1e-6)


def test_layer_kernels_of_other_layers(device):
    mixed = S4Layer(4, 8, init="legs+fout", dtype=D, device=device)
    read = layer_kernels(mixed, 20)
    assert read.basis.shape == (4, 8, 20)
    dt = mixed.log_dt.detach().exp().tolist()
    assert (read.basis[1] - OrthogonalSSM("LegS", 8, dt[1]).kernels(read.lags)).abs().max() < 1e-10
    assert (read.basis[2] - OrthogonalSSM("FouT", 8, dt[2]).kernels(read.lags)).abs().max() < 1e-3
    diagonal = S4Layer(2, 8, mode="diag", dtype=D, device=device)
    dt = diagonal.log_dt.detach().exp().tolist()
    read = layer_kernels(diagonal, 20)
    assert (read.basis[1] - diagonal_kernels("LegS", 8, read.lags, dt[1], False)).abs().max() < 1e-9
    random = S4Layer(2, 8, mode="diag", init="lin", bidirectional=True, dtype=D, device=device)
    assert layer_kernels(random, 20).kernels.shape == (2, 2, 20)


# --- bad input
# -------------------------------------------------------------------------------------------------


def test_bad_operators():
    for arguments, message in (
        (("Legs", 8, 0.1), "measure must be one of LegS, LegT, FouT, LagT; got 'Legs'"),
        (("LegS", 0, 0.1), "must be at least 1; got 0"),
        (("FouT", 7, 0.1), "N must be even for FouT.*got 7"),
        (("LegS", 8, 0), "dt, the step size Delta, must be positive and finite; got 0"),
        (("LegS", 8, -0.1), r"dt, the step size Delta, .* got -0\.1"),
        (("LegS", 8, 0.1, "euler"), "discretization must be one of"),
        (("LegS", 8, 0.1, "zoh", "hours"), "timescale must be one of"),
        (("LegS", 8, 0.1, "zoh", "window", 1), r"tilt must be below 1\.0 for LegS.*got 1"),
        (("LagT", 8, 0.1, "zoh", "window", 0.5), r"tilt must be below 0\.5 for LagT"),
    ):
        with pytest.raises(ValueError, match=message):
            OrthogonalSSM(*arguments)
    for arguments, message in (
        ((0, 5), "must be at least 1; got 0"),
        ((4, 0), "max_length must be at least 1; got 0"),
        ((4, 5, "midpoint"), "method must be one of bilinear, forward, backward, zoh; got 'midpoint'"),
    ):
        with pytest.raises(ValueError, match=message):
            ScaledLegS(*arguments)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_signal_must_be_finite(bad, device):
    u = torch.zeros(1, 5, dtype=D, device=device)
    u[0, 3] = bad
    for operator in (OrthogonalSSM("LegS", 4, 0.1), ScaledLegS(4, 5)):
        with pytest.raises(ValueError, match="u, the signal, must be finite"):
            operator(u)
    with pytest.raises(ValueError, match="k, the kernel, must be finite"):
        fit_kernel("LegT", 4, u[0], 0.1)


def test_bad_calls(device):
    ssm, scaled = OrthogonalSSM("LegS", 4, 0.1), ScaledLegS(4, 5)
    x, t = torch.zeros(2, 4, dtype=D, device=device), lags(3, device)
    with pytest.raises(ValueError, match=r"lags must be >= 0 .* got -0\.5"):
        ssm.reconstruct(x, t - 1)
    for call in (
        lambda: ssm.reconstruct(x[:, :3], t),
        lambda: ssm.step(x[:, :3], x[:, 0]),
        lambda: scaled.reconstruct(x[:, :3], t / 3),
    ):
        with pytest.raises(
            ValueError, match=r"x must hold N = 4 coefficients in its last axis; got \(2, 3\)"
        ):
            call()
    with pytest.raises(ValueError, match=r"r must lie in \[0, 1\]"):
        scaled.reconstruct(x, t)
    with pytest.raises(ValueError, match="length 6 exceeds max_length 5"):
        scaled(torch.zeros(1, 6, dtype=D, device=device))
    with pytest.raises(ValueError, match="at least one sample"):
        scaled(torch.zeros(1, 0, dtype=D, device=device))
    with pytest.raises(ValueError, match="a, the warp, must be positive and increasing up to t=3"):
        warped_basis(lambda s: -s, 4, 3, t)
    for lag in (0, 1.1):
        with pytest.raises(ValueError, match=r"lag must lie in \(0, 1\.0\] for LegT"):
            delay_readout("LegT", 4, lag)
    with pytest.raises(ValueError, match="fraction must lie in"):
        memory_length("LegS", 0.1, 1.0)
    with pytest.raises(ValueError, match="elapsed, the steps so far, must be positive"):
        memory_length("scaled")
    with pytest.raises(ValueError, match="measure must be one of LegS, LegT, FouT, LagT, scaled"):
        memory_length("Leg")
    with pytest.raises(ValueError, match="limit, the fraction of the Nyquist frequency"):
        band_limit_mask(dplr("LegS", 4, device=device)[0], 0.1, 0)
    with pytest.raises(ValueError, match="N must be even for conjugate pairs; got 5"):
        diagonal_kernels("LegS", 5, t)
    with pytest.raises(ValueError, match="length must be at least 1; got 0"):
        layer_kernels(S4Layer(1, 4, device=device), 0)
