"""The S5 layer: one system for all channels, as a scan, as steps, as a real matrix, and as tied S4Ds."""

import pytest
import torch

from labkit.nn.convolution import causal_conv
from labkit.state_space.discretize import zoh
from labkit.state_space.kernels import vandermonde
from labkit.state_space.layers import S5Layer, SequenceModel
from labkit.state_space.matrices import low_rank, transition
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s5_layer import S5_ACTIVATIONS, block_legs

D, Z = torch.float64, torch.complex128


def layer(device, d_model=3, d_state=8, **options):
    return S5Layer(d_model, d_state, **{"dtype": D, "device": device, **options}).eval()


def draw(*shape, device, dtype=D):
    return torch.randn(*shape, dtype=dtype, device=device)


def test_block_legs_is_the_normal_part_of_legs(device):
    """V diag(Lambda) V^* over both members of each pair is A + P P^T, block by block."""
    Lambda, V = block_legs(12, 3, device=device)
    P = low_rank("LegS", 4, device=device)
    S = transition("LegS", 4, device=device)[0] + P.T @ P
    whole = torch.block_diag(S, S, S)
    assert torch.allclose(2 * (V * Lambda @ V.mH).real, whole, atol=1e-12)
    assert torch.allclose(V.mH @ V, torch.eye(6, dtype=Z, device=device), atol=1e-12)
    assert (Lambda.real + 0.5).abs().max() < 1e-12
    with pytest.raises(ValueError, match="multiple of 2 blocks.*d_state=12, blocks=4"):
        block_legs(12, 4, device=device)


@pytest.mark.parametrize("blocks", [1, 2])
def test_it_is_the_real_system_that_it_starts_from(blocks, device):
    """With one Delta for all modes: x' = S x + B u, y = C x, B = 2 Re(V B~), C = 2 Re(C~ V^*), held inputs."""
    s5 = layer(device, blocks=blocks, activation="none", dt_min=0.05, dt_max=0.05)
    Lambda, V = block_legs(8, blocks, device=device)
    S = 2 * (V * Lambda @ V.mH).real
    B, C = 2 * (V @ torch.view_as_complex(s5.B)).real, 2 * (s5.readout() @ V.mH).real
    assert torch.allclose(V.mH @ B.to(Z), torch.view_as_complex(s5.B), atol=1e-12)
    assert torch.allclose(C.to(Z) @ V, s5.readout(), atol=1e-12)
    kernel = []
    for i in range(3):
        Abar, Bbar = zoh(S, B[:, i], 0.05)
        states = [Bbar]
        for _ in range(19):
            states.append(Abar @ states[-1])
        kernel.append(C @ torch.stack(states, dim=-1))
    assert torch.allclose(s5.kernel(20), torch.stack(kernel, dim=1), atol=1e-10)


@pytest.mark.parametrize("activation", S5_ACTIVATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(D, 1e-10), (torch.float32, 1e-5)])
def test_scan_steps_chunks_and_convolution_agree(activation, dtype, tolerance, device):
    s5 = layer(device, activation=activation, dtype=dtype)
    u = draw(2, 70, 3, device=device, dtype=dtype)
    with torch.no_grad():
        whole, end = s5(u, s5.default_state(2))
        first, state = s5(u[:, :11], s5.default_state(2))
        second, chunked = s5(u[:, 11:], state)
        assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=tolerance)
        assert torch.allclose(chunked, end, atol=tolerance)
        state = s5.default_state(2)
        for k in range(70):
            y, state = s5.step(u[:, k], state)
            assert (y - whole[:, k]).abs().max() < tolerance
        if activation == "none":
            kernel = s5.kernel(70)
            heard = sum(causal_conv(u[..., [i]].expand(-1, -1, 3), kernel[:, i]) for i in range(3))
            assert torch.allclose(heard + s5.D * u, whole, atol=10 * tolerance)


