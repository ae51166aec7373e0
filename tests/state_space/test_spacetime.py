"""SpaceTime's truths: the fast kernel, the closed loop, and the classical models it contains."""

import math

import pytest
import torch

from labkit.state_space.kernels import companion, companion_kernel, krylov, truncate_companion
from labkit.state_space.kernels.companion import reciprocal
from labkit.state_space.spacetime.method import (
    ClosedLoopCompanionSSM,
    CompanionSSM,
    Differencing,
    MovingAverageResidual,
    Preprocessing,
    SpaceTime,
    SpaceTimeClassifier,
    from_ar,
    from_arma,
    from_exponential_smoothing,
    from_filter,
    pascal,
    residual_taps,
    sinusoid_ar,
    spacetime_loss,
    to_companion,
)

D = torch.float64
FREQUENCIES = (0.31, 0.83, 1.7)
PHI = (2.996730, -4.732200, 5.330985, -4.732200, 2.996730, -1)


def vectors(d, device, kernels=3, radius=0.98):
    """a with l1 norm `radius`, b and c."""
    a, b, c = (torch.randn(kernels, d, dtype=D, device=device) for _ in range(3))
    return radius * a / a.abs().sum(-1, keepdim=True), b, c


def powers(a, b, c, L):
    """The kernel from its definition, one power after another."""
    A, x, taps = companion(a), b, []
    for _ in range(L):
        taps.append((c * x).sum(-1))
        x = (A @ x[..., None])[..., 0]
    return torch.stack(taps, -1)


# the kernel


@pytest.mark.parametrize("method", ["series", "roots", "doubling"])
@pytest.mark.parametrize("L", [1, 2, 9, 64, 333])
@pytest.mark.parametrize("d", [1, 2, 4, 33, 200])
def test_the_fast_kernel_is_the_power_series(d, L, method, device):
    a, b, c = vectors(d, device)
    wanted = powers(a, b, c, L)
    assert (companion_kernel(a, b, c, L=L, method=method) - wanted).abs().max() < 1e-10
    if method == "roots":
        c_tilde = truncate_companion(a, c, L)
        assert (companion_kernel(a, b, c_tilde=c_tilde, L=L) - wanted).abs().max() < 1e-10


def test_the_series_has_no_pole_where_the_roots_have_one(device):
    """All a_i >= 0 with sum 1: an eigenvalue at exactly 1, which is a root of unity."""
    a = torch.rand(2, 20, dtype=D, device=device)
    a = a / a.sum(-1, keepdim=True)
    _, b, c = vectors(20, device, 2)
    assert (companion_kernel(a, b, c, L=300) - powers(a, b, c, 300)).abs().max() < 1e-10


def test_single_precision(device):
    a, b, c = vectors(64, device, radius=1.0)
    fast = companion_kernel(a.float(), b.float(), c.float(), L=720)
    assert fast.dtype == torch.float32
    assert (fast - powers(a, b, c, 720)).abs().max() < 1e-4


def test_the_last_column_and_the_characteristic_polynomial(device):
    a, _, _ = vectors(5, device, 1)
    A = companion(a)[0]
    assert torch.equal(A[:, -1], a[0])
    assert torch.equal(A[1:, :-1], torch.eye(4, dtype=D, device=device))
    assert A[0, :-1].abs().max() == 0
    for root in torch.linalg.eigvals(A):
        powers_of = root ** torch.arange(5, device=device)
        assert abs(root**5 - (a[0] * powers_of).sum()) < 1e-10


def test_a_normalised_a_is_stable(device):
    layer = CompanionSSM(100, 100, 16, norm_order=1, dtype=D, device=device)
    radius = torch.linalg.eigvals(companion(layer.vectors()[0])).abs().amax(-1)
    assert radius.max() <= 1 + 1e-9
    wild = CompanionSSM(100, 100, 16, norm_order=0, dtype=D, device=device)
    assert torch.linalg.eigvals(companion(wild.vectors()[0])).abs().max() > 1.1


def test_the_reciprocal_of_a_power_series(device):
    geometric = torch.tensor([1.0, -0.5], dtype=D, device=device)
    assert torch.allclose(reciprocal(geometric, 12), 0.5 ** torch.arange(12, dtype=D, device=device))


