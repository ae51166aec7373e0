"""The causal Transformer and the gated recurrent networks: in parallel, step by step, and in chunks they agree."""

import math

import pytest
import torch

from labkit.nn.attention import MultiHeadAttention
from labkit.nn.recurrent import CELLS, RecurrentMixer
from labkit.nn.transformer import POSITIONS, Transformer, TransformerBlock, turn

D = torch.float64


def transformer(device, **options):
    options = {"dim": 8, "depth": 2, "heads": 2, "dtype": D, "device": device, **options}
    return Transformer(**options).eval()


def draw(*shape, device, dtype=D):
    return torch.randn(*shape, dtype=dtype, device=device)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("norm", ["rms", "layer"])
def test_transformer_steps_and_chunks(positions, norm, device):
    model = transformer(device, positions=positions, norm=norm)
    x = draw(3, 12, 8, device=device)
    with torch.no_grad():
        whole = model(x)
        state, steps = model.default_state(3, 12), []
        for k in range(12):
            y, state = model.step(x[:, k], state)
            steps.append(y)
        assert torch.allclose(torch.stack(steps, dim=1), whole, atol=1e-10)
        first, state = model(x[:, :5], model.default_state(3, 20))
        assert state[0].length == 5
        second, state = model(x[:, 5:9], state)
        last, _ = model.step(x[:, 9], state)
    assert torch.allclose(torch.cat([first, second, last[:, None]], dim=1), whole[:, :10], atol=1e-10)


def test_float32(device):
    model, lstm = transformer(device, dtype=torch.float32), RecurrentMixer(8, device=device)
    x = draw(2, 30, 8, device=device, dtype=torch.float32)
    for mixer, state in ((model, model.default_state(2, 30)), (lstm, lstm.default_state(2))):
        with torch.no_grad():
            whole = mixer(x)
            for k in range(30):
                y, state = mixer.step(x[:, k], state)
        assert y.dtype == torch.float32
        assert (y - whole[:, -1]).abs().max() < 1e-5


def test_block_is_written_out(device):
    """x + attention(norm(x)) + mlp(norm(.)), the attention summed by hand."""
    block = TransformerBlock(6, 2, norm="rms", dtype=D, device=device)
    x = draw(1, 5, 6, device=device)

    def rms(x):
        return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt()

    q, k, v = block.attention.project(rms(x), rms(x))
    mixed = torch.zeros_like(q)
    for i in range(5):
        weights = ((q[:, :, i : i + 1] * k[:, :, : i + 1]).sum(-1) / math.sqrt(3)).exp()
        mixed[:, :, i] = (weights[..., None] * v[:, :, : i + 1]).sum(2) / weights.sum(-1)[..., None]
    h = x + block.attention.out(mixed.transpose(1, 2).reshape(1, 5, 6))
    first, _, second = block.mlp
    z = first(rms(h))
    z = z * 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    assert torch.allclose(block(x)[0], h + second(z), atol=1e-12)


@pytest.mark.parametrize("positions", POSITIONS)
def test_order_counts_only_with_positions(positions, device):
    """Without positions the last output of one block does not depend on the order of what came before."""
    model = transformer(device, positions=positions, depth=1)
    x = draw(1, 6, 8, device=device)
    swapped = x[:, [3, 1, 4, 0, 2, 5]]
    same = torch.allclose(model(x)[:, -1], model(swapped)[:, -1], atol=1e-10)
    assert same == (positions == "none")


def test_rotary_depends_on_distance_alone(device):
    q, k = draw(1, 1, 1, 8, device=device), draw(1, 1, 1, 8, device=device)
    angle = torch.tensor([0.3, 0.7, 1.1, 2.0], dtype=D, device=device)

    def product(i, j):
        a, b = turn(q, (i * angle).cos()[None], (i * angle).sin()[None]), (j * angle)[None]
        return float((a * turn(k, b.cos(), b.sin())).sum())

    assert product(7, 4) == pytest.approx(product(103, 100), abs=1e-10)
    assert product(7, 4) != pytest.approx(product(4, 7), abs=1e-3)
    assert torch.allclose(turn(q, angle.cos()[None], angle.sin()[None]).norm(), q.norm())


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("hidden", [None, 6])
def test_recurrent_steps_and_chunks(cell, layers, hidden, device):
    mixer = RecurrentMixer(4, cell, hidden, layers, dtype=D, device=device).eval()
    u = draw(3, 9, 4, device=device)
    with torch.no_grad():
        whole = mixer(u)
        assert whole.shape == u.shape
        first, state = mixer(u[:, :4], mixer.default_state(3))
        second, end = mixer(u[:, 4:], state)
        state, steps = mixer.default_state(3), []
        for k in range(9):
            y, state = mixer.step(u[:, k], state)
            steps.append(y)
    assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-12)
    assert torch.allclose(torch.stack(steps, dim=1), whole, atol=1e-12)
    assert torch.allclose(state, end, atol=1e-12)


