"""The S4 layer and its backbone: one linear map in three forms, in every mode and from every start."""

import copy
import functools

import pytest
import torch
from torch import nn

from labkit.nn.recurrent import RecurrentMixer
from labkit.nn.transformer import Transformer
from labkit.state_space.inits import diagonal
from labkit.state_space.layers import S4Layer, SequenceModel
from labkit.state_space.matrices import dplr
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s4_layer import INITS

D = torch.float64
STARTS = [("dplr", init, "zoh") for init in INITS if init not in ("lin", "inv", "real")]
STARTS += [("diag", init, "zoh") for init in INITS] + [("diag", "legs", "bilinear")]


def layer(device, d_model=4, d_state=8, rank=2, **options):
    options = {"dtype": D, "device": device, **options}
    return S4Layer(d_model, d_state, rank=rank, **options).eval()


def signal(*shape, device, dtype=D):
    return torch.randn(*shape, dtype=dtype, device=device)


@pytest.mark.parametrize(("mode", "init", "discretization"), STARTS)
def test_convolution_recurrence_and_chunks_agree(mode, init, discretization, device):
    s4 = layer(device, mode=mode, init=init, discretization=discretization)
    u = signal(2, 30, 4, device=device)
    with torch.no_grad():
        whole, end = s4(u, s4.default_state(2))
        assert torch.allclose(s4(u), whole, atol=1e-9)
        first, state = s4(u[:, :11], s4.default_state(2))
        second, chunked_end = s4(u[:, 11:], state)
        assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-8)
        assert torch.allclose(chunked_end, end, atol=1e-8)
        s4.to_recurrent()
        state, steps = s4.default_state(2), []
        for k in range(30):
            y, state = s4.step(u[:, k], state)
            steps.append(y)
    assert torch.allclose(torch.stack(steps, dim=1), whole, atol=1e-8)
    assert torch.allclose(state, end, atol=1e-8)


@pytest.mark.parametrize("mode", ["dplr", "diag"])
def test_float32_and_long_state(mode, device):
    """Several blocks in the state's advance, in single precision."""
    s4 = layer(device, mode=mode, d_state=16, dtype=torch.float32)
    u = signal(2, 300, 4, device=device, dtype=torch.float32)
    with torch.no_grad():
        whole, end = s4(u, s4.default_state(2))
        s4.to_recurrent()
        state = s4.default_state(2)
        for k in range(300):
            y, state = s4.step(u[:, k], state)
    assert whole.dtype == torch.float32
    assert (y - whole[:, -1]).abs().max() < 1e-4 * whole.abs().max()
    assert (state - end).abs().max() < 1e-4 * end.abs().max()


@pytest.mark.parametrize("mode", ["dplr", "diag"])
def test_causality(mode, device):
    s4 = layer(device, mode=mode)
    u = signal(1, 20, 4, device=device)
    later = u.clone()
    later[:, 12:] += 1
    y, z = s4(u), s4(later)
    assert (y - z)[:, :12].abs().max() < 1e-10
    assert (y - z)[:, 12:].abs().max() > 1e-3
    both = layer(device, mode=mode, bidirectional=True)
    assert (both(u) - both(later))[:, :12].abs().max() > 1e-3


def test_the_layer_computes_its_kernel_and_its_tail(device):
    """y = GLU(Linear(GELU(K * u + D u))), written out."""
    s4 = layer(device)
    u = signal(2, 9, 4, device=device)
    k = s4.kernel(9)[0]
    y = s4.D * u
    for i in range(9):
        y[:, i] += torch.einsum("hl,blh->bh", k[:, : i + 1], u[:, : i + 1].flip(1))
    a, b = s4.mix(nn.functional.gelu(y)).chunk(2, dim=-1)
    assert torch.allclose(s4(u), a * torch.sigmoid(b), atol=1e-10)
    linear = layer(device, activation="none")
    assert torch.allclose(linear(2 * u) - linear(0 * u), 2 * (linear(u) - linear(0 * u)), atol=1e-9)