@pytest.mark.parametrize("L", [4, 15])
@pytest.mark.parametrize("truncated", [True, False])
def test_gradients(L, truncated, device):
    inputs = [v.requires_grad_() for v in vectors(6, device, 2, 0.8)]
    if truncated:
        assert torch.autograd.gradcheck(lambda a, b, c: companion_kernel(a, b, c_tilde=c, L=L), inputs)
    else:
        assert torch.autograd.gradcheck(lambda a, b, c: companion_kernel(a, b, c, L=L), inputs)


# classical models


def test_ar6_in_closed_loop_continues_sinusoids(device):
    w = torch.tensor(FREQUENCIES, dtype=D, device=device)
    phi = sinusoid_ar(w)
    assert torch.allclose(phi, torch.tensor(PHI, dtype=D, device=device), atol=1e-5)
    t = torch.arange(140, dtype=D, device=device)
    series = (torch.sin(w[:, None] * t + w[:, None]) * (1 + w[:, None])).sum(0)
    found = from_ar(phi).forecast(series[None, :40], 100)[0]
    assert (found - series[40:]).abs().max() < 1e-9
    # the layer with the same vectors, its norm off
    layer = ClosedLoopCompanionSSM(1, 1, 6, norm_order=0, dtype=D, device=device)
    system = from_ar(phi)
    with torch.no_grad():
        for name in ("a", "b", "c", "k"):
            getattr(layer, name).copy_(getattr(system, name)[None])
    y, u_next = layer(series[None, :40, None], 100)
    assert (y[0, :, 0] - series[40:]).abs().max() < 1e-9
    assert torch.equal(y, u_next)


def test_a_finite_response_ends_exactly_where_an_s4d_does_not(device):
    taps = torch.randn(7, dtype=D, device=device)
    response = from_filter(taps).impulse_response(30)
    assert torch.equal(response[:7], taps)
    assert response[7:].abs().max() == 0
    from labkit.state_space.layers import S4Layer

    layer = S4Layer(1, 8, mode="diag", init="lin", dtype=D, device=device)
    assert layer.kernel(200)[0, 0, 100:].abs().min() > 0


def test_exponential_smoothing(device):
    u = torch.randn(1, 30, dtype=D, device=device)
    system = from_exponential_smoothing(0.3, u)
    s, smooth = torch.zeros((), dtype=D, device=device), []
    for value in u[0]:
        s = 0.3 * value + 0.7 * s
        smooth.append(s)
    assert (system.state(u)[0, 0] - smooth[-1]).abs() < 1e-12
    # its forecast is flat: the guess of the next input is the level, which smoothing then leaves as it is
    assert torch.allclose(system.forecast(u, 5), smooth[-1].expand(1, 5))


def test_arma(device):
    phi = torch.tensor([0.5, -0.3], dtype=D, device=device)
    theta = torch.tensor([0.4, 0.2, -0.6], dtype=D, device=device)
    y = []
    for t in range(40):
        value = 1.0 if t == 0 else (float(theta[t - 1]) if t <= 3 else 0.0)
        value += sum(float(phi[i]) * y[t - 1 - i] for i in range(2) if t - 1 - i >= 0)
        y.append(value)
    found = from_arma(phi, theta).impulse_response(40)
    assert torch.allclose(found, torch.tensor(y, dtype=D, device=device), atol=1e-12)


def test_every_controllable_system_is_a_companion_one(device):
    A, b, c = (torch.randn(*shape, dtype=D, device=device) / 2 for shape in ((5, 5), (5,), (5,)))
    a, c_new, T = to_companion(A, b, c)
    e1 = torch.eye(5, dtype=D, device=device)[0]
    assert torch.allclose(torch.linalg.solve(T, A @ T), companion(a), atol=1e-9)
    wanted = c @ krylov(A, b, 20)
    assert torch.allclose(c_new @ krylov(companion(a), e1, 20), wanted, atol=1e-8)
    with pytest.raises(ValueError, match="not controllable"):
        to_companion(torch.eye(3, dtype=D, device=device), b[:3], c[:3])


# the layers


