"""S4's truths that its shared mathematics does not test already: the model, its variants, and the derivation."""

import functools
import math

import pytest
import torch

from labkit.nn.convolution import causal_conv
from labkit.state_space.dense_layer import DENSE_INITS, DenseSSMLayer
from labkit.state_space.discretize import gbt
from labkit.state_space.kernels import dplr_kernel, krylov, naive_kernel, real_form, real_input
from labkit.state_space.layers import S4Layer, SequenceModel
from labkit.state_space.matrices import dplr, nplr, transition
from labkit.state_space.recurrence import MODES
from labkit.state_space.s4.language import S4LanguageModel
from labkit.state_space.s4.method import (
    VARIANTS,
    S4Model,
    eigenvector_condition,
    generating_function,
    legs_eigenvectors,
    node,
    resolvent_form,
    woodbury,
)

D, Z = torch.float64, torch.complex128


def model(device, d_in=3, d_out=3, **options):
    options = {"d_model": 8, "n_layers": 2, "d_state": 8, "pool": None, "dtype": D, **options}
    return S4Model(d_in, d_out, device=device, **options).eval()


def draw(*shape, device, dtype=D):
    return torch.randn(*shape, dtype=dtype, device=device)


def options_of(variant):
    return {"rank": 2} if variant == "rank 2" else {}


# --- the derivation


