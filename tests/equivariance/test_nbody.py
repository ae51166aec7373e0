"""The theme's simulators, graph networks and random rotations."""

import pytest
import torch

from labkit.equivariance.actions import apply_euclidean, permute_nodes
from labkit.equivariance.graph_nets import EGNN, LinearDynamics, PlainGNN
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.metrics import relative_error
from labkit.equivariance.nbody import ChargedSystem, SpringSystem

F64 = torch.float64


def generator(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


def springs(batch=3, **more):
    system = SpringSystem(**more)
    x, v = system.start(batch, generator())
    return system, x, v, system.draw_coupling(batch, generator(1)).to(F64)


# ---------------------------------------------------------------- random rotations


def test_random_orthogonal_is_haar():
    """Plain QR without the sign of R's diagonal is not: its mean trace is far from 0."""
    trace = random_orthogonal(20_000, 3, generator=generator(), dtype=F64).diagonal(dim1=1, dim2=2).sum(1)
    assert abs(trace.mean()) < 0.02
    assert abs(trace.square().mean() - 1) < 0.05


def test_special_ones_have_determinant_1_and_both_kinds_appear_else(device):
    R = random_orthogonal(64, 3, special=True, generator=generator(), dtype=F64, device=device)
    assert torch.allclose(R @ R.mT, torch.eye(3, dtype=F64, device=device).expand(64, 3, 3), atol=1e-12)
    assert torch.allclose(torch.linalg.det(R), torch.ones(64, dtype=F64, device=device))
    signs = torch.linalg.det(random_orthogonal(64, 3, generator=generator(), dtype=F64, device=device)).sign()
    assert signs.min() == -1 and signs.max() == 1
    with pytest.raises(ValueError, match="batch and d must be at least 1"):
        random_orthogonal(0, 3)


def test_points_are_turned_and_shifted_and_nodes_take_their_new_places(device):
    X = torch.tensor([[1.0, 0.0], [0.0, 2.0]], device=device)
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]], device=device)
    assert torch.equal(
        apply_euclidean(X, quarter, torch.tensor([[1.0, 1.0]], device=device)),
        torch.tensor([[1.0, 2.0], [-1.0, 1.0]], device=device),
    )
    A = torch.arange(9.0, device=device).view(3, 3)
    order = torch.tensor([2, 0, 1], device=device)
    assert torch.equal(permute_nodes(A, order), A[order][:, order])


# ---------------------------------------------------------------- springs


def test_powers_of_one_step_equal_the_loop():
    system, x, v, springs_ = springs()
    fast, slow = (system.simulate(x, v, springs_, 2001, 100, method) for method in ("linear", "loop"))
    assert fast.x.shape == (3, 20, 5, 3)
    assert (fast.x - slow.x).abs().max() < 1e-10 and (fast.v - slow.v).abs().max() < 1e-10


def test_springs_follow_the_exact_solution():
    """x'' = -kL x: each mode of kL is a cosine and a sine."""
    system, x, v, springs_ = springs()
    found = system.simulate(x, v, springs_, 1801, 1800)
    kL = system.strength * (torch.diag_embed(springs_.sum(-1)) - springs_)
    square, U = torch.linalg.eigh(kL)
    omega, t = square.clamp(min=0).sqrt()[..., None], 1.8
    sine = torch.where(omega > 1e-6, (omega * t).sin() / omega.clamp(min=1e-6), torch.full_like(omega, t))
    exact = U @ ((omega * t).cos() * (U.mT @ x) + sine * (U.mT @ v))
    assert (found.x[:, 0] - exact).abs().max() < 1e-3


@pytest.mark.parametrize("system", [SpringSystem(), ChargedSystem(dt=1e-4)], ids=["springs", "charges"])
def test_momentum_and_energy_are_kept(system):
    x, v = system.start(4, generator(5))
    x = x + 3 * torch.arange(5, dtype=F64, device="cpu")[None, :, None]  # apart, so that no force is clipped
    coupling = system.draw_coupling(4, generator(1)).to(F64)
    found = system.simulate(x, v, coupling, 2001, 100)
    assert (found.v.sum(2) - v.sum(1)[:, None]).abs().max() < 1e-10
    expanded = coupling[:, None].expand(-1, found.x.shape[1], *coupling.shape[1:])
    energy = system.energy(found.x, found.v, expanded)
    start = system.energy(x, v, coupling)[:, None]
    assert ((energy - start) / start).abs().max() < 1e-3
    rate = system.force(x, coupling)  # the force is minus the gradient of the potential
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(system.energy(x, torch.zeros_like(x), coupling).sum(), x)
    assert torch.allclose(rate, -gradient, atol=1e-9)