def test_layer_is_its_recurrence_with_kernels_shared_by_heads(device):
    layer = CompanionSSM(6, 3, 4, n_heads=2, dtype=D, device=device)
    u = torch.randn(2, 11, 6, dtype=D, device=device)
    a, b, c = layer.vectors()
    A = companion(a).repeat_interleave(2, 0)
    b, c = b.repeat_interleave(2, 0), c.repeat_interleave(2, 0)
    x, outputs = torch.zeros(2, 6, 4, dtype=D, device=device), []
    state = layer.default_state(2)
    for t in range(11):
        x = torch.einsum("hij,bhj->bhi", A, x) + b * u[:, t, :, None]
        outputs.append((x * c).sum(-1) + layer.D * u[:, t])
        stepped, state = layer.step(u[:, t], state)
        assert torch.allclose(stepped, outputs[-1], atol=1e-12)
    assert torch.allclose(layer(u), torch.stack(outputs, 1), atol=1e-10)
    assert torch.allclose(layer.last_state(u), x, atol=1e-10)
    assert torch.allclose(layer.last_state(u[:, :3]), _state(A, b, u[:, :3]), atol=1e-10)


def _state(A, b, u):
    x = torch.zeros(len(u), len(b), A.shape[-1], dtype=u.dtype, device=u.device)
    for t in range(u.shape[1]):
        x = torch.einsum("hij,bhj->bhi", A, x) + b * u[:, t, :, None]
    return x


@pytest.fixture
def closed(device):
    return ClosedLoopCompanionSSM(4, 2, 5, n_heads=2, dtype=D, device=device)


def test_closed_loop_is_the_open_loop_fed_with_its_own_guesses(closed, device):
    u = torch.randn(3, 20, 4, dtype=D, device=device)
    with torch.no_grad():
        y, u_next = closed(u, 12)
        fed = u
        for h in range(12):
            opened, guesses = closed.open_loop(fed)
            assert torch.allclose(opened[:, -1], y[:, h], atol=1e-9)
            assert torch.allclose(guesses[:, -1], u_next[:, h], atol=1e-9)
            fed = torch.cat([fed, guesses[:, -1:]], dim=1)


def test_with_c_equal_k_the_outputs_are_the_next_inputs(closed, device):
    with torch.no_grad():
        closed.c.copy_(closed.guess())
    y, u_next = closed(torch.randn(3, 20, 4, dtype=D, device=device), 9)
    assert torch.allclose(y, u_next)


def test_one_closed_step_is_the_last_open_one(closed, device):
    u = torch.randn(3, 20, 4, dtype=D, device=device)
    assert torch.allclose(closed(u, 1)[0][:, 0], closed.open_loop(u)[0][:, -1], atol=1e-10)


def test_a_short_horizon_is_the_beginning_of_a_long_one(closed, device):
    u = torch.randn(3, 20, 4, dtype=D, device=device)
    assert torch.allclose(closed(u, 50)[0][:, :10], closed(u, 10)[0], atol=1e-10)


def test_the_loops_radius_is_bounded_by_two_where_all_is_normalised(device):
    layer = ClosedLoopCompanionSSM(60, 60, 8, dtype=D, device=device)
    with torch.no_grad():
        layer.b.div_(layer.b.abs().sum(-1, keepdim=True))
    radius = layer.spectral_radius()
    bound = 1 + layer.guess().abs().amax(-1)
    assert (radius <= bound).all()
    assert 1 < radius.max() <= 2


def test_a_normalised_guess_can_still_be_any_autoregression(device):
    """b carries the size: b = s e_1, k = phi / s, c = phi / s with s = |phi|_1 = 21."""
    phi = torch.tensor(PHI, dtype=D, device=device)
    layer = ClosedLoopCompanionSSM(1, 1, 6, norm_order=1, dtype=D, device=device)
    with torch.no_grad():
        layer.k.copy_(phi[None])
        layer.b.zero_()[0, 0] = phi.abs().sum()
    assert torch.allclose(layer.loop()[0, 0, :5], phi[:5])


def test_initial_kernels(device):
    normal = CompanionSSM(200, 200, 64, device=device).kernel(64).detach()
    xavier = CompanionSSM(200, 200, 64, init="xavier", device=device).kernel(64).detach()
    assert normal[:, 0].std() == pytest.approx(8, rel=0.2), "sqrt(d)"
    assert xavier[:, 0].std() == pytest.approx(1 / 24, rel=0.2), "1 / (3 sqrt(d))"


def test_closed_loop_gradients(device):
    layer = ClosedLoopCompanionSSM(2, 2, 3, dtype=D, device=device)
    u = torch.randn(1, 6, 2, dtype=D, device=device, requires_grad=True)
    assert torch.autograd.gradcheck(lambda u, *_: layer(u, 5), (u, *layer.parameters()))


# preprocessing