def test_lstm_equations(device):
    """One step against the four gates, to keep output and cell apart in the state."""
    mixer = RecurrentMixer(3, "lstm", dtype=D, device=device)
    net, u, state = mixer.recurrence, draw(2, 3, device=device), draw(2, 1, 2, 3, device=device)
    gates = u @ net.weight_ih_l0.T + net.bias_ih_l0 + state[:, 0, 0] @ net.weight_hh_l0.T + net.bias_hh_l0
    i, f, g, o = gates.chunk(4, dim=-1)
    cell = f.sigmoid() * state[:, 0, 1] + i.sigmoid() * g.tanh()
    y, after = mixer.step(u, state)
    assert torch.allclose(y, o.sigmoid() * cell.tanh())
    assert torch.allclose(after[:, 0, 1], cell)
    assert torch.allclose(after[:, 0, 0], y)


def test_causality(device):
    x = draw(1, 10, 8, device=device)
    later = x.clone()
    later[:, 6:] += 1
    for mixer in (
        transformer(device),
        RecurrentMixer(8, dtype=D, device=device),
        RecurrentMixer(8, "gru", dtype=D, device=device),
    ):
        change = (mixer(x) - mixer(later)).abs()
        assert change[:, :6].max() < 1e-12
        assert change[:, 6:].max() > 1e-3


def test_not_causal(device):
    """With causal=False every step sees all, and nothing can be stepped."""
    model, x = transformer(device, causal=False), draw(1, 10, 8, device=device)
    later = x.clone()
    later[:, 6:] += 1
    assert ((model(x) - model(later)).abs().amax(-1) > 1e-4).all()
    with pytest.raises(ValueError, match="causal=False"):
        model.default_state(1, 10)


def test_every_parameter_learns(device):
    x = draw(2, 6, 8, device=device)
    for mixer in (transformer(device), RecurrentMixer(8, hidden=5, dtype=D, device=device)):
        mixer.train()(x).square().sum().backward()
        for name, parameter in mixer.named_parameters():
            assert torch.isfinite(parameter.grad).all(), name


def test_attention_without_and_with_a_given_key(device):
    """`attend` on `project`'s parts is the attention itself."""
    attention = MultiHeadAttention(8, 2, dtype=D, device=device)
    x = draw(2, 5, 8, device=device)
    q, k, v = attention.project(x, x)
    assert torch.allclose(attention.attend(q, k, v), attention(x))
    mask = torch.ones(5, 5, dtype=torch.bool, device=device).tril()
    bias, weights = draw(1, 2, 5, 5, device=device), []
    for options in ({}, {"bias": bias}, {"record": weights}):
        causal = attention.attend(q, k, v, causal=True, **options)
        assert torch.allclose(causal, attention.attend(q, k, v, mask=mask, **options))
        assert not torch.allclose(causal, attention.attend(q, k, v, **options), atol=1e-3)


def test_bad_input(device):
    for options, message in (
        ({"heads": 3}, "dim must be a multiple of heads; got dim=8, heads=3"),
        ({"depth": 0}, "depth must be at least 1; got 0"),
        ({"positions": "learnt"}, "positions must be one of rotary, sinusoidal, none; got 'learnt'"),
        ({"norm": "batch"}, "norm must be one of rms, layer; got 'batch'"),
        ({"mlp_ratio": 0}, "mlp_ratio must be positive; got 0"),
        ({"heads": 8}, r"rotary positions turn pairs: their width must be even; got 1"),
        ({"dim": 9, "heads": 3, "positions": "sinusoidal"}, "must be even; got 9"),
    ):
        with pytest.raises(ValueError, match=message):
            transformer(device, **options)
    model, x = transformer(device), draw(2, 5, 8, device=device)
    with pytest.raises(ValueError, match=r"x must be \(batch, length, 8\) and not empty; got \(2, 5, 7\)"):
        model(x[..., :7])
    with pytest.raises(ValueError, match="not empty"):
        model(x[:, :0])
    with pytest.raises(ValueError, match="room for 4 steps and holds 0: 5 more do not fit"):
        model(x, model.default_state(2, 4))
    with pytest.raises(ValueError, match="2 caches for a batch of 2; got 2 for a batch of 3"):
        model(x, model.default_state(3, 8))
    with pytest.raises(ValueError, match=r"x must be \(batch, 8\) for one step"):
        model.step(x[:, 0, :7], model.default_state(2, 8))
    with pytest.raises(
        ValueError, match="batch and max_length must be at least 1; got batch=2, max_length=0"
    ):
        model.default_state(2, 0)
    for options, message in (
        ({"cell": "elman"}, "cell must be one of rnn, lstm, gru; got 'elman'"),
        ({"hidden": 0}, "hidden must be at least 1; got 0"),
        ({"layers": 0}, "layers must be at least 1; got 0"),
        ({"d_model": 0}, "d_model must be at least 1; got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            RecurrentMixer(**{"d_model": 4, "device": device, **options})
    mixer, u = RecurrentMixer(4, dtype=D, device=device), draw(2, 5, 4, device=device)
    with pytest.raises(ValueError, match=r"u must be \(batch, length, 4\) and not empty; got \(2, 5, 3\)"):
        mixer(u[..., :3])
    with pytest.raises(ValueError, match=r"state must have shape \(2, 1, 2, 4\); got \(3, 1, 2, 4\)"):
        mixer(u, mixer.default_state(3))
    with pytest.raises(ValueError, match=r"u must be \(batch, 4\) for one step"):
        mixer.step(u[:, 0, :3], mixer.default_state(2))
    with pytest.raises(ValueError, match="batch must be at least 1; got 0"):
        mixer.default_state(0)
