"""The survey's truths: the selective scan, Mamba, DSS, Jamba, the lineage behind one interface, and their costs."""

import pytest
import torch

from labkit.allocation import peak_bytes
from labkit.nn.convolution import causal_conv
from labkit.state_space.inits import diagonal
from labkit.state_space.layers import DSSLayer, MambaBlock, S4Layer, S5Layer
from labkit.state_space.mamba import FixedSSM, SelectiveSSM, inverse_softplus
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s4_survey.method import (
    ABLATIONS,
    LINEAGE,
    Jamba,
    JambaBlock,
    build,
    cost_model,
    dss_kernel,
    gate_recurrence,
    gradient_norms,
    horizon,
    induction_heads,
    layers_block_type,
    layers_num_experts,
    linearised_response,
    match_params,
    parameter_count,
    selective_copying,
    selective_loop,
    selective_matrix,
    selective_scan,
    state_bytes,
    toeplitz,
)

D, Z = torch.float64, torch.complex128


def draw(*shape, device, dtype=D):
    return torch.randn(*shape, dtype=dtype, device=device)


def parts(device, batch=2, length=21, channels=3, states=4, dtype=D):
    """(u, delta, A, B, C, x0)."""
    place = {"device": device, "dtype": dtype}
    delta = torch.rand(batch, length, channels, **place)
    A = -torch.rand(channels, states, **place) - 0.1
    shapes = ((batch, length, channels), (batch, length, states), (batch, length, states))
    u, B, C = (draw(*shape, **place) for shape in shapes)
    return u, delta, A, B, C, draw(batch, channels, states, **place)


# --- the selective scan