@pytest.mark.parametrize("system", [SpringSystem(), ChargedSystem()], ids=["springs", "charges"])
def test_the_dynamics_are_equivariant(system):
    x, v = system.start(3, generator(8))
    x = (
        3 * x if isinstance(system, ChargedSystem) else x
    )  # apart: the clip is by component, and not equivariant
    coupling = system.draw_coupling(3, generator(9)).to(F64)
    R, t = random_orthogonal(3, 3, generator=generator(7), dtype=F64), torch.randn(3, 1, 3, dtype=F64)
    found = system.simulate(apply_euclidean(x, R, t), apply_euclidean(v, R), coupling, 401, 100).x
    wanted = apply_euclidean(system.simulate(x, v, coupling, 401, 100).x, R[:, None], t[:, None])
    assert (found - wanted).abs().max() < 1e-8


def test_the_force_of_a_near_miss_is_clipped_and_springs_are_graphs():
    system = ChargedSystem(n=2, dt=0.001)
    x = torch.tensor([[[0.0, 0, 0], [1e-4, 0, 0]]], device="cpu")
    force = system.force(x, torch.ones(1, 2, device="cpu"))
    assert force[0, :, 0].tolist() == [-100, 100]
    drawn = SpringSystem().draw_coupling(200, generator())
    assert torch.equal(drawn, drawn.mT) and drawn.diagonal(dim1=1, dim2=2).sum() == 0
    assert abs(drawn.mean() / 0.8 - 0.5) < 0.05
    x, v = SpringSystem().start(2000, generator())
    assert torch.allclose(v.norm(dim=-1), torch.full_like(v[..., 0], 0.5)) and abs(x.std() - 0.5) < 0.01
    assert abs(ChargedSystem(n=40).loc_std - 2.0) < 1e-12


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SpringSystem(n=1), "n must be at least 2 bodies; got 1"),
        (lambda: ChargedSystem(dt=0.0), "dt must be positive; got 0.0"),
        (lambda: ChargedSystem().sample(1, 50, 100), "steps must be above sample_freq"),
        (lambda: springs()[0].simulate(*springs()[1:], 201, 100, "euler"), "unknown method: 'euler'"),
    ],
)
def test_bad_worlds_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# ---------------------------------------------------------------- networks


def on_cpu(make):
    """A network's parameters are made on the CPU, whatever the default device is."""
    with torch.device("cpu"):
        return make()


def bodies(device, n=5):
    x, v = (torch.randn(4, n, 3, generator=generator(s), dtype=F64, device="cpu").to(device) for s in (1, 2))
    q = torch.randint(0, 2, (4, n), generator=generator(3), device="cpu").to(device) * 2.0 - 1
    edges = (q[:, :, None] * q[:, None])[..., None].to(F64)
    R = random_orthogonal(4, 3, generator=generator(4), dtype=F64, device=device)
    t = torch.randn(4, 1, 3, generator=generator(5), dtype=F64, device="cpu").to(device)
    return x, v, edges, R, t


@pytest.mark.parametrize("model", [EGNN(16, 2, 1), LinearDynamics()], ids=["EGNN", "linear"])
def test_egnn_and_uniform_motion_are_equivariant(model, device):
    x, v, edges, R, t = bodies(device)
    model = model.to(device, F64)
    found = model(apply_euclidean(x, R, t), apply_euclidean(v, R), edges)
    assert (found - apply_euclidean(model(x, v, edges), R, t)).abs().max() < 1e-10


def test_the_plain_network_is_not_but_keeps_permutations(device):
    x, v, edges, R, t = bodies(device)
    model = on_cpu(lambda: PlainGNN(6, 16, 2, 1)).to(device, F64)
    found = model(apply_euclidean(x, R, t), apply_euclidean(v, R), edges)
    assert relative_error(found, apply_euclidean(model(x, v, edges), R, t), (1, 2)).min() > 0.1
    order = torch.tensor([3, 1, 4, 0, 2], device=device)
    permuted = model(x[:, order], v[:, order], edges[:, order][:, :, order])
    assert torch.allclose(permuted, model(x, v, edges)[:, order], atol=1e-12)


@pytest.mark.parametrize("kind", [EGNN, PlainGNN])
def test_nobody_sends_a_message_to_itself(kind, device):
    """What stands on the diagonal of the edge features must not matter."""
    x, v, edges, *_ = bodies(device)
    model = on_cpu(lambda: EGNN(16, 2, 1) if kind is EGNN else PlainGNN(6, 16, 2, 1)).to(device, F64)
    changed = edges + 5 * torch.eye(5, dtype=F64, device=device)[None, :, :, None]
    assert torch.equal(model(x, v, edges), model(x, v, changed))