def test_the_derivation_step_by_step(device):
    """Truncation, the bilinear resolvent, and Woodbury each leave the generating function as it is."""
    N, L, dt = 8, 24, 0.05
    A, B = transition("LegS", N, device=device)
    C = draw(N, device=device)
    Abar, Bbar = gbt(A, B, dt)
    k = C @ krylov(Abar, Bbar, L)
    # odd multiples of half a step: z^L = -1, so that nothing may rest on z^L = 1 yet
    turn = torch.arange(L, dtype=D, device=device) + 0.5
    anywhere = torch.polar(torch.ones_like(turn), -2 * math.pi * turn / L)
    eye = torch.eye(N, dtype=Z, device=device)
    kept = C.to(Z) @ (eye - (anywhere**L)[:, None, None] * torch.linalg.matrix_power(Abar, L).to(Z))
    inverse = torch.linalg.solve(eye - anywhere[:, None, None] * Abar.to(Z), Bbar.to(Z).expand(L, -1))
    assert torch.allclose(generating_function(k, anywhere), (kept * inverse).sum(-1), atol=1e-11)
    # the roots of unity, but for -1, where g is infinite
    roots = torch.polar(torch.ones_like(turn), -2 * math.pi * (turn - 0.5) / L)
    inside = roots[torch.arange(L, device=device) != L // 2]
    C_hat = C @ (torch.eye(N, dtype=D, device=device) - torch.linalg.matrix_power(Abar, L))
    assert torch.allclose(generating_function(k, inside), resolvent_form(A, B, C_hat, dt, inside), atol=1e-10)
    assert not torch.allclose(generating_function(k, inside), resolvent_form(A, B, C, dt, inside), atol=1e-2)
    Lambda, P, B_full, V = nplr("LegS", N, device=device)
    for z in inside[:4]:
        g = node(z[None], dt)
        R = 1 / (g - Lambda)
        assert torch.allclose(woodbury(R, P, P) @ (torch.diag(1 / R) + P.T @ P.conj()), eye, atol=1e-10)
        khat = 2 / (1 + z) * ((C_hat.to(Z) @ V) @ woodbury(R, P, P) @ B_full)
        assert torch.allclose(khat, generating_function(k, z[None])[0], atol=1e-10)
    assert torch.allclose(torch.fft.ifft(generating_function(k, roots)).real, k, atol=1e-11)


def test_woodbury_of_rank_two_and_unequal_factors(device):
    R, P, Q = (draw(*shape, device=device, dtype=Z) for shape in ((5,), (2, 5), (2, 5)))
    whole = torch.diag(1 / R) + P.T @ Q.conj()
    assert torch.allclose(woodbury(R, P, Q) @ whole, torch.eye(5, dtype=Z, device=device), atol=1e-9)


def test_legs_eigenvectors_are_exact_and_hopeless(device):
    """A V = V diag(-1 .. -N), and their condition grows about as 2^{4N/3} while the unitary V's stays 1."""
    for N in (1, 4, 32):
        A, B = transition("LegS", N, device=device)
        V = torch.tensor(legs_eigenvectors(N), dtype=D, device=device) * B[:, None]
        modes = -torch.arange(1, N + 1, dtype=D, device=device)
        assert (A @ V - V * modes).abs().max() < 1e-13 * (V * modes).abs().max()
    V = torch.tensor(legs_eigenvectors(8), dtype=D, device=device) * B[:8, None]
    V = V / V.norm(dim=0)
    frobenius = V.norm() * torch.linalg.inv(V).norm() / 8
    assert eigenvector_condition(8) == pytest.approx(float(frobenius), rel=1e-9)
    assert eigenvector_condition(1) == 1
    growth = math.log2(eigenvector_condition(48) / eigenvector_condition(24)) / 24
    assert growth > 4 / 3
    assert float(torch.linalg.cond(nplr("LegS", 64, device=device)[3])) == pytest.approx(1, abs=1e-10)
    with pytest.raises(ValueError, match="N must be at least 1; got 0"):
        legs_eigenvectors(0)


@pytest.mark.parametrize("dt", [1e-3, 1e-2, 1e-1])
@pytest.mark.parametrize("L", [1, 2, 7, 64, 255, 1024])
def test_single_precision_kernel_at_full_size(dt, L):
    """N = 64 in float32 against the float64 power series: 1e-4 relative."""
    Lambda, P, B, _ = dplr("LegS", 64)
    C = draw(1, 1, 32, device="cpu", dtype=Z)
    parts = [Lambda[None], P[:, None], P[:, None], B[None], C, torch.tensor([dt], dtype=D)]
    exact = naive_kernel(*parts, L, "doubling")
    single = [p.to(torch.complex64 if p.is_complex() else torch.float32) for p in parts]
    assert (dplr_kernel(*single, L) - exact).abs().max() < 1e-4 * exact.abs().max()


# --- the layer, stepping in all three modes


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(D, 1e-8), (torch.float32, 1e-4)])
def test_three_step_modes_give_the_convolution(mode, dtype, tolerance, device):
    """From the start and from the middle of a sequence: a carried state is brought into the mode's coordinates.

    In mode "diagonal" the digits that the eigenvectors' condition number takes are gone: 5 of 16 for LegS at N = 8,
    which single precision does not have. A random system takes hardly any.
    """
    init, N = ("random", 8) if mode == "diagonal" and dtype == torch.float32 else ("legs", 8)
    layer = S4Layer(4, N, init=init, dtype=dtype, device=device).eval()
    u = draw(2, 20, 4, device=device, dtype=dtype)
    with torch.no_grad():
        whole = layer(u)
        for start in (0, 7):
            state = layer.default_state(2)
            if start:
                _, state = layer(u[:, :start], state)
            layer.to_recurrent(mode=mode)
            for k in range(start, 20):
                y, state = layer.step(u[:, k], state)
                assert (y - whole[:, k]).abs().max() < tolerance


def test_the_diagonal_mode_refuses_legs_at_full_size(device):
    layer = S4Layer(2, 64, device=device).eval()
    with pytest.raises(ValueError, match=r"condition number <= 1e8; got .*: use 'linear'"):
        layer.to_recurrent(mode="diagonal")
    for mode in ("linear", "dense"):
        layer.to_recurrent(mode=mode)