def test_activations_are_as_named(device):
    """Each on the output of the linear layer with the same parameters."""
    u, gelu = draw(1, 9, 3, device=device), torch.nn.functional.gelu
    linear = layer(device, activation="none")
    for activation in S5_ACTIVATIONS:
        s5 = layer(device, activation=activation)
        s5.load_state_dict(linear.state_dict(), strict=False)
        y = linear(u)
        inner = gelu(y)
        expected = {
            "none": lambda s5, y, inner: y,
            "gelu": lambda s5, y, inner: inner,
            "half_glu1": lambda s5, y, inner: inner * s5.gate(inner).sigmoid(),
            "half_glu2": lambda s5, y, inner: y * s5.gate(inner).sigmoid(),
            "full_glu": lambda s5, y, inner: s5.mix(inner) * s5.gate(inner).sigmoid(),
        }[activation](s5, y, inner)
        assert torch.allclose(s5(u), expected, atol=1e-12), activation


def test_h_tied_s4ds_are_one_s5(device):
    """With Lambda and Delta shared by all channels, S5's output is a linear mix of S4D's states (S5, section 4.1)."""
    s5 = layer(device, activation="none", dt_min=0.03, dt_max=0.03)
    u = draw(2, 40, 3, device=device)
    Abar, Bbar = s5.system()
    C = s5.readout()
    # output o hears input i through the S4D kernel with the readout C_on B_ni of shared modes
    mixed = torch.stack(
        [
            sum(
                causal_conv(u[..., [i]], vandermonde(C[o] * Bbar[:, i], Abar.log(), 40)[None])[..., 0]
                for i in range(3)
            )
            for o in range(3)
        ],
        dim=-1,
    )
    assert torch.allclose(s5(u), mixed + s5.D * u, atol=1e-9)


def test_clip_eigs_keeps_it_stable(device):
    for clip in (True, False):
        s5 = layer(device, clip_eigs=clip, dt_min=0.1, dt_max=0.1)
        with torch.no_grad():
            s5.decay.fill_(3.0)
            assert bool((s5.system()[0].abs() < 1).all()) == clip


def test_gradients_and_rate(device):
    s5 = layer(device)
    u = draw(2, 12, 3, device=device)
    s5(u).square().sum().backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.abs().sum() > 0 for p in s5.parameters())
    groups = parameter_groups(s5, lr=1e-2)
    slow = {id(p) for g in groups if g["name"] == "ssm" for p in g["params"]}
    assert slow == {id(p) for p in (s5.log_dt, s5.decay, s5.frequency, s5.B)}
    with torch.no_grad():
        y = s5(u, rate=2.0)
        stepped = s5.to_recurrent(2.0).step(u[:, 0], s5.default_state(2))[0]
        assert torch.allclose(stepped, y[:, 0], atol=1e-12)
        s5.train().eval()
        s5.log_dt += torch.log(torch.tensor(2.0, dtype=D, device=device))
        assert torch.allclose(s5(u), y, atol=1e-12)


def test_in_the_backbone(device):
    model = SequenceModel(
        5, 4, 2, lambda width: S5Layer(width, 8, dtype=D, device=device), prenorm=True, pool=None, d_out=5,
        embedding=True, dtype=D, device=device,
    ).eval()  # fmt: skip
    tokens = torch.randint(5, (2, 9), device=device)
    with torch.no_grad():
        whole, states = model(tokens), model.to_recurrent().default_state(2)
        for k in range(9):
            y, states = model.step(tokens[:, k], states)
            assert torch.allclose(y, whole[:, k], atol=1e-10)


def test_bad_input(device):
    s5 = layer(device, l_max=10)
    with pytest.raises(ValueError, match="activation must be one of full_glu.*got 'relu'"):
        layer(device, activation="relu")
    with pytest.raises(ValueError, match="dt_min=0.2, dt_max=0.1"):
        layer(device, dt_min=0.2)
    with pytest.raises(ValueError, match="d_model must be at least 1; got 0"):
        layer(device, d_model=0)
    with pytest.raises(ValueError, match="length 11 exceeds l_max 10"):
        s5(draw(1, 11, 3, device=device))
    with pytest.raises(ValueError, match=r"not empty; got \(1, 0, 3\)"):
        s5(draw(1, 0, 3, device=device))
    with pytest.raises(ValueError, match="rate must be positive; got 0"):
        s5(draw(1, 4, 3, device=device), rate=0)
    with pytest.raises(ValueError, match=r"state must have shape \(1, 4\); got \(2, 4\)"):
        s5(draw(1, 4, 3, device=device), s5.default_state(2))
    with pytest.raises(TypeError):
        s5(torch.zeros(1, 4, 3, dtype=torch.int64, device=device))