@pytest.mark.parametrize("mode", ["dplr", "diag"])
def test_rate(mode, device):
    """Every second sample at twice the step gives nearly every second output."""
    s4 = layer(device, mode=mode, dt_min=1e-3, dt_max=1e-2, activation="none", d_state=16)
    t = torch.arange(400, dtype=D, device=device)[:, None]
    rates = torch.tensor([0.01, 0.02, 0.03, 0.05], dtype=D, device=device)
    u = torch.sin(t * rates)[None]
    with torch.no_grad():
        fine, coarse, same = s4(u), s4(u[:, 1::2], rate=2), s4(u[:, 1::2])
    error = (coarse - fine[:, 1::2]).norm() / fine[:, 1::2].norm()
    assert error < 0.05
    assert (same - fine[:, 1::2]).norm() / fine[:, 1::2].norm() > 2 * error
    s4.to_recurrent(rate=2)
    y, _ = s4.step(u[:, 1], s4.default_state(1))
    assert torch.allclose(y, coarse[:, 0], atol=1e-8)


def test_the_readout_survives_truncation_and_growth(device):
    s4 = layer(device, d_state=16)
    C = s4.readout().detach().clone()
    long = copy.deepcopy(s4).kernel(100).detach()
    assert s4.kernel_length == 0
    short = s4.kernel(13).detach()
    assert s4.kernel_length == 13
    assert torch.allclose(short, long[..., :13], atol=1e-10)
    grown = s4.kernel(100).detach()
    assert s4.kernel_length == 104
    assert torch.allclose(grown, long, atol=1e-8)
    assert torch.allclose(s4.kernel(13), short, atol=1e-10)
    assert (s4.readout() - C).abs().max() < 1e-6


def test_saved_and_loaded_with_its_length(device):
    s4 = layer(device)
    u = signal(1, 20, 4, device=device)
    y = s4(u)
    other = layer(device)
    assert all(isinstance(value, torch.Tensor) for value in s4.state_dict().values())
    other.load_state_dict(s4.state_dict())
    assert other.kernel_length == 20
    assert torch.allclose(other(u), y, atol=1e-12)


def test_l_max(device):
    s4 = layer(device, l_max=16)
    u = signal(1, 20, 4, device=device)
    s4(u[:, :5])
    assert s4.kernel_length == 16
    with pytest.raises(ValueError, match=r"length 20 exceeds l_max 16: call resize\(20\) first"):
        s4(u)
    s4.resize(20)
    assert s4(u).shape == u.shape


def test_starts(device):
    """The systems are those named, shared as asked, with Delta in its range."""
    s4 = layer(device, d_model=6, n_ssm=2, init="legs+fout", dt_min=0.01, dt_max=0.02)
    assert s4.starts() == ["legs", "fout"] * 3
    Lambda, P, B, dt = s4.systems()
    for row, measure in ((0, "LegS"), (1, "FouT"), (4, "LegS")):
        expected = dplr(measure, 8, 2, device=device)
        assert torch.allclose(Lambda[row], expected[0], atol=2e-4)
        assert torch.allclose(P[:, row], expected[1])
        assert torch.allclose(B[row], expected[2])
    assert (Lambda.real < 0).all()
    assert ((dt >= 0.01 - 1e-12) & (dt <= 0.02 + 1e-12)).all()
    assert len(dt.unique()) == 6
    for init in ("lin", "inv", "real"):
        Lambda, P, B, _ = layer(device, mode="diag", init=init).systems()
        assert torch.allclose(Lambda[2], diagonal(init, 8, device=device)[0])
        assert len(P) == 0
    random = layer(device, init="random").systems()[0]
    assert not torch.equal(random[0], random[1])
    spread = layer(device, d_model=400, dt_min=1e-3, dt_max=0.1).log_dt.detach()
    assert float(spread.exp().log10().mean()) == pytest.approx(-2, abs=0.1)
    assert float(layer(device, d_model=400).C.detach().square().sum(-1).mean()) == pytest.approx(1, abs=0.1)


def test_seeded(device):
    a, b = (layer(device, generator=torch.Generator("cpu").manual_seed(5), init="random") for _ in range(2))
    assert torch.equal(a.kernel(5), b.kernel(5))


def test_dropout_drops_whole_channels(device):
    s4 = layer(device, d_model=64, dropout=0.5, activation="none").train()
    s4.mix = nn.Identity()
    y = s4(signal(1, 10, 64, device=device))
    dropped = (y == 0).all(1)
    assert torch.equal(dropped, (y == 0).any(1))
    assert 10 < int(dropped.sum()) < 54