@pytest.mark.parametrize("init", list(DENSE_INITS))
def test_dense_layer(init, device):
    layer = DenseSSMLayer(4, 8, init, dtype=D, device=device, n_ssm=2).eval()
    u = draw(2, 18, 4, device=device)
    with torch.no_grad():
        whole, end = layer(u, layer.default_state(2))
        first, state = layer(u[:, :7], layer.default_state(2))
        second, chunked = layer(u[:, 7:], state)
        assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-9)
        assert torch.allclose(chunked, end, atol=1e-9)
        layer.to_recurrent()
        for k in range(7, 18):
            y, state = layer.step(u[:, k], state)
            assert torch.allclose(y, whole[:, k], atol=1e-9)
        assert torch.allclose(layer(u[:, ::2], rate=2.0), layer.rescale(2.0)(u[:, ::2]), atol=1e-10)
    if init == "gaussian":
        assert (torch.linalg.eigvals(layer.A).real.amax(-1) < 0).all()
    else:
        A, B = transition(DENSE_INITS[init], 8, device=device)
        assert torch.equal(layer.A[1], A)
        assert torch.equal(layer.B[0], B)


def test_dense_and_dplr_are_the_same_system(device):
    """LSSL's LegS and S4's have the same kernel for the same readout."""
    fast, slow = S4Layer(2, 8, dtype=D, device=device), DenseSSMLayer(2, 8, dtype=D, device=device)
    V = dplr("LegS", 8, device=device)[3]
    with torch.no_grad():
        slow.log_dt.copy_(fast.log_dt)
        slow.C.copy_(2 * (fast.readout() @ V.mH).real)
        assert torch.allclose(fast.kernel(50), slow.kernel(50), atol=1e-9)


@pytest.mark.parametrize("mode", ["dplr", "diag"])
@pytest.mark.parametrize("warm", [False, True])
def test_rescale_is_the_rate_for_good(mode, warm, device):
    layer = S4Layer(4, 8, mode=mode, dtype=D, device=device).eval()
    u = draw(1, 16, 4, device=device)
    if warm:
        layer(u)
    with torch.no_grad():
        y = layer(u, rate=3.0)
        assert torch.allclose(layer.rescale(3.0)(u), y, atol=1e-8)
    with pytest.raises(ValueError, match="rate must be positive; got 0"):
        layer.rescale(0)


def test_bidirectional_sees_the_future_once(device):
    """Two kernels: the second, on what is to come, starts at the next step."""
    layer = S4Layer(3, 8, bidirectional=True, activation="none", dtype=D, device=device)
    u = draw(1, 12, 3, device=device)
    k = layer.kernel(12)
    future = causal_conv(u.flip(1), torch.cat([torch.zeros_like(k[1, :, :1]), k[1, :, :-1]], dim=-1)).flip(1)
    expected = layer.mix(causal_conv(u, k[0]) + future + layer.D * u)
    assert torch.allclose(layer(u), expected, atol=1e-10)


# --- the model


@pytest.mark.parametrize("variant", list(VARIANTS))
def test_every_variant_trains_and_generates(variant, device):
    s4 = model(device, variant=variant, **options_of(variant))
    x = draw(2, 9, 3, device=device)
    s4.train()
    s4(x).square().sum().backward()
    for name, parameter in s4.named_parameters():
        if parameter.requires_grad:
            assert torch.isfinite(parameter.grad).all(), name
    fixed = {name for name, p in s4.named_parameters() if not p.requires_grad}
    assert bool(fixed) == (variant == "frozen")
    assert s4.generate(x, 3).shape == (2, 3, 3)
    assert s4.training


def test_variants_differ_as_named(device):
    layers = {
        name: model(device, variant=name, n_layers=1, **options_of(name)).layers[0] for name in VARIANTS
    }
    legs = layers["S4"].systems()
    assert torch.equal(layers["frozen"].systems()[0], legs[0])
    assert torch.allclose(layers["S4D"].systems()[0], legs[0])
    assert (len(layers["S4D"].systems()[1]), len(layers["rank 2"].systems()[1])) == (0, 2)
    assert not torch.allclose(layers["random NPLR"].systems()[0], legs[0])
    assert not torch.allclose(layers["random Gaussian"].A, layers["LSSL"].A)
    A = real_form(*(part[..., :1, :] for part in (legs[0], legs[1], legs[1])))[0]
    eigenvalues = torch.linalg.eigvals(A).real.sort().values
    assert torch.allclose(eigenvalues, -torch.arange(8, 0, -1, dtype=D, device=device), atol=1e-4)
    assert real_input(legs[2]).shape == (8, 8)


