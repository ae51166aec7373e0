"""EqMotion: truths of the method, and its data."""

import math

import numpy as np
import pytest
import scipy.fft
import torch

from labkit.datasets import pedestrians as walks
from labkit.datasets.bodies import (
    PARENTS,
    bead_molecule,
    forward_kinematics,
    offsets,
    read_human36m,
    read_md17,
    rotation_of,
    sequential_split,
    walker,
)
from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.eqmotion.method import (
    ABLATIONS,
    ConstantVelocity,
    CorrelationGraph,
    EqMotion,
    FeatureLayer,
    InteractionReasoning,
    LSTMPredictor,
    PairMLP,
    PlainPredictor,
    agent_mean,
    best_of_k,
    dct_matrix,
    displacement_errors,
    displacements,
    equivariant_relu,
    frame_differences,
    interaction_accuracy,
    mix_channels,
    turning_angles,
)
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.metrics import relative_error
from labkit.equivariance.nbody import SpringSystem

F64 = torch.float64


def generator(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


def noise(device, *shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=F64, device="cpu").to(device)


def on_cpu(make):
    """A network's parameters are made on the CPU, whatever the default device is."""
    with torch.device("cpu"):
        return make()


def motion(device, batch, d, reflect, far=100.0):
    R = random_orthogonal(batch, d, special=True, generator=generator(1), dtype=F64, device=device)
    if reflect:
        R = torch.cat([-R[:, :1], R[:, 1:]], 1)
    t = noise(device, batch, 1, 1, d, seed=2)
    return R[:, None], far * t / t.norm(dim=-1, keepdim=True)


# ---------------------------------------------------------------- the whole


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("reflect", [False, True])
@pytest.mark.parametrize("heads", [1, 3])
def test_the_prediction_moves_along_and_the_graph_stays(device, d, reflect, heads):
    X = noise(device, 3, 5, 6, d)
    R, t = motion(device, 3, d, reflect)
    model = on_cpu(lambda: EqMotion(6, 4, 8, 7, 3, 3, heads=heads)).to(device, F64)
    y, c = model(X, return_graph=True)
    moved, same = model(apply_euclidean(X, R, t), return_graph=True)
    if heads > 1:
        R, t = R[:, None], t[:, None]
        assert y.shape == (3, 5, 3, 4, d)
    assert (moved - apply_euclidean(y, R, t)).abs().max() < 1e-10
    assert (same - c).abs().max() < 1e-12
    assert (y - y.mean((0, 1), keepdim=True)).abs().max() > 0.01
    assert torch.allclose(c.sum(-1), torch.ones_like(c[..., 0])) and not torch.allclose(c, c.transpose(1, 2))


@pytest.mark.parametrize("ablate", [(name,) for name in ABLATIONS], ids=ABLATIONS)
def test_each_part_can_be_left_out_and_does_something(ablate):
    X = noise("cpu", 3, 4, 6, 3)
    R, t = motion("cpu", 3, 3, True)
    torch.manual_seed(3)
    full = EqMotion(6, 4, 8, 7, 2, 3).double()
    without = EqMotion(6, 4, 8, 7, 2, 3, ablate=ablate).double()
    without.load_state_dict(full.state_dict())
    assert (without(X) - full(X)).abs().max() > 1e-6
    assert (without(apply_euclidean(X, R, t)) - apply_euclidean(without(X), R, t)).abs().max() < 1e-10


def test_agents_keep_their_order(device):
    X = noise(device, 2, 5, 6, 3)
    order = torch.tensor([3, 1, 4, 0, 2], device=device)
    model = on_cpu(lambda: EqMotion(6, 4, 8, 7, 2)).to(device, F64)
    y, c = model(X, return_graph=True)
    y2, c2 = model(X[:, order], return_graph=True)
    assert (y2 - y[:, order]).abs().max() < 1e-12 and (c2 - c[:, order][:, :, order]).abs().max() < 1e-12


def test_absent_agents_do_not_count_whatever_stands_there(device):
    X = noise(device, 2, 4, 6, 2)
    model = on_cpu(lambda: EqMotion(6, 4, 8, 7, 3, heads=2)).to(device, F64)
    padded = torch.cat([X, 50 * noise(device, 2, 3, 6, 2, seed=5)], 1)
    mask = torch.arange(7, device=device).expand(2, -1) < 4
    assert (model(padded, mask=mask)[:, :4] - model(X)).abs().max() < 1e-12
    assert (model(padded)[:, :4] - model(X)).abs().max() > 1e-3


def test_tokens_tell_the_joints_apart():
    X = noise("cpu", 2, 4, 6, 3)
    model = EqMotion(6, 4, 8, 7, 2, agent_tokens=4).double()
    order = torch.tensor([1, 0, 2, 3])
    assert (model(X[:, order]) - model(X)[:, order]).abs().max() > 1e-6
    R, t = motion("cpu", 2, 3, True)
    assert (model(apply_euclidean(X, R, t)) - apply_euclidean(model(X), R, t)).abs().max() < 1e-10


def test_mirrored_in_time_is_another_scene():
    """A symmetry that springs nearly have and the model has not: a constant output would pass the other tests."""
    tr = SpringSystem().sample(4, 1300, 100, generator=generator())
    X = tr.x.transpose(1, 2)[:, :, :6]
    model = EqMotion(6, 6, 8, 8, 2).double()
    assert (model(X.flip(2)) - model(X).flip(2)).abs().max() > 1e-3


# ---------------------------------------------------------------- the parts


def layer_of(device, **more):
    """A layer and inputs: h, G, U, c."""
    layer = on_cpu(lambda: FeatureLayer(8, 6, 2, **more)).to(device, F64)
    h, G, U = noise(device, 3, 4, 8), noise(device, 3, 4, 6, 3, seed=1), noise(device, 3, 4, 6, 3, seed=2)
    c = noise(device, 3, 4, 4, 2, seed=3).softmax(-1)
    return layer, h, G, U, c


@pytest.mark.parametrize("reflect", [False, True])
def test_each_step_is_equivariant(device, reflect):
    layer, h, G, U, c = layer_of(device)
    R, t = motion(device, 3, 3, reflect, far=2.0)
    moved, turned = apply_euclidean(G, R, t), apply_euclidean(U, R)
    w = layer.weights(h, (G[:, :, None] - G[:, None]).norm(dim=-1), c)
    steps = {
        "attention": lambda G, U: layer.attend(G, h, None),
        "aggregation": lambda G, U: layer.aggregate(G, w, G[:, :, None] - G[:, None]),
        "velocity": lambda G, U: layer.coast(G, U),
        "nonlinearity": lambda G, U: layer.bend(G, None),
    }
    for name, step in steps.items():
        found, wanted = step(moved, turned), apply_euclidean(step(G, U), R, t)
        assert (found - wanted).abs().max() < 1e-12, name
        assert (step(G, U) - G).abs().max() > 1e-3, name
    h1, G1 = layer(h, G, U, c)
    h2, G2 = layer(h, moved, turned, c)
    assert (h1 - h2).abs().max() < 1e-12 and (G2 - apply_euclidean(G1, R, t)).abs().max() < 1e-11
    # the order: distances and differences are those before the attention
    _, made = layer.steps(h, G, U, c)
    by_hand = layer.bend(
        layer.coast(layer.aggregate(layer.attend(G, h, None), w, G[:, :, None] - G[:, None]), U), None
    )
    assert torch.allclose(by_hand, G1, atol=1e-12)
    assert list(made) == ["before", "attention", "aggregation", "velocity", "nonlinearity"]


def test_the_start_and_the_read_out_are_equivariant(device):
    X = noise(device, 3, 5, 6, 3)
    R, t = motion(device, 3, 3, False)
    model = on_cpu(lambda: EqMotion(6, 4, 8, 7, 2)).to(device, F64)
    a, b = model.initial(X), model.initial(apply_euclidean(X, R, t))
    assert (a.h - b.h).abs().max() < 1e-9
    assert (b.G - apply_euclidean(a.G, R)).abs().max() < 1e-11  # centred: turned, not shifted
    assert (b.U - apply_euclidean(a.U, R)).abs().max() < 1e-12
    assert (b.centre - apply_euclidean(a.centre, R, t)).abs().max() < 1e-12
    read = model.read_out(apply_euclidean(a.G, R), 0, b)
    assert (read - apply_euclidean(model.read_out(a.G, 0, a), R, t)).abs().max() < 1e-11
    assert (model.initial(X, 2 * frame_differences(X)).U - 2 * a.U).abs().max() < 1e-12


def test_the_start_and_the_read_out_are_the_formulas():
    """G = phi_x(DCT X - mean) + mean and X^ = idct(phi_o(G - mean) + mean) + centre, by SciPy's transform."""
    X = noise("cpu", 2, 5, 6, 3) + 4
    model = EqMotion(6, 4, 8, 7, 2).double()
    start = model.initial(X)
    centre = X.mean((1, 2), keepdim=True)
    assert torch.allclose(start.centre, centre)

    def dct(x, inverse=False):
        f = scipy.fft.idct if inverse else scipy.fft.dct
        return torch.from_numpy(f(x.detach().numpy(), axis=2, norm="ortho"))

    C = dct(X - centre)
    mean = C.mean((1, 2), keepdim=True)
    assert torch.allclose(start.G, model.coord_trans.weight @ (C - mean) + mean, atol=1e-12)
    assert torch.allclose(start.U, model.vel_trans.weight @ dct(frame_differences(X)), atol=1e-12)
    G = start.G + 2  # so that the mean counts
    mean = G.mean((1, 2), keepdim=True)
    wanted = dct(model.predict_head[0].weight @ (G - mean) + mean, inverse=True) + centre
    assert torch.allclose(model.read_out(G, 0, start), wanted, atol=1e-12)
    speeds = model.embedding(frame_differences(X).norm(dim=-1))
    assert torch.allclose(
        start.h, torch.cat([speeds, model.embedding2(turning_angles(frame_differences(X)))], -1)
    )


def test_a_bias_breaks_it():
    X = noise("cpu", 3, 5, 6, 3)
    R, _ = motion("cpu", 3, 3, False)
    G = noise("cpu", 3, 4, 6, 3)
    W, b = noise("cpu", 6, 6, seed=7), noise("cpu", 6, 1, seed=8)
    with_bias = mix_channels(W, apply_euclidean(G, R)) + b
    assert (with_bias - apply_euclidean(mix_channels(W, G) + b, R)).abs().max() > 1e-3
    model = EqMotion(6, 4, 8, 7, 2).double()
    heads = [model.coord_trans, model.vel_trans, *model.predict_head]
    heads += [linear for layer in model.layers for linear in (layer.coord_vel, layer.layer_q, layer.layer_k)]
    assert all(linear.bias is None for linear in heads)
    assert torch.isfinite(model(X)).all()


def test_pair_networks_equal_the_plain_form(device):
    net = on_cpu(lambda: PairMLP(4, 3, 5, 2)).to(device, F64)
    h, e = noise(device, 2, 6, 4), noise(device, 2, 6, 6, 3, seed=1)
    joined = torch.cat([h[:, :, None].expand(-1, -1, 6, -1), h[:, None].expand(-1, 6, -1, -1), e], -1)
    silu = torch.nn.functional.silu
    assert torch.allclose(net(h, e), silu(net.second(silu(net.first(joined)))), atol=1e-12)


def test_silent_categories_carry_no_message(device):
    layer, h, G, _, c = layer_of(device, silent=1)
    assert len(layer.category_mlp) == 1
    only = torch.zeros_like(c)
    only[..., 0] = 1
    w = layer.weights(h, (G[:, :, None] - G[:, None]).norm(dim=-1), only)
    assert torch.allclose(w, layer.factor_mlp(torch.zeros_like(w)), atol=1e-12)


def test_nobody_tells_itself_anything_in_the_graph_and_temperature_sharpens(device):
    net = on_cpu(lambda: InteractionReasoning(8, 6, 3)).to(device, F64)
    h, G, U = noise(device, 2, 4, 8), noise(device, 2, 4, 6, 3, seed=1), noise(device, 2, 4, 6, 3, seed=2)
    d = net.coord_mlp((torch.cat([G, U], 2)[:, :, None] - torch.cat([G, U], 2)[:, None]).norm(dim=-1))
    m = net.edge_mlp(h, d)
    m = torch.stack([sum(m[:, i, j] for j in range(4) if j != i) for i in range(4)], 1)
    n = net.node_mlp(torch.cat([h, m], -1))
    assert torch.allclose(net(h, G, U), net.category_mlp(n, d).softmax(-1), atol=1e-12)
    assert net.logits(h, G, U).min() > -0.2785  # SiLU bounds the logits from below
    soft = net(h, G, U)
    net.temperature = 0.1
    assert net(h, G, U).amax(-1).mean() > soft.amax(-1).mean()


def test_dct_is_orthonormal_and_scipys(device):
    for n in (1, 2, 8, 20):
        D = dct_matrix(n, dtype=F64, device=device)
        assert torch.allclose(D @ D.T, torch.eye(n, dtype=F64, device=device), atol=1e-12)
    x = noise(device, 8, 3)
    found = dct_matrix(8, dtype=F64, device=device) @ x
    assert torch.allclose(found.cpu(), torch.from_numpy(scipy.fft.dct(x.cpu().numpy(), axis=0, norm="ortho")))
    constant = dct_matrix(8, dtype=F64, device=device) @ torch.full((8, 1), 3.0, dtype=F64, device=device)
    assert abs(constant[0] - 3 * math.sqrt(8)) < 1e-12 and constant[1:].abs().max() < 1e-12
    assert dct_matrix(8).dtype == torch.float32 and dct_matrix(8, dtype=F64) is dct_matrix(8, dtype=F64)


def test_the_equivariant_relu(device):
    q, k = noise(device, 200, 3), noise(device, 200, 3, seed=1)
    found, along = equivariant_relu(q, k), (q * k).sum(-1)
    assert torch.equal(found[along >= 0], q[along >= 0])
    square = k.square().sum(-1)
    left = along * 1e-4 / (square + 1e-4)
    assert torch.allclose((found * k).sum(-1)[along < 0], left[along < 0], atol=1e-12)
    assert (equivariant_relu(found, k) - found).abs().max() < 1e-2
    a, b = (
        q[along.abs() > 0.3][:6].clone().requires_grad_(),
        k[along.abs() > 0.3][:6].clone().requires_grad_(),
    )
    assert torch.autograd.gradcheck(equivariant_relu, (a, b))


def test_turning_angles():
    steps = 24
    a = torch.arange(steps, dtype=F64) * 2 * math.pi / steps
    circle = torch.stack([a.cos(), a.sin(), 0 * a], -1) * 5
    angles = turning_angles(frame_differences(circle))
    assert angles[:2].max() < 5e-3 and (angles[2:] - 2 * math.pi / steps).abs().max() < 1e-3
    for speed in (0.1, 1.0, 4.0):
        line = speed * torch.arange(6, dtype=F64)[:, None] * torch.tensor([[0.6, 0.8]], dtype=F64)
        assert 0 < turning_angles(frame_differences(line)).max() < 3e-3 / math.sqrt(speed)
    assert torch.allclose(
        turning_angles(torch.zeros(4, 3, dtype=F64)), torch.full((4,), math.pi / 2, dtype=F64)
    )
    back = torch.tensor([[1.0, 0], [-1.0, 0]], dtype=F64)
    assert abs(turning_angles(back)[1] - math.pi) < 3e-3
    for v in (frame_differences(circle), torch.zeros(4, 3, dtype=F64), 1e6 * torch.ones(3, 2), back):
        v = v.clone().requires_grad_()
        assert torch.isfinite(torch.autograd.grad(turning_angles(v).sum(), v)[0]).all()


def test_means_are_over_present_agents(device):
    G = noise(device, 2, 3, 4, 2)
    present = torch.tensor([[1.0, 1, 0], [1, 0, 0]], dtype=F64, device=device)
    found = agent_mean(G, present)
    assert torch.allclose(found[0, 0, 0], G[0, :2].mean((0, 1))) and torch.allclose(
        found[1, 0, 0], G[1, 0].mean(0)
    )


# ---------------------------------------------------------------- measures and baselines


def test_displacement_errors_and_best_of_k():
    target = torch.zeros(2, 3, 2)
    pred = torch.tensor([[3.0, 4.0], [0, 0], [6, 8]]).expand(2, -1, -1)
    found = displacement_errors(pred, target)
    assert found["ade"] == 5 and found["fde"] == 10 and found["per_step"].tolist() == [5, 0, 10]
    heads = torch.stack([pred, 0.5 * pred, 2 * pred], 1).requires_grad_()
    best = best_of_k(heads, target)
    assert torch.equal(best, 0.5 * pred)
    displacements(best, target).square().sum().backward()
    assert heads.grad[:, 1].abs().sum() > 0 and heads.grad[:, [0, 2]].abs().sum() == 0


def test_interaction_accuracy_takes_the_best_naming_off_the_diagonal():
    edges = torch.zeros(1, 3, 3)
    edges[0, 0, 1] = edges[0, 1, 0] = 1
    right = torch.nn.functional.one_hot(edges.long(), 2).float()
    assert interaction_accuracy(right, edges) == interaction_accuracy(right.flip(-1), edges) == 1
    wrong = right.clone()
    wrong[0, 0, 1] = wrong[0, 0, 1].flip(-1)
    assert abs(interaction_accuracy(wrong, edges) - 5 / 6) < 1e-12
    diagonal = right.clone()
    diagonal[0, range(3), range(3)] = diagonal[0, range(3), range(3)].flip(-1)
    assert interaction_accuracy(diagonal, edges) == 1


def test_baselines():
    line = torch.arange(5, dtype=F64)[:, None] * torch.tensor([1.0, 2.0], dtype=F64)
    found = ConstantVelocity(3)(line[None, None])
    assert torch.allclose(
        found[0, 0], torch.arange(5, 8, dtype=F64)[:, None] * torch.tensor([1.0, 2.0], dtype=F64)
    )
    X = noise("cpu", 2, 5, 6, 3)
    R, t = motion("cpu", 2, 3, False, far=5.0)
    for model in (LSTMPredictor(4), PlainPredictor(6, 4)):
        model = model.double()
        assert (model(X + t) - model(X) - t).abs().max() < 1e-10  # shifts are easy
        error = relative_error(model(apply_euclidean(X, R)), apply_euclidean(model(X), R), (1, 2, 3))
        assert error.min() > 1e-3
    tr = SpringSystem(strength=1.0).sample(60, 2100, 100, generator=generator())
    c = CorrelationGraph()(tr.x.transpose(1, 2))
    assert interaction_accuracy(c, tr.coupling) > 0.6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: EqMotion(6, 4)(noise("cpu", 2, 3, 5, 3).float()),
            r"past = 6, n\), n = 2 or 3; got \(2, 3, 5, 3\)",
        ),
        (lambda: EqMotion(6, 4)(noise("cpu", 2, 3, 6, 4).float()), "n = 2 or 3"),
        (lambda: EqMotion(1, 4), "past must be at least 2 frames; got 1"),
        (lambda: EqMotion(6, 0), "future must be at least 1"),
        (lambda: EqMotion(6, 4, pattern_dim=7), "pattern_dim must be even"),
        (lambda: EqMotion(6, 4, temperature=0.0), "temperature must be positive"),
        (lambda: EqMotion(6, 4, categories=0), "categories must be at least 1"),
        (lambda: EqMotion(6, 4, ablate=("dct",)), r"unknown ablate: \['dct'\]; choose from attention"),
        (lambda: EqMotion(6, 4, silent=2), "silent must be from 0 to categories - 1 = 1; got 2"),
        (
            lambda: EqMotion(6, 4, agent_tokens=4)(torch.zeros(2, 3, 6, 3)),
            "agent_tokens = 4, but positions have 3",
        ),
        (lambda: EqMotion(6, 4)(torch.full((2, 3, 6, 3), math.nan)), "positions must be finite"),
        (
            lambda: EqMotion(6, 4)(torch.zeros(2, 3, 6, 3), mask=torch.zeros(2, 3, dtype=torch.bool)),
            "a valid agent in every scene",
        ),
        (lambda: dct_matrix(0), "n must be at least 1"),
        (lambda: walks.eth_ucy("univ2"), "unknown scene: 'univ2'; choose from eth, hotel, zara01"),
        (lambda: sequential_split(torch.zeros(40, 3, 3), 5, 5, "dev"), "unknown part: 'dev'"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- data


def recording(tmp_path, wide=False):
    """Pedestrian 1 in frames 0 to 4, 2 in 0 to 3, 3 in 1 to 4; they walk along x at their own speeds."""
    rows = []
    for frame in range(5):
        for who in (1, 2, 3):
            if (who == 2 and frame == 4) or (who == 3 and frame == 0):
                continue
            row = [10 * frame, who, who * frame, who]
            if wide:
                row = [10 * frame, who, *[0] * 11, who * frame, 0, who, 0]
            rows.append(row)
    np.savetxt(tmp_path / "r.txt", np.array(rows, float))
    return tmp_path / "r.txt"


@pytest.mark.parametrize("wide", [False, True])
def test_windows_hold_who_is_there_all_along(tmp_path, wide):
    tracks = walks.read_tracks(recording(tmp_path, wide))
    found = walks.windows(tracks, 4)
    assert [len(w) for w in found] == [2, 2]  # 1 and 2 in frames 0 to 3, 1 and 3 in 1 to 4
    assert torch.equal(found[0][1], torch.tensor([[0.0, 2], [2, 2], [4, 2], [6, 2]]))
    assert walks.windows(tracks, 5) == []  # only one pedestrian stays so long
    samples = walks.focal_samples(found, agents=3, past=2)
    assert samples.positions.shape == (4, 3, 4, 2) and samples.present.sum(1).tolist() == [2] * 4
    assert torch.equal(samples.positions[1, 0], found[0][1]) and torch.equal(
        samples.positions[1, 1], found[0][0]
    )
    np.savetxt(tmp_path / "bad.txt", np.zeros((2, 5)))
    with pytest.raises(ValueError, match="has 5 columns"):
        walks.read_tracks(tmp_path / "bad.txt")


@pytest.mark.skipif(not walks.eth_ucy_present(), reason="the recordings are not on this machine")
@pytest.mark.parametrize(("scene", "count"), [("eth", 181), ("hotel", 1053), ("zara01", 2253)])
def test_the_recordings_give_the_protocols_samples(scene, count):
    samples = walks.eth_ucy(scene)
    assert samples.positions.shape == (count, 6, 20, 2) and samples.present[:, 0].all()
    steps = samples.positions[:, 0].diff(dim=1).norm(dim=-1)
    assert 0.05 < steps.mean() < 0.8  # metres in 0.4 s


def test_the_crowd_avoids_and_arrives():
    scenes = walks.crowd(30, generator(), agents=4)
    assert scenes.shape == (30, 4, 20, 2) and torch.isfinite(scenes).all()
    speed = scenes.diff(dim=2).norm(dim=-1) / 0.4
    assert 0.7 < speed.mean() < 1.7
    pairs = scenes.transpose(1, 2)
    distance = torch.cdist(pairs, pairs) + 10 * torch.eye(4)
    assert distance[:, 4:].amin() > 0.05
    assert displacements(ConstantVelocity(12)(scenes[:, :, :8]), scenes[:, :, 8:]).mean() > 0.1


def test_forward_kinematics():
    still = forward_kinematics(torch.zeros(1, 32, 3, dtype=F64))[0]
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            assert torch.allclose(still[joint] - still[parent], offsets()[joint])
    assert len(PARENTS) == 32 and abs(offsets().norm(dim=1).max() - 454.20659) < 1e-9
    angles = 0.3 * noise("cpu", 5, 32, 3)
    places = forward_kinematics(angles)
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:  # bones keep their lengths
            bone = (places[:, joint] - places[:, parent]).norm(dim=-1)
            assert torch.allclose(bone, offsets()[joint].norm().expand(5))
    bent = torch.zeros(1, 32, 3, dtype=F64)
    bent[0, 1, 0] = math.pi / 2  # a hip turns what hangs from it, not itself
    moved = forward_kinematics(bent)[0]
    assert torch.allclose(moved[1], still[1]) and not torch.allclose(moved[2], still[2])
    assert torch.allclose(moved[11:], still[11:])
    quarter = rotation_of(torch.tensor([0, 0, math.pi / 2], dtype=F64))
    assert torch.allclose(
        quarter @ torch.tensor([1.0, 0, 0], dtype=F64), torch.tensor([0, 1.0, 0], dtype=F64)
    )


def test_the_files_of_human36m_and_md17(tmp_path):
    table = np.random.default_rng(0).normal(size=(6, 99)) * 0.2
    np.savetxt(tmp_path / "walking_1.txt", table, delimiter=",")
    found = read_human36m(tmp_path / "walking_1.txt")
    assert found.shape == (3, 32, 3) and found[:, 0].abs().max() == 0
    np.savetxt(tmp_path / "bad.txt", table[:, :5], delimiter=",")
    with pytest.raises(ValueError, match="has 5 columns"):
        read_human36m(tmp_path / "bad.txt")
    R = np.random.default_rng(0).normal(size=(41, 4, 3))
    np.savez(tmp_path / "m_dft.npz", R=R, z=np.array([6, 1, 8, 1]))
    found = read_md17(tmp_path / "m_dft.npz")
    assert found.shape == (3, 2, 3) and np.allclose(found[1], R[20, [0, 2]], atol=1e-6)
    np.savez(tmp_path / "bad.npz", R=R)
    with pytest.raises(ValueError, match="MD17 has R and z"):
        read_md17(tmp_path / "bad.npz")
    np.savez(tmp_path / "other.npz", R=R, z=np.array([6]))
    with pytest.raises(ValueError, match="is wanted"):
        read_md17(tmp_path / "other.npz")
    long = torch.arange(80.0)[:, None, None].expand(-1, 2, 3)
    parts = [sequential_split(long, 3, 2, part) for part in ("train", "valid", "test")]
    assert [len(p) for p in parts] == [10, 2, 4] and parts[2][-1, 0, -1, 0] == 79


def test_generated_bodies_keep_their_bones():
    w = walker(4, 20, generator())
    for a, b in ((1, 2), (2, 3), (11, 12), (12, 13)):
        length = (w[:, a] - w[:, b]).norm(dim=-1)
        assert (length - length[:, :1]).abs().max() < 1e-5
    assert w.shape == (4, 17, 20, 3) and w[:, [3, 6], :, 2].min() > -0.1
    m = bead_molecule(4, 20, generator())
    bond = (m[:, 0] - m[:, 1]).norm(dim=-1)
    assert bond.min() > 0.6 and bond.max() < 1.4 and bond.std() > 0.005