def test_training_drops_the_recurrent_form(device):
    s4 = layer(device).to_recurrent()
    s4.train()
    with pytest.raises(ValueError, match=r"call to_recurrent\(\) first"):
        s4.step(signal(1, 4, device=device), s4.default_state(1))


@pytest.mark.parametrize("mode", ["dplr", "diag"])
def test_every_parameter_learns(mode, device):
    s4 = layer(device, mode=mode).train()
    s4(signal(2, 10, 4, device=device)).square().sum().backward()
    for name, parameter in s4.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name
    frozen = layer(device, mode=mode, frozen=True)
    still = {name for name, parameter in frozen.named_parameters() if not parameter.requires_grad}
    assert still == {"log_decay", "frequency", "B"} | ({"P"} if mode == "dplr" else set())


def test_parameter_groups(device):
    model = SequenceModel(
        1, 4, 2, functools.partial(S4Layer, d_state=8, device=device), d_out=3, device=device
    )
    rest, ssm = parameter_groups(model, lr=1e-2, ssm_lr=1e-3, weight_decay=0.05)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    slow = {names[id(parameter)] for parameter in ssm["params"]}
    fields = ("log_dt", "log_decay", "frequency", "P", "B")
    assert slow == {f"layers.{i}.{name}" for i in range(2) for name in fields}
    assert (ssm["lr"], ssm["weight_decay"]) == (1e-3, 0.0)
    assert (rest["lr"], rest["weight_decay"]) == (1e-2, 0.05)
    assert len(rest["params"]) + len(ssm["params"]) == len(names)
    assert parameter_groups(model, lr=1e-4)[1]["lr"] == 1e-4
    torch.optim.AdamW([rest, ssm])
    assert len(parameter_groups(nn.Linear(2, 2, device=device))) == 1
    with pytest.raises(ValueError, match="lr and ssm_lr must be positive"):
        parameter_groups(model, lr=0.0)


@pytest.mark.parametrize("norm", ["layer", "batch", "none"])
@pytest.mark.parametrize("prenorm", [True, False])
@pytest.mark.parametrize("pool", ["mean", "last", None])
def test_backbone(norm, prenorm, pool, device):
    make = functools.partial(S4Layer, d_state=4, device=device, dtype=D)
    model = SequenceModel(3, 4, 2, make, norm, prenorm, pool, 5, dtype=D, device=device).eval()
    x = signal(2, 12, 3, device=device)
    with torch.no_grad():
        y = model(x)
        assert y.shape == ((2, 12, 5) if pool is None else (2, 5))
        if pool == "mean":
            with pytest.raises(ValueError, match="pool=None or 'last'"):
                model.step(x[:, 0], model.default_state(2))
            return
        halves, states = model(x[:, :7], model.default_state(2))
        halves, states = model(x[:, 7:], states)
        model.to_recurrent()
        states, steps = model.default_state(2), []
        for k in range(12):
            out, states = model.step(x[:, k], states)
            steps.append(out)
    whole = torch.stack(steps, dim=1) if pool is None else out
    assert torch.allclose(whole, y, atol=1e-8)
    assert torch.allclose(
        halves[:, -1] if pool is None else halves, y[:, -1] if pool is None else y, atol=1e-8
    )
    assert len(model.norms) == 2 + prenorm