@pytest.mark.parametrize("mode", MODES)
def test_generate_equals_running_the_whole(mode, device):
    s4 = model(device, prenorm=True)
    x = draw(2, 11, 3, device=device)
    made = s4.generate(x, 6, mode=mode)
    with torch.no_grad():
        whole = s4(torch.cat([x, made], dim=1))
    assert torch.allclose(made, whole[:, 10:-1], atol=1e-8)


def test_generate_tokens(device):
    s4 = model(device, d_in=5, d_out=5, embedding=True)
    tokens = torch.randint(5, (2, 8), device=device)
    made = s4.generate(tokens, 7)
    with torch.no_grad():
        whole = s4(torch.cat([tokens, made], dim=1))
    assert torch.equal(made, whole[:, 7:-1].argmax(-1))
    samples = [
        s4.generate(tokens, 7, temperature=2.0, generator=torch.Generator(device).manual_seed(s))
        for s in (1, 1, 2)
    ]
    assert torch.equal(samples[0], samples[1])
    assert not torch.equal(samples[0], samples[2])


def test_after_training_the_recurrence_is_the_convolution(device):
    """The layer has learnt C^; stepping needs C."""
    s4 = model(device, n_layers=1).train()
    optimizer = torch.optim.AdamW(s4.parameters(), lr=1e-2)
    x = draw(4, 24, 3, device=device)
    for _ in range(5):
        s4(x).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    s4.eval()
    assert s4.layers[0].kernel_length == 24
    assert (s4.layers[0].readout() - torch.view_as_complex(s4.layers[0].C)).abs().max() > 1e-2
    with torch.no_grad():
        whole = s4(x)
        s4.to_recurrent()
        states = s4.default_state(4)
        for k in range(24):
            y, states = s4.step(x[:, k], states)
            assert torch.allclose(y, whole[:, k], atol=1e-8)


def test_another_sampling_rate(device):
    """Half as many samples of a slow signal, at twice the step, give nearly every second output."""
    s4 = model(device, d_in=1, d_out=1, n_layers=1, d_state=16, dt_max=1e-2)
    t = torch.arange(400, dtype=D, device=device)[None, :, None]
    u = torch.sin(0.02 * t) + 0.5 * torch.cos(0.05 * t)
    with torch.no_grad():
        fine = s4(u)[:, 1::2]
        slower = s4.to_sampling_rate(2)
        coarse = slower(u[:, 1::2])
        assert (coarse - fine).norm() < 0.05 * fine.norm()
        assert (s4(u[:, 1::2]) - fine).norm() > 3 * (coarse - fine).norm()
        assert torch.allclose(coarse, s4(u[:, 1::2], rate=2), atol=1e-8)
    assert torch.equal(s4(u)[:, 1::2], fine), "the model itself has not changed"


def test_padding_does_not_count(device):
    for pool in ("mean", "last"):
        s4 = model(device, pool=pool, d_in=2, d_out=2)
        x = draw(2, 9, 2, device=device)
        lengths = torch.tensor([9, 5], device=device)
        with torch.no_grad():
            both = s4(x, lengths=lengths)
            assert torch.allclose(both[:1], s4(x[:1]), atol=1e-9)
            assert torch.allclose(both[1:], s4(x[1:, :5]), atol=1e-9)
        with pytest.raises(ValueError, match="lengths must lie between 1 and 9; got 5 to 10"):
            s4(x, lengths=lengths + torch.tensor([1, 0], device=device))