def test_pascals_rows():
    rows = [pascal(order).tolist() for order in range(4)]
    assert rows == [[1], [1, -1], [1, -2, 1], [1, -3, 3, -1]]
    for order in range(1, 4):
        t = torch.arange(10, dtype=D, device="cpu") ** (order - 1)
        differences = t.unfold(0, order + 1, 1).flip(-1) @ pascal(order)
        assert differences.abs().max() < 1e-12, "a polynomial of lower degree vanishes"


@pytest.mark.parametrize("window", [1, 4, 63])
def test_a_moving_averages_residual(window):
    taps = residual_taps(window)
    assert abs(float(taps.sum())) < 1e-12
    u = torch.randn(100, dtype=D, device="cpu")
    found = u.unfold(0, window, 1).flip(-1) @ taps
    assert torch.allclose(found, u[window - 1 :] - u.unfold(0, window, 1).mean(-1))


def test_preprocessing_layers(device):
    u = torch.randn(2, 100, 8, dtype=D, device=device)
    both = Preprocessing(16, dtype=D, device=device)
    z = both(torch.cat([u, u], -1))
    assert torch.equal(both.taps[4:8, 0] > 0, torch.ones(4, dtype=torch.bool, device=device))
    assert torch.allclose(z[:, 3:, 3], u[:, 3:, 3] - 3 * u[:, 2:-1, 3] + 3 * u[:, 1:-2, 3] - u[:, :-3, 3])
    assert torch.allclose(z[..., :4], Differencing(4, dtype=D, device=device)(u[..., :4]))
    assert both.taps[12:].sub(both.taps[4:8]).abs().max() > 0, "each repetition draws its own windows"
    residual = MovingAverageResidual(8, dtype=D, device=device)
    assert residual(torch.ones_like(u))[:, 63:].abs().max() < 1e-12
    assert not list(both.parameters())


# the model


@pytest.fixture
def model(device):
    return SpaceTime(8, 6, n_heads=2, dropout=0, dtype=D, device=device)


def test_model_forecasts_any_horizon_and_follows_the_level(model, device):
    x = torch.randn(3, 30, 1, dtype=D, device=device)
    out = model(x, 10)
    assert out["closed"].shape == (3, 10, 1)
    assert out["open"].shape == (3, 30, 1)
    assert out["z_pred"].shape == out["z_true"].shape == (3, 30, 8)
    assert torch.allclose(out["closed"][:, 0], out["open"][:, -1])
    assert torch.allclose(model.forecast(x, 25)[:, :10], out["closed"])
    assert torch.allclose(model.forecast(x + 100, 25), model.forecast(x, 25) + 100)


def test_a_block_has_both_skips(model, device):
    block, u = model.encoder.blocks[0], torch.randn(2, 30, 8, dtype=D, device=device)
    z = block.pre(u)
    y = block.ssm(z)
    assert torch.allclose(block(u), block.mlp[2](torch.nn.functional.gelu(y)) + y + z)


def test_the_open_loop_is_causal(model, device):
    x = torch.randn(1, 30, 1, dtype=D, device=device)
    changed = x.clone()
    changed[:, 20:] += 1
    # the lag's mean is taken off, so the mean is kept equal here
    changed[:, :20] -= 0.5
    z, other = model.encoder(x), model.encoder(torch.cat([x[:, :20], changed[:, 20:]], 1))
    assert torch.allclose(z[:, :20], other[:, :20])


def test_the_loss_counts_what_it_should(device):
    d, x = 3, torch.arange(10.0, dtype=D, device=device)[None, :, None]
    future = torch.arange(10.0, 14.0, dtype=D, device=device)[None, :, None]
    following = torch.cat([x[:, 1:], future[:, :1]], 1)
    z = torch.randn(1, 10, 2, dtype=D, device=device)
    z_pred = torch.cat([z[:, 1:], z[:, :1]], 1)
    right = {"closed": future, "open": following, "z_pred": z_pred, "z_true": z}
    assert spacetime_loss(right, x, future, d) < 1e-5

    def off(name, position, by=2.0):
        spoiled = {**right, name: right[name].clone()}
        spoiled[name][:, position] += by
        return float(spacetime_loss(spoiled, x, future, d, (100.0, 10.0, 1.0)))

    assert off("closed", 0) == pytest.approx(100 * math.sqrt(4 / 4), rel=1e-3)
    assert off("open", d - 1) == pytest.approx(10 * math.sqrt(4 / 8), rel=1e-3)
    assert off("open", d - 2) < 1e-3, "the state is not yet filled"
    assert off("z_pred", d - 1) == pytest.approx(math.sqrt(4 / 7), rel=1e-3)
    assert off("z_pred", -1) < 1e-3, "nobody knows the input after the last"