@pytest.mark.parametrize(("dtype", "tolerance"), [(D, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize("chunk", [1, 5, 21, 64])
def test_chunked_is_the_loop_is_the_recurrence(dtype, tolerance, chunk, device):
    u, delta, A, B, C, x0 = parts(device, dtype=dtype)
    x, found = x0, []
    for k in range(u.shape[1]):
        # x_k = exp(Delta_k A) x_{k-1} + Delta_k B_k u_k, y_k = C_k x_k
        x = torch.exp(delta[:, k, :, None] * A) * x + (delta * u)[:, k, :, None] * B[:, k, None]
        found.append((x * C[:, k, None]).sum(-1))
    y = torch.stack(found, 1)
    for method in ("chunked", "loop"):
        got, last = selective_scan(
            u, delta, A, B, C, return_last_state=True, state=x0, method=method, chunk=chunk
        )
        assert (got - y).abs().max() < tolerance
        assert (last - x).abs().max() < tolerance


@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_gradients_of_the_chunked_scan(chunk, device):
    tensors = [part.requires_grad_() for part in parts(device, 2, 7, 2, 3)]

    def scan(u, delta, A, B, C, x0):
        return selective_scan(u, delta, A, B, C, return_last_state=True, state=x0, chunk=chunk)

    assert torch.autograd.gradcheck(scan, tensors)


def test_skip_gate_bias_and_softplus(device):
    u, delta, A, B, C, _ = parts(device)
    skip, z, bias = draw(3, device=device), draw(2, 21, 3, device=device), draw(3, device=device)
    y = selective_scan(u, delta, A, B, C, skip, z, bias, delta_softplus=True)
    plain = selective_scan(u, torch.nn.functional.softplus(delta + bias), A, B, C)
    # D is added before the gate, not after it
    assert torch.allclose(y, (plain + skip * u) * z * z.sigmoid(), atol=1e-12)


def test_constant_parameters_make_a_convolution(device):
    """K_l = C exp(Delta A)^l Delta B."""
    u, _, A, _, _, _ = parts(device, length=40)
    delta, B, C = draw(3, device=device).exp(), draw(4, device=device), draw(4, device=device)
    lags = torch.arange(40, dtype=D, device=device)
    kernel = torch.einsum(
        "n,enl,en->el", C, torch.exp((delta[:, None] * A)[..., None] * lags), delta[:, None] * B
    )
    y = selective_scan(u, delta.expand(2, 40, 3), A, B.expand(2, 40, 4), C.expand(2, 40, 4))
    assert torch.allclose(y, causal_conv(u, kernel), atol=1e-6)


def test_one_state_and_zero_order_hold_is_a_gate(device):
    """Mamba's theorem 1 holds for zero-order hold, to the last digit; Mamba's own rule for B is not that."""
    u, free = draw(2, 30, 1, device=device), draw(2, 30, 1, device=device)
    ones = torch.ones(2, 30, 1, dtype=D, device=device)
    A = -torch.ones(1, 1, dtype=D, device=device)
    delta = torch.nn.functional.softplus(free)
    gate = gate_recurrence(u[..., 0], free[..., 0])
    held = selective_loop(u, delta, A, ones, ones, rule="zoh")[0][..., 0]
    simplified = selective_loop(u, delta, A, ones, ones)[0][..., 0]
    assert (held - gate).abs().max() < 1e-10
    assert (simplified - gate).abs().max() > 0.05


def test_the_states_are_never_all_stored(device):
    """Peak memory forwards, and what is saved for the backward pass, against one (B, L, E, N) tensor."""
    u, delta, A, B, C, _ = parts(device, 2, 1024, 32, 16, torch.float32)
    whole = 2 * 1024 * 32 * 16 * 4
    if torch.device(device).type == "cpu":
        assert peak_bytes(lambda: selective_scan(u, delta, A, B, C)) < 0.75 * whole
        assert peak_bytes(lambda: selective_scan(u, delta, A, B, C, method="loop")) > 2 * whole
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        selective_scan(u.requires_grad_(), delta, A, B, C)
    assert max(t.numel() * 4 for t in saved) <= whole / 8


def test_the_matrix_of_a_selective_scan(device):
    u, delta, A, B, C, _ = parts(device, batch=1)
    y = selective_scan(u, delta, A, B, C)
    for e in range(3):
        M = selective_matrix(delta[0, :, e], A[e], B[0], C[0])
        assert torch.allclose(M @ u[0, :, e], y[0, :, e], atol=1e-10)
        assert torch.equal(M, M.tril())
    kernel = draw(12, device=device)
    signal = draw(12, device=device)
    heard = causal_conv(signal[None, :, None], kernel[None])[0, :, 0]
    assert torch.allclose(toeplitz(kernel) @ signal, heard, atol=1e-12)


# --- Mamba's block


def test_block_is_the_formula(device):
    block = MambaBlock(6, 4, dtype=D, device=device)
    u = draw(2, 9, 6, device=device)
    x, z = (u @ block.in_proj.weight.T).chunk(2, -1)
    padded = torch.nn.functional.pad(x.mT, (3, 0))
    x = torch.stack([(padded[..., k : k + 4] * block.conv.weight[:, 0]).sum(-1) for k in range(9)], 1)
    x = torch.nn.functional.silu(x + block.conv.bias)
    low, B, C = (x @ block.ssm.x_proj.weight.T).split([1, 4, 4], -1)
    delta = torch.nn.functional.softplus(low @ block.ssm.dt_proj.weight.T + block.ssm.dt_bias)
    y, _ = selective_loop(x, delta, -block.ssm.A_log.exp(), B, C)
    y = (y + block.ssm.D * x) * z * z.sigmoid()
    assert torch.allclose(block(u), y @ block.out_proj.weight.T, atol=1e-12)


def test_block_starts_as_the_paper_says(device):
    block = MambaBlock(64, 16, n_layers=4, device=device)
    ssm = block.ssm
    steps = torch.nn.functional.softplus(ssm.dt_bias)
    assert steps.min() >= 1e-3 * 0.999 and steps.max() <= 0.1 * 1.001
    assert steps.log().std() > 0.8, "log-uniform over two decades"
    assert torch.allclose(-ssm.A_log.exp(), -torch.arange(1.0, 17, device=device).expand(128, -1))
    assert ssm.dt_rank == 4 and ssm.dt_proj.weight.abs().max() <= 4**-0.5
    assert torch.equal(ssm.D, torch.ones_like(ssm.D))
    # out_proj: uniform within 1/sqrt(E), over sqrt(n_layers)
    assert block.out_proj.weight.abs().max() <= 128**-0.5 / 2
    slow = [p for g in parameter_groups(block) if g["name"] == "ssm" for p in g["params"]]
    assert {id(ssm.A_log), id(ssm.D)} <= {id(p) for p in slow}, "no weight decay on A_log and D"
    x = torch.tensor([1e-4, 1.0, 30.0], dtype=D, device=device)
    assert torch.allclose(torch.nn.functional.softplus(inverse_softplus(x)), x, rtol=1e-10)


@pytest.mark.parametrize(
    "options",
    [{}, {"selective": ()}, {"inner_norm": True}, {"selective": ("delta",)}, {"selective": ("B", "C")}],
)
def test_block_in_chunks_and_steps(options, device):
    block = MambaBlock(6, 4, dtype=D, device=device, **options)
    u = draw(2, 40, 6, device=device)
    with torch.no_grad():
        whole, end = block(u, block.default_state(2))
        assert torch.allclose(block(u), whole, atol=1e-10)
        first, state = block(u[:, :2], block.default_state(2))  # shorter than the convolution
        second, chunked = block(u[:, 2:], state)
        assert torch.allclose(torch.cat([first, second], 1), whole, atol=1e-10)
        state = block.default_state(2)
        for k in range(40):
            y, state = block.step(u[:, k], state)
            assert torch.allclose(y, whole[:, k], atol=1e-10)
        for one in (chunked, state):
            assert torch.allclose(one.conv, end.conv) and torch.allclose(one.ssm, end.ssm, atol=1e-10)


def test_what_is_selective_and_what_is_not(device):
    u = draw(1, 8, 5, device=device)
    for selective in ((), ("delta",), ("B",), ("C",), ("delta", "B", "C")):
        ssm = SelectiveSSM(5, 3, 2, selective, dtype=D, device=device)
        for name, part in zip(("delta", "B", "C"), ssm.coefficients(u), strict=True):
            changes = bool((part - part[:, :1]).abs().max() > 1e-9)
            assert changes == (name in selective), (selective, name)


def test_lti_block_is_the_selective_scan_with_constants(device):
    fixed = FixedSSM(3, 4, dtype=D, device=device)
    u = draw(2, 50, 3, device=device)
    delta = torch.nn.functional.softplus(fixed.dt_bias).expand(2, 50, 3)
    with torch.no_grad():
        fixed.B.copy_(torch.ones(4, dtype=D, device=device))
        C = draw(4, device=device)
        fixed.C.copy_(C.expand(3, 4))
        expected = selective_scan(
            u,
            delta,
            -fixed.A_log.exp(),
            torch.ones(2, 50, 4, dtype=D, device=device),
            C.expand(2, 50, 4),
            fixed.D,
        )
        assert torch.allclose(fixed(u), expected, atol=1e-9)


# --- DSS


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_dss_kernel_is_a_softmax_over_the_lags(shift, device):
    """Row-normalised exponentials, summed with weights W / lambda: as written, in float64 and without the shift."""
    Lambda, _ = diagonal("legs", 8, device=device)
    Lambda = Lambda + shift
    W, dt = draw(2, 4, device=device, dtype=Z), torch.tensor([0.01, 0.1], dtype=D, device=device)
    table = torch.exp(dt[:, None, None] * Lambda[:, None] * torch.arange(30, device=device))
    expected = 2 * (W[..., None] / Lambda[:, None] * table / table.sum(-1, keepdim=True)).sum(-2).real
    assert torch.allclose(dss_kernel(Lambda, W, dt, 30), expected, atol=1e-5)
    longer = dss_kernel(Lambda, W, dt, 10, norm_length=30)
    assert torch.allclose(longer, expected[:, :10], atol=1e-5)
    assert not torch.allclose(dss_kernel(Lambda, W, dt, 10), expected[:, :10], atol=1e-3)


def test_dss_stays_finite_with_growing_modes(device):
    layer = DSSLayer(4, 8, device=device)
    with torch.no_grad():
        layer.decay.fill_(3.0)
    u = draw(1, 4096, 4, device=device, dtype=torch.float32)
    y = layer(u)
    y.sum().backward()
    assert y.isfinite().all() and layer.decay.grad.isfinite().all()
    assert float(layer.decay.grad.abs().sum()) > 0


# --- the lineage


def model(name, device, **options):
    layers = 9 if name == "jamba" else 2
    return build(name, 16, layers, 7, d_state=8, device=device, **options).eval()


@pytest.mark.parametrize("name", [*LINEAGE, *ABLATIONS])
def test_forward_is_step_by_step(name, device):
    net = model(name, device)
    x = torch.randint(7, (2, 24), device=device)
    with torch.no_grad():
        whole = net(x)
        assert whole.shape == (2, 24, 7)
        begun, state = net(x[:, :9], net.default_state(2, 24))
        assert (begun - whole[:, :9]).abs().max() < 1e-4
        net.to_recurrent()
        for start, states in ((9, state), (0, net.default_state(2, 24))):
            for k in range(start, 24):
                y, states = net.step(x[:, k], states)
                assert (y - whole[:, k]).abs().max() < 1e-4


@pytest.mark.parametrize("name", list(LINEAGE))
def test_causality(name, device):
    net = model(name, device)
    x = torch.randint(7, (1, 20), device=device)
    other = x.clone()
    other[:, 12:] = (other[:, 12:] + 1) % 7
    with torch.no_grad():
        a, b = net(x), net(other)
    assert torch.allclose(a[:, :12], b[:, :12], atol=1e-5)
    assert not torch.allclose(a[:, 12:], b[:, 12:], atol=1e-3)


@pytest.mark.parametrize("name", list(LINEAGE))
def test_costs_are_exact_where_they_say_so(name, device):
    net = model(name, device)
    n = len(net.layers) if name not in ("transformer", "jamba") else len(net.layers[0].blocks)
    assert sum(p.numel() for p in net.parameters()) == parameter_count(name, 16, n, 7, 8)
    sizes = {L: state_bytes(net, 1, L) for L in (10, 100)}
    for L, size in sizes.items():
        assert size == cost_model(name, L, 16, 8, n)["bytes_step"]
    assert (sizes[10] != sizes[100]) == (name in ("transformer", "jamba"))


def test_costs_grow_as_they_should():
    def growth(name, what):
        return cost_model(name, 8192, 64)[what] / cost_model(name, 4096, 64)[what]

    assert growth("transformer", "flops_train") > 1.8
    assert growth("transformer", "bytes_step") == 2
    for name in LINEAGE:
        if name not in ("transformer", "jamba"):
            assert growth(name, "flops_train") < 2.2
            assert growth(name, "flops_step") == 1 == growth(name, "bytes_step")


def test_h1_s5_and_s4d_agree(device):
    """One channel, the same Lambda, Delta and readout: the scan is the convolution."""
    s5 = S5Layer(1, 8, activation="none", dt_min=0.05, dt_max=0.05, dtype=D, device=device)
    s4d = S4Layer(1, 8, mode="diag", activation="none", dt_min=0.05, dt_max=0.05, dtype=D, device=device)
    u = draw(2, 60, 1, device=device)
    with torch.no_grad():
        s4d.log_decay.copy_((-s5.decay)[None].log())
        s4d.frequency.copy_(s5.frequency[None])
        s4d.B.copy_(s5.B.transpose(0, 1))
        s4d.C.copy_(s5.C[None])
        s4d.D.copy_(s5.D)
        s4d.mix.weight.fill_(1.0)
        s4d.mix.bias.zero_()
        assert torch.allclose(s5(u), s4d(u), atol=1e-6)


def test_match_params():
    target = parameter_count("mamba", 64, 2, 16)
    for name in LINEAGE:
        layers = 8 if name == "jamba" else 2
        try:
            width = match_params(name, target, layers, 16)
        except ValueError:
            assert name in ("transformer", "jamba"), "their heads need multiples of 8"
            continue
        assert abs(parameter_count(name, width, layers, 16) - target) <= 0.05 * target
    net = build("lstm", 8, 2, 16, match_params=target)
    assert abs(sum(p.numel() for p in net.parameters()) - target) <= 0.05 * target
    with pytest.raises(
        ValueError, match="gives transformer 700 parameters within 5%; the nearest is 8, with"
    ):
        match_params("transformer", 700, 2, 16)


# --- Jamba


def test_jamba_layout():
    mixers = layers_block_type(32)
    assert [i for i, kind in enumerate(mixers) if kind == "attention"] == [4, 12, 20, 28]
    assert [i for i, n in enumerate(layers_num_experts(32)) if n == 16] == list(range(1, 32, 2))
    assert layers_block_type(4, 1, 0) == ["attention"] * 4
    assert layers_block_type(4, 0, 0) == ["mamba"] * 4


def test_jamba_active_parameters(device):
    jamba = Jamba(16, 8, experts=4, top_k=2, device=device)
    total = sum(p.numel() for p in jamba.parameters())
    expert = 3 * 16 * 32
    assert total - jamba.active_parameters() == 4 * 2 * expert
    assert parameter_count("jamba", 16, 8, 7) - parameter_count("jamba", 16, 8, 7, active=True) == 8 * expert


def test_jamba_block_and_balance(device):
    block = JambaBlock(8, "attention", 1, heads=2, dtype=D, device=device)
    x = draw(2, 5, 8, device=device)
    inner = x + block.mixer(block.norm1(x))
    assert torch.allclose(block(x), inner + block.mlp(block.norm2(inner)), atol=1e-12)
    jamba = Jamba(8, 4, 4, 2, experts=3, heads=2, dtype=D, device=device)
    jamba(x)
    assert jamba.mixers == ["mamba", "mamba", "attention", "mamba"]
    loads = jamba.expert_loads()
    assert len(loads) == 2 and all(float(load.sum()) == pytest.approx(2) for load in loads)
    assert float(jamba.balance_loss()) >= 2 * 0.5
    assert float(Jamba(8, 2, 0, 0, expert_period=0, expert_offset=0, device=device).balance_loss()) == 0


# --- what layers do to a signal


def test_response_horizon_and_gradients(device):
    kernel = 0.5 ** torch.arange(20, dtype=D, device=device)
    assert horizon(kernel, 0.1) == 3
    u = draw(1, 20, 1, device=device)
    answer = linearised_response(lambda u: causal_conv(u, kernel[None]), u, at=4)[0, :, 0]
    assert torch.allclose(answer[4:], kernel[:16], atol=1e-8)
    assert float(answer[:4].abs().max()) < 1e-9
    block = MambaBlock(4, 4, dtype=D, device=device)
    u = draw(1, 10, 4, device=device)
    jacobian = torch.autograd.functional.jacobian(lambda u: block(u)[0, -1], u)  # (out, 1, length, in)
    assert torch.allclose(gradient_norms(block, u), jacobian[:, 0].square().sum((0, 2)).sqrt(), atol=1e-10)


# --- tasks


def test_selective_copying(device):
    generator = torch.Generator(device="cpu").manual_seed(0)
    x, y = selective_copying(200, 24, 3, 6, generator, device)
    assert x.shape == (200, 27) and y.shape == (200, 3)
    assert (x[:, 24:] == 5).all() and (y >= 1).all() and (y <= 4).all()
    for row, data in zip(x[:, :24], y, strict=True):
        assert torch.equal(row[row != 0], data)
    places = (x[:, :24] != 0).nonzero()[:, 1]
    assert (places.bincount(minlength=24) > 5).all(), "any place may hold data"


def test_induction_heads(device):
    x, y = induction_heads(300, 12, 5, torch.Generator("cpu").manual_seed(0), device)
    special = x == 4
    assert (special.sum(1) == 2).all() and special[:, -1].all()
    places = special[:, :-1].int().argmax(1)
    assert torch.equal(x[torch.arange(300, device=device), places + 1], y)
    assert set(places.tolist()) == set(range(10))
    assert (y < 4).all()


# --- bad input


def test_bad_input(device):
    u, delta, A, B, C, _ = parts(device)
    with pytest.raises(ValueError, match="delta must not be negative"):
        selective_scan(u, -delta, A, B, C)
    with pytest.raises(ValueError, match=r"at least one step in axis 1; got shape \(2, 0, 3\)"):
        selective_scan(u[:, :0], delta[:, :0], A, B[:, :0], C[:, :0])
    with pytest.raises(ValueError, match="method must be one of chunked, loop; got 'fast'"):
        selective_scan(u, delta, A, B, C, method="fast")
    with pytest.raises(ValueError, match="chunk must be at least 1; got 0"):
        selective_scan(u, delta, A, B, C, chunk=0)
    with pytest.raises(ValueError, match="rule must be one of simplified, zoh; got 'exact'"):
        selective_loop(u, delta, A, B, C, rule="exact")
    with pytest.raises(ValueError, match="name must be one of rnn, lstm.*got 'gpt'"):
        build("gpt", 16, 2, 7)
    with pytest.raises(ValueError, match="n_layers must be at least 1; got 0"):
        build("rnn", 16, 0, 7)
    with pytest.raises(ValueError, match="name must be one of rnn.*got 'gpt'"):
        cost_model("gpt", 10, 16)
    with pytest.raises(ValueError, match="L must be at least 1; got 0"):
        cost_model("s4", 0, 16)
    with pytest.raises(ValueError, match="top_k=3, experts=2"):
        Jamba(8, 2, experts=2, top_k=3, heads=2, device=device)
    with pytest.raises(ValueError, match="attn_offset must lie between 0 and attn_period - 1; got offset 8"):
        layers_block_type(8, 8, 8)
    with pytest.raises(ValueError, match="expert_offset must lie between"):
        layers_num_experts(8, 4, 2, 2)
    with pytest.raises(ValueError, match="dim must be a multiple of heads; got dim=10, heads=4"):
        JambaBlock(10, "attention", device=device)
    with pytest.raises(ValueError, match="mixer must be mamba or attention; got 'rnn'"):
        JambaBlock(8, "rnn", device=device)
    with pytest.raises(ValueError, match=r"u must be \(batch, length, 6\) and not empty; got \(1, 0, 6\)"):
        MambaBlock(6, device=device)(torch.zeros(1, 0, 6, device=device))
    with pytest.raises(ValueError, match="selective may name delta, B, C"):
        SelectiveSSM(4, selective=("A",), device=device)
    with pytest.raises(ValueError, match="tokens must lie between 1 and length=4; got 5"):
        selective_copying(2, 4, 5, 6)
    with pytest.raises(ValueError, match="length at least 3"):
        induction_heads(2, 2, 6)
    with pytest.raises(ValueError, match="needs a length to be recurrent"):
        DSSLayer(2, 4, device=device).to_recurrent()
    with pytest.raises(ValueError, match=r"token 7 is not in the vocabulary: 0 to 6"):
        build("rnn", 16, 1, 7)(torch.tensor([[1, 7]], device="cpu"))