def test_bad_input(device):
    with pytest.raises(ValueError, match="variant must be one of S4, rank 2.*got 'S5'"):
        model(device, variant="S5")
    with pytest.raises(ValueError, match="d_state must be even and at least 2.*got 9"):
        model(device, d_state=9)
    with pytest.raises(ValueError, match="init must be one of legs.*got 'lin'"):
        DenseSSMLayer(2, 4, "lin", device=device)
    s4, x = model(device), draw(2, 6, 3, device=device)
    with pytest.raises(ValueError, match=r"call to_recurrent\(\) first"):
        s4.step(x[:, 0], s4.default_state(2))
    with pytest.raises(ValueError, match="n must be at least 1 and temperature not negative; got n=0"):
        s4.generate(x, 0)
    with pytest.raises(ValueError, match="temperature=-1"):
        s4.generate(x, 2, temperature=-1)
    with pytest.raises(ValueError, match="got pool='mean', d_out=3"):
        model(device, pool="mean").generate(x, 2)
    with pytest.raises(ValueError, match="d_out = d_in = 3; got pool=None, d_out=4"):
        model(device, d_out=4).generate(x, 2)
    with pytest.raises(ValueError, match="a bidirectional model has no recurrent mode"):
        model(device, bidirectional=True).generate(x, 2)
    with pytest.raises(ValueError, match="rate must be positive; got -1"):
        s4.to_sampling_rate(-1)
    with pytest.raises(ValueError, match="mode must be one of linear, dense, diagonal; got 'fast'"):
        s4.to_recurrent(mode="fast")
    with pytest.raises(ValueError, match="a diagonal layer steps in mode linear"):
        model(device, variant="S4D").to_recurrent(mode="dense")
    with pytest.raises(ValueError, match="a dense layer steps in mode dense"):
        model(device, variant="LSSL").to_recurrent(mode="diagonal")
    with pytest.raises(ValueError, match="length 6 exceeds l_max 4"):
        model(device, l_max=4)(x)
    wrong = s4.default_state(3)
    with pytest.raises(ValueError, match=r"state must have shape \(2, 8, 4\); got \(3, 8, 4\)"):
        s4(x, wrong)


def test_a_parameter_that_left_the_numbers_is_named(device):
    s4, x = model(device), draw(2, 6, 3, device=device)
    s4(x)
    with torch.no_grad():
        s4.layers[1].log_dt[0] = torch.nan
    with pytest.raises(FloatingPointError, match=r"layers\.1\.log_dt is no longer finite"):
        s4.train()(x)


def test_the_backbone_takes_any_layer(device):
    make = functools.partial(DenseSSMLayer, d_state=4, dtype=D, device=device)
    backbone = SequenceModel(3, 4, 2, make, d_out=5, dtype=D, device=device)
    assert backbone(draw(2, 6, 3, device=device)).shape == (2, 5)


def test_language_model(device):
    """Blocks of S4, S4, feed-forward; the loss is the mean of the steps' log-probabilities; it steps."""
    lm = S4LanguageModel(30, 8, 2, (5, 15), d_state=4, dtype=D, device=device).eval()
    assert [type(layer).__name__ for layer in lm.layers] == ["S4Layer", "S4Layer", "FeedForward"] * 2
    tokens = torch.randint(30, (2, 9), device=device)
    with torch.no_grad():
        lm.to_recurrent()
        states, total = lm.default_state(2), 0.0
        for k in range(8):
            h, states = lm.step(tokens[:, k], states)
            chances = lm.log_probabilities(h)
            assert torch.allclose(chances.exp().sum(-1), torch.ones(2, dtype=D, device=device))
            total -= float(chances.gather(1, tokens[:, k + 1 : k + 2]).mean()) / 8
        assert float(lm.loss(tokens)) == pytest.approx(total, abs=1e-8)
    with pytest.raises(ValueError, match=r"cutoffs must rise between 0 and the vocabulary 30; got \[40\]"):
        S4LanguageModel(30, 8, 1, (40,), device=device)
    with pytest.raises(ValueError, match="n_blocks must be at least 1; got 0"):
        S4LanguageModel(30, 8, 0, (5,), device=device)