def test_the_reference_configuration_has_its_shapes(device):
    model = SpaceTime(device=device)
    assert [block.ssm.n_kernels for block in model.encoder.blocks] == [16, 128]
    assert model.decoder.n_kernels == 128
    assert model.decoder.D is None
    assert all(block.ssm.D.shape == (128,) for block in model.encoder.blocks)
    out = model(torch.randn(2, 336, 1, device=device), 720)
    assert out["closed"].shape == (2, 720, 1)


def test_variants(device):
    x = torch.randn(2, 30, 1, device=device)
    shift = SpaceTime(8, 6, n_heads=2, kind="shift", preprocess=False, device=device)
    assert shift(x, 4)["closed"].shape == (2, 4, 1)
    assert not any(name.endswith((".a", ".b")) for name, _ in shift.named_parameters())
    assert SpaceTimeClassifier(5, 8, 6, 2, device=device)(x).shape == (2, 5)


def test_the_same_generator_gives_the_same_model(device):
    made = [
        SpaceTime(8, 6, 2, device=device, generator=torch.Generator("cpu").manual_seed(3)) for _ in range(2)
    ]
    assert torch.equal(made[0].decoder.k, made[1].decoder.k)
    assert torch.equal(made[0].encoder.blocks[0].pre.taps, made[1].encoder.blocks[0].pre.taps)


# bad input


def test_bad_input_is_named(device):
    x = torch.randn(2, 30, 1, device=device)
    model = SpaceTime(8, 6, 2, device=device)
    a, b, c = vectors(4, device)
    layer = ClosedLoopCompanionSSM(2, 2, 3, device=device)
    zero = CompanionSSM(2, 2, 3, device=device)
    with torch.no_grad():
        zero.a.zero_()
    u = torch.randn(1, 6, 2, device=device)
    nan = x.clone()
    nan[0, 3] = float("nan")
    cases = {
        "lag must exceed d_state": lambda: model(x[:, :6], 4),
        "lag must exceed d_state; got lag=6": lambda: spacetime_loss({}, x[:, :6], x, 6),
        "horizon must be at least 1; got 0": lambda: model(x, 0),
        "horizon must be at least 1; got -1": lambda: layer(u, -1),
        "a must not be zero": lambda: zero(u),
        "d_model must be n_kernels \\* n_heads": lambda: CompanionSSM(6, 4, 3, 2),
        "d_model must be divisible by n_heads": lambda: SpaceTime(12, 6, 8, preprocess=False),
        "d_model must be a multiple of 8": lambda: SpaceTime(12, 6, 4),
        "finite numbers": lambda: model(nan, 4),
        "x must be \\(batch, lag, 1\\)": lambda: model.forecast(x[:, :0], 4),
        "u must be \\(batch, length, 2\\)": lambda: layer.open_loop(x),
        "init must be one of normal, xavier": lambda: CompanionSSM(2, 2, 3, init="x"),
        "kind must be one of companion, shift": lambda: CompanionSSM(2, 2, 3, kind="x"),
        "norm_order must be 0": lambda: CompanionSSM(2, 2, 3, norm_order=-1),
        "L, the kernel's length": lambda: companion_kernel(a, b, c, L=0),
        "either c or c_tilde; got neither": lambda: companion_kernel(a, b, L=3),
        "got both": lambda: companion_kernel(a, b, c, c, L=3),
        "method must be one of": lambda: companion_kernel(a, b, c, L=3, method="x"),
        "c_tilde goes with method='roots'": lambda: companion_kernel(a, b, c_tilde=c, L=3, method="series"),
        "must have the same last axis": lambda: companion_kernel(a, b, c[:, :3], L=3),
        "alpha must lie in": lambda: from_exponential_smoothing(0.0, a),
        "phi must be a vector": lambda: from_ar(a[0, :0]),
        "order must be at least 0": lambda: pascal(-1),
        "window must be at least 1": lambda: residual_taps(0),
        "d_model must be at least 1": lambda: Differencing(0),
        "classes must be at least 1": lambda: SpaceTimeClassifier(0),
    }
    for message, call in cases.items():
        with pytest.raises(ValueError, match=message):
            call()