def test_backbone_order_of_norm_and_residual(device):
    """With a layer that doubles: post-norm gives norm(3 h); pre-norm gives h + 2 norm(h), then one more
    norm.
    """

    class Double(nn.Module):
        def forward(self, x):
            return 2 * x

    x = signal(1, 5, 3, device=device)
    for prenorm in (False, True):
        model = SequenceModel(3, 4, 1, lambda _: Double(), prenorm=prenorm, pool=None, dtype=D, device=device)
        h, norm = model.encoder(x), functools.partial(nn.functional.layer_norm, normalized_shape=(4,))
        expected = norm(h + 2 * norm(h)) if prenorm else norm(3 * h)
        assert torch.allclose(model(x), expected)


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        (Transformer, {"n_layers": 1, "norm": "none", "residual": False}),
        (RecurrentMixer, {"n_layers": 2, "prenorm": True}),
        (S4Layer, {"n_layers": 2}),
    ],
)
def test_baselines_run_in_the_same_backbone(layer, options, device):
    make = functools.partial(layer, dtype=D, device=device)
    model = SequenceModel(
        5, 8, layer=make, embedding=True, pool=None, d_out=5, dtype=D, device=device, **options
    ).eval()
    tokens = torch.randint(5, (2, 9), device=device)
    with torch.no_grad():
        whole = model(tokens)
        if layer is Transformer:
            assert torch.allclose(whole, model.decoder(model.layers[0](model.encoder(tokens))))
        _, states = model(tokens[:, :6], model.default_state(2, 9))
        model.to_recurrent()
        for k in range(6, 9):
            y, states = model.step(tokens[:, k], states)
            assert torch.allclose(y, whole[:, k], atol=1e-8)


def test_backbone_of_tokens_and_rate(device):
    make = functools.partial(S4Layer, d_state=4, device=device)
    model = SequenceModel(7, 4, 1, make, embedding=True, pool=None, d_out=7, device=device).eval()
    tokens = torch.randint(7, (2, 9), device=device)
    assert model(tokens).shape == (2, 9, 7)
    assert not torch.allclose(model(tokens), model(tokens, rate=2.0))


def test_bad_layers():
    for options, message in (
        ({"d_state": 7}, "d_state must be even and at least 2.*got 7"),
        ({"mode": "dense"}, "mode must be one of dplr, diag; got 'dense'"),
        ({"init": "hippo"}, "init must be one of legs.*got 'hippo'"),
        ({"init": "legt"}, "LegT needs rank >= 2; got rank 1"),
        ({"init": "lin"}, "use mode='diag'"),
        ({"dt_min": 0.0}, "0 < dt_min <= dt_max is required; got dt_min=0.0"),
        ({"dt_min": 0.2}, "0 < dt_min <= dt_max"),
        ({"d_model": 0}, "d_model must be at least 1"),
        ({"n_ssm": 3}, "divisible by n_ssm; got d_model=4, n_ssm=3"),
        ({"n_ssm": 1, "init": "legs+fout"}, "n_ssm must be at least 2; got 1"),
        ({"rank": 0}, "rank must be at least 1; got 0"),
        ({"discretization": "tustin"}, "discretization must be one of zoh, bilinear"),
        ({"activation": "relu"}, "activation must be one of gelu, none"),
    ):
        with pytest.raises(ValueError, match=message):
            S4Layer(**{"d_model": 4, "d_state": 8, **options})
    for options, message in (
        ({"norm": "group"}, "norm must be layer, rms, batch or none; got 'group'"),
        ({"pool": "max"}, "pool must be mean, last or None; got 'max'"),
        ({"n_layers": 0}, "n_layers must be at least 1; got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            SequenceModel(**{"d_in": 1, "d_model": 2, "n_layers": 1, **options})


def test_bad_input(device):
    s4 = layer(device)
    u = signal(2, 6, 4, device=device)
    with pytest.raises(ValueError, match=r"u must be \(batch, length, 4\); got \(2, 6, 3\)"):
        s4(u[..., :3])
    with pytest.raises(TypeError):
        s4(torch.zeros(2, 6, 4, dtype=torch.int64, device=device))
    with pytest.raises(ValueError, match="length must be at least 1; got 0"):
        s4(u[:, :0])
    for rate in (0, -1.0):
        with pytest.raises(ValueError, match="rate must be positive; got"):
            s4(u, rate=rate)
        with pytest.raises(ValueError, match="rate must be positive; got"):
            s4.to_recurrent(rate)
    with pytest.raises(ValueError, match=r"state must have shape \(2, 4, 4\); got \(3, 4, 4\)"):
        s4(u, s4.default_state(3))
    with pytest.raises(ValueError, match=r"u must be \(batch, 4\) for one step"):
        s4.to_recurrent().step(u[:, 0, :2], s4.default_state(2))
    both = layer(device, bidirectional=True)
    for call in (lambda: both.default_state(2), both.to_recurrent, lambda: both(u, s4.default_state(2))):
        with pytest.raises(ValueError, match="a bidirectional model has no recurrent mode"):
            call()
