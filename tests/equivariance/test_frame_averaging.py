"""Frame Averaging: truths of the method."""

import itertools
import math
import warnings
from collections import defaultdict

import pytest
import torch
from torch import nn

from labkit.datasets import connected_graphs, hard_pairs, lifts, surfaces
from labkit.datasets.graphs import CSL_SKIPS, circular_skip_links, cycle, rook, shrikhande
from labkit.datasets.surfaces import KINDS, surface
from labkit.equivariance.actions import apply_euclidean, permute_nodes
from labkit.equivariance.frame_averaging.method import (
    FADGCNN,
    FAGNN,
    AdjacencyMLP,
    DegenerateFrameWarning,
    DenseGIN,
    FALocalPointNet,
    FAPointNet,
    FrameAverage,
    PointNet,
    euclidean_frame,
    frame_size,
    framed,
    group_average,
    laplacian_node_matrix,
    normal_loss,
    pair_features,
    permutation_frame,
    sample_permutation_frame,
    separates,
    sorted_with_ties,
    stretched,
    unit,
    whitened,
    wl_colours,
)
from labkit.equivariance.frame_averaging.method.permutations import eigenspaces
from labkit.equivariance.graph_nets import PlainGNN
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.metrics import relative_error

F64 = torch.float64


def generator(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


def noise(device, *shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=F64, device="cpu").to(device)


def on_cpu(make):
    """A network's parameters are made on the CPU, whatever the default device is."""
    with torch.device("cpu"):
        return make()


class Backbone(nn.Module):
    """A network without symmetry."""

    def __init__(self, n, width, out, shape):
        super().__init__()
        self.shape = shape
        with torch.device("cpu"):
            self.net = nn.Sequential(
                nn.Linear(n * width, 32), nn.Tanh(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, out)
            )

    def forward(self, x):
        return self.net(x.flatten(1)).unflatten(1, self.shape)


def motion(device, batch, d, special=False, seed=1):
    R = random_orthogonal(batch, d, special=special, generator=generator(seed), dtype=F64, device=device)
    return R, noise(device, batch, 1, d, seed=seed + 1)


# ---------------------------------------------------------------- frames of clouds


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("group", ["E", "SE", "O", "SO"])
def test_any_network_becomes_exactly_symmetric(device, d, group):
    X = noise(device, 5, 9, d)
    R, t = motion(device, 5, d, special=group.startswith("S"))
    t = t if group.endswith("E") else 0 * t
    moved = apply_euclidean(X, R, t)
    number = FrameAverage(Backbone(9, d, 2, (2,)).to(device, F64), group, "invariant")
    assert (number(moved) - number(X)).abs().max() < 1e-12
    backbone = Backbone(9, d, 9 * d, (9, d)).to(device, F64)
    vector = FrameAverage(backbone, group, "vector")
    assert (vector(moved) - apply_euclidean(vector(X), R)).abs().max() < 1e-12
    position = FrameAverage(backbone, group, "position")
    assert (position(moved) - apply_euclidean(position(X), R, t)).abs().max() < 1e-12
    assert (backbone(moved) - apply_euclidean(backbone(X), R, t)).abs().max() > 0.1


def test_vectors_beside_the_points_are_turned_and_features_are_not(device):
    X, v, h = noise(device, 3, 7, 3), noise(device, 3, 7, 3, seed=5), noise(device, 3, 7, 2, seed=6)
    R, t = motion(device, 3, 3)
    f = FrameAverage(Backbone(7, 8, 21, (7, 3)).to(device, F64), "E", "vector")
    found = f(apply_euclidean(X, R, t), apply_euclidean(v, R), h)
    assert (found - apply_euclidean(f(X, v, h), R)).abs().max() < 1e-12
    assert (f(X, v + 1, h) - f(X, v, h)).abs().max() > 1e-3


def test_se_sees_reflections_and_e_does_not(device):
    X = noise(device, 4, 8, 3)
    mirrored = X * torch.tensor([1.0, 1.0, -1.0], dtype=F64, device=device)
    backbone = Backbone(8, 3, 1, (1,)).to(device, F64)
    assert (FrameAverage(backbone, "SE")(mirrored) - FrameAverage(backbone, "SE")(X)).abs().min() > 1e-3
    assert (FrameAverage(backbone, "E")(mirrored) - FrameAverage(backbone, "E")(X)).abs().max() < 1e-12


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("group", ["E", "SE", "O", "SO"])
def test_the_frame_turns_along_as_a_set(device, d, group):
    X = noise(device, 4, 9, d)
    R, t = motion(device, 4, d, special=group.startswith("S"))
    t = t if group.endswith("E") else 0 * t
    before, after = euclidean_frame(X, group), euclidean_frame(apply_euclidean(X, R, t), group)
    size = 2 ** (d - 1) if group.startswith("S") else 2**d
    assert before.rotations.shape == (4, size, d, d)
    turned = R[:, None] @ before.rotations
    apart = (turned[:, :, None] - after.rotations[:, None]).abs().amax((-1, -2))
    assert apart.amin(2).max() < 1e-9 and apart.amin(1).max() < 1e-9
    assert torch.allclose(after.translation, before.translation @ R.mT + t, atol=1e-9)
    determinants = torch.linalg.det(before.rotations)
    if group.startswith("S"):
        assert torch.allclose(determinants, torch.ones_like(determinants))
    else:
        assert determinants.min() < 0 < determinants.max()
    assert (before.eigenvalues.diff(dim=1) > 0).all()


def test_the_axes_diagonalise_the_covariance_and_a_mask_leaves_points_out(device):
    X = noise(device, 2, 9, 3)
    frame = euclidean_frame(X, "E")
    C = (X - X.mean(1, keepdim=True)).mT @ (X - X.mean(1, keepdim=True))
    wanted = torch.diag_embed(frame.eigenvalues)[:, None].expand(-1, 8, -1, -1)
    assert torch.allclose(frame.rotations.mT @ C[:, None] @ frame.rotations, wanted, atol=1e-9)
    mask = torch.ones(2, 12, dtype=torch.bool, device=device)
    mask[:, 9:] = False
    padded = torch.cat([X, 100 + noise(device, 2, 3, 3, seed=9)], 1)
    masked = euclidean_frame(padded, "E", mask)
    assert torch.allclose(masked.eigenvalues, frame.eigenvalues)
    assert torch.allclose(masked.translation, frame.translation)
    # the averaging passes the mask on to the backbone
    backbone = Backbone(12, 3, 1, (1,)).to(device, F64)
    f = FrameAverage(lambda x, m: backbone(x * m[..., None]), "E")
    assert torch.allclose(f(padded, mask=mask), f(padded + 7 * ~mask[..., None], mask=mask), atol=1e-10)


def test_chirality_is_averaged_out_by_reflections_only(device):
    X = noise(device, 6, 3, 3)

    def volume(x):
        return torch.linalg.det(x[:, :3])[:, None]

    assert FrameAverage(volume, "O")(X).abs().max() < 1e-12
    assert torch.allclose(FrameAverage(volume, "SO")(X).abs(), volume(X).abs())


def test_what_is_symmetric_comes_back_unchanged(device):
    X = noise(device, 4, 7, 3)

    def invariant(x):
        return torch.cdist(x, x).sum((1, 2))[:, None]

    def equivariant(x):
        return 2 * x - x.mean(1, keepdim=True)

    assert torch.allclose(FrameAverage(invariant, "E")(X), invariant(X), atol=1e-12)
    assert torch.allclose(FrameAverage(equivariant, "E", "position")(X), equivariant(X), atol=1e-12)


def test_sampling_the_group_is_another_function_and_converges_slowly(device):
    X = noise(device, 4, 6, 3)
    R, t = motion(device, 4, 3)
    backbone = Backbone(6, 3, 1, (1,)).to(device, F64).requires_grad_(False)
    g = generator(3)
    counts, errors = [16, 64, 256, 1024, 4096], []
    for k in counts:
        apart = [
            group_average(backbone, apply_euclidean(X, R, t), "E", k, generator=g)
            - group_average(backbone, X, "E", k, generator=g)
            for _ in range(24 if k < 1000 else 8)
        ]
        errors.append(torch.stack(apart).square().mean().sqrt().item())
    logs = [(math.log(k), math.log(e)) for k, e in zip(counts, errors, strict=True)]
    mean = [sum(v) / len(logs) for v in zip(*logs, strict=True)]
    slope = sum((a - mean[0]) * (b - mean[1]) for a, b in logs) / sum((a - mean[0]) ** 2 for a, _ in logs)
    assert abs(slope + 0.5) < 0.15
    whole = group_average(backbone, X, "E", 20_000, generator=g)
    assert (whole - FrameAverage(backbone, "E")(X)).abs().max() > 0.01


@pytest.mark.parametrize(("group", "output"), [("E", "position"), ("SO", "vector")])
def test_the_group_average_takes_outputs_back(device, group, output):
    X = noise(device, 3, 5, 3)
    found = group_average(lambda x: 2 * x, X, group, 3, output, generator())
    wanted = 2 * (X - X.mean(1, keepdim=True)) + X.mean(1, keepdim=True) if group == "E" else 2 * X
    assert torch.allclose(found, wanted, atol=1e-12)


def test_single_elements_average_to_the_whole(device):
    X = noise(device, 3, 6, 3)
    f = FrameAverage(Backbone(6, 3, 18, (6, 3)).to(device, F64), "E", "position")
    singles = [f(X, elements=torch.full((3, 1), e, device=device)) for e in range(8)]
    assert torch.allclose(torch.stack(singles).mean(0), f(X), atol=1e-12)
    f.stochastic = 8
    drawn = f(X, generator=generator())
    f.stochastic = 1
    one = f(X, generator=generator(1))
    again = f(X, generator=generator(2))
    f.stochastic = None
    assert torch.allclose(drawn, f(X), atol=1e-12) and not torch.allclose(one, again)
    near = torch.stack([(one - s).abs().amax((1, 2)) for s in singles]).amin(0)
    assert near.max() < 1e-12


def test_gradients_flow_through_the_frame_when_asked():
    X = noise("cpu", 2, 5, 3)
    with_frame = FrameAverage(Backbone(5, 3, 1, (1,)).double(), "E", detach=False)
    assert torch.autograd.gradcheck(with_frame, X.clone().requires_grad_(), atol=1e-5)
    without = FrameAverage(with_frame.backbone, "E")
    grads = []
    for f in (with_frame, without):
        x = X.clone().requires_grad_()
        grads.append(torch.autograd.grad(f(x).sum(), x)[0])
    assert (grads[0] - grads[1]).abs().max() > 1e-4


# ---------------------------------------------------------------- where it breaks, bad input


def test_a_degenerate_cloud_is_named():
    X = torch.cat([noise("cpu", 1, 6, 2), whitened(noise("cpu", 6, 2))[None]])
    with pytest.warns(DegenerateFrameWarning, match=r"cloud 1 of the batch \(1 in all\).*gap.*tol = 1e-06"):
        euclidean_frame(X, "E")
    with pytest.raises(ValueError, match="cloud 1 of the batch"):
        euclidean_frame(X, "E", strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        euclidean_frame(X, "E", tol=0)
        euclidean_frame(X[:1], "E")


def test_a_round_cloud_is_round_and_a_stretch_is_along_its_direction():
    X = whitened(noise("cpu", 9, 2))
    assert torch.allclose(X.T @ X, torch.eye(2, dtype=F64), atol=1e-12)
    angle = torch.tensor([0.7], dtype=F64)
    longer = stretched(X, torch.tensor([0.1], dtype=F64), angle)
    u = torch.stack([angle.cos(), angle.sin()], -1)[0]
    axis = euclidean_frame(longer, "O").rotations[0, 0, :, 1]
    assert abs(abs(axis @ u) - 1) < 1e-9
    with pytest.raises(ValueError, match="lie on a line"):
        whitened(torch.tensor([[0.0, 0], [1, 1], [2, 2]], dtype=F64))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: euclidean_frame(noise("cpu", 2, 1, 3)), r"n and d at least 2; got \(2, 1, 3\)"),
        (lambda: euclidean_frame(noise("cpu", 2, 5, 1)), "n and d at least 2"),
        (lambda: euclidean_frame(noise("cpu", 2, 5, 3) / 0), "must be finite"),
        (lambda: euclidean_frame(noise("cpu", 1, 5, 3), "U"), "unknown group: 'U'; choose from E, SE, O, SO"),
        (
            lambda: euclidean_frame(noise("cpu", 1, 5, 3), "E", torch.zeros(1, 5, dtype=torch.bool)),
            "leave a point in every cloud",
        ),
        (lambda: FrameAverage(nn.Identity(), "E", "scalar"), "unknown output: 'scalar'"),
        (lambda: FrameAverage(nn.Identity(), "E", stochastic=0), "stochastic must be at least 1"),
        (
            lambda: FrameAverage(nn.Identity(), "E", stochastic=9)(noise("cpu", 1, 5, 3)),
            "9 elements of a frame that has 8",
        ),
        (lambda: group_average(nn.Identity(), noise("cpu", 1, 5, 3), "E", 0), "samples must be at least 1"),
        (lambda: FAGNN(hidden=32), "hidden must be a multiple of 3"),
        (
            lambda: permutation_frame(cycle(8)),
            "40,320 elements, more than limit = 5,040.*sample_permutation_frame",
        ),
        (lambda: frame_size(torch.tensor([[0.0, 1.0], [0.0, 0.0]])), "A must be symmetric"),
        (lambda: frame_size(torch.tensor([[0.0, -1.0], [-1.0, 0.0]])), "not negative"),
        (lambda: sample_permutation_frame(cycle(4), 0), "k must be at least 1"),
        (lambda: separates(lambda s: nn.Identity(), [], [0]), "at least one graph"),
        (lambda: DenseGIN(3, identity=True)(torch.zeros(1, 4, 4)), "at most 3 nodes; got 4"),
        (lambda: AdjacencyMLP(3)(torch.zeros(1, 4, 4)), "at most 3 nodes; got 4"),
        (lambda: connected_graphs(9), "nodes must be from 1 to 8; got 9"),
        (lambda: lifts(2, generator(), cycles=(4,)), "odd lengths"),
        (lambda: surface("cone", 9, generator()), "unknown kind: 'cone'"),
        (lambda: surface("box", 3, generator()), "at least 4 points"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- frames of graphs


def test_the_node_matrix_does_not_depend_on_the_basis_or_the_nodes_order():
    for A in (cycle(6), rook(), connected_graphs(6)[20]):
        S = laplacian_node_matrix(A)
        values, U = torch.linalg.eigh(torch.diag(A.sum(1)) - A)
        columns = []
        for space in eigenspaces(values):
            basis = U[:, space]
            Q = random_orthogonal(1, basis.shape[1], generator=generator(), dtype=F64)[0]
            columns.append((basis @ Q).square().sum(1).sqrt())
        assert torch.allclose(torch.stack(columns, 1), S, atol=2e-6)
        order = torch.randperm(len(A), generator=generator(1))
        assert torch.allclose(laplacian_node_matrix(permute_nodes(A, order)), S[order], atol=1e-10)


def test_frame_sizes_of_the_connected_graphs_of_seven_nodes():
    sizes = torch.tensor([frame_size(A) for A in connected_graphs(7)], dtype=F64)
    assert len(sizes) == 853 and (sizes == 1).sum() == 136 and sizes.median() == 4
    assert abs(sizes.mean() - 34.93) < 0.01 and sizes.max() == 5040 and (sizes == 5040).sum() == 3


def test_the_automorphisms_divide_the_frame():
    import networkx

    for A in connected_graphs(7)[::9]:
        graph = networkx.from_numpy_array(A.numpy())
        count = sum(1 for _ in networkx.isomorphism.GraphMatcher(graph, graph).isomorphisms_iter())
        assert frame_size(A) % count == 0


def test_vertex_transitive_graphs_have_all_of_s_n():
    assert frame_size(rook()) == frame_size(shrikhande()) == 20_922_789_888_000 == math.factorial(16)
    assert all(frame_size(circular_skip_links(41, k)) == math.factorial(41) for k in CSL_SKIPS)


def test_the_frame_is_every_order_that_sorts():
    """Against all n! permutations."""
    f = AdjacencyMLP(6, out=3).double().requires_grad_(False)
    for A in [*connected_graphs(5)[::3], connected_graphs(6)[70]]:
        S = laplacian_node_matrix(A)
        orders = torch.tensor(list(itertools.permutations(range(len(A)))))
        target = sorted(map(tuple, S.tolist()))
        sorting = torch.tensor([list(map(tuple, S[o].tolist())) == target for o in orders])
        wanted = f(permute_nodes(A.expand(int(sorting.sum()), -1, -1), orders[sorting])).mean(0)
        found = permutation_frame(A)
        assert len(found) == frame_size(A) == sorting.sum() and len(set(map(tuple, found.tolist()))) == len(
            found
        )
        assert torch.allclose(f(framed(A)).mean(0), wanted, atol=1e-12)
        assert torch.allclose(f(framed(A, distinct=True)).mean(0), wanted, atol=1e-12)
        assert len(framed(A, distinct=True)) == len({tuple(c) for c in framed(A).flatten(1).tolist()})


def test_the_framed_copies_of_a_relabelled_graph_are_the_same_set():
    for A in (connected_graphs(6)[60], connected_graphs(7)[341], cycle(6)):
        order = torch.randperm(len(A), generator=generator(4))
        here, there = (
            sorted(map(tuple, framed(B).flatten(1).tolist())) for B in (A, permute_nodes(A, order))
        )
        assert here == there


def test_sampling_draws_from_the_frame_uniformly():
    A = connected_graphs(6)[60]
    frame = set(map(tuple, permutation_frame(A).tolist()))
    drawn = [tuple(o) for o in sample_permutation_frame(A, 4000, generator()).tolist()]
    counts = torch.tensor([drawn.count(o) for o in frame], dtype=F64)
    assert set(drawn) == frame and (counts / 4000 * len(frame) - 1).abs().max() < 0.1
    assert sum(sorted_with_ties(A)[1]) == 6


def test_colour_refinement_confuses_seventeen_pairs_of_seven_nodes_and_the_named_ones():
    alike = defaultdict(int)
    for A in connected_graphs(7):
        alike[wl_colours(A)] += 1
    assert sum(n * (n - 1) // 2 for n in alike.values()) == 17
    for a, b in hard_pairs().values():
        assert wl_colours(a) == wl_colours(b) and not torch.equal(a, b)
    assert wl_colours(cycle(5)) != wl_colours(cycle(6))
    path = torch.diag(torch.ones(3, dtype=F64), 1)
    star = torch.zeros(4, 4, dtype=F64)
    star[0, 1:] = 1
    assert wl_colours(path + path.T, 0) == wl_colours(star + star.T, 0)
    assert wl_colours(path + path.T) != wl_colours(star + star.T)


def test_a_framed_mlp_separates_what_gin_cannot_and_copies_stay_alike():
    import networkx

    graphs = connected_graphs(6)
    a, b = graphs[60], cycle(6)
    prism = torch.from_numpy(networkx.to_numpy_array(networkx.circular_ladder_graph(3)))
    k33 = torch.from_numpy(networkx.to_numpy_array(networkx.complete_bipartite_graph(3, 3)))
    shown = [prism, k33, permute_nodes(prism, torch.tensor([3, 1, 5, 0, 2, 4])), a, b]

    def model(kind):
        def build(seed):
            torch.manual_seed(seed)
            return (AdjacencyMLP(6) if kind == "MLP" else DenseGIN(6, identity=kind == "ID")).double()

        return build

    for kind in ("MLP", "ID"):
        found = separates(model(kind), shown, range(5))
        assert found[0, 1] and not found[0, 2] and torch.equal(found, found.T) and found[3, 4]
    plain = separates(model("plain"), shown, range(5), frame=False)
    assert not plain[0, 1] and not plain[0, 2] and plain[0, 4]
    assert separates(model("MLP"), shown, range(5), frame=False)[0, 2]  # without the frame, copies differ


def test_gin_is_invariant_and_absent_nodes_do_not_count(device):
    A = connected_graphs(6)[60].to(device)[None]
    net = on_cpu(lambda: DenseGIN(9, identity=False, head=(4, 2), pool="mean")).to(device, F64)
    order = torch.tensor([[2, 0, 5, 1, 4, 3]], device=device)
    assert torch.allclose(net(permute_nodes(A, order)), net(A), atol=1e-12)
    padded = torch.zeros(1, 9, 9, dtype=F64, device=device)
    padded[:, :6, :6] = A
    present = torch.arange(9, device=device)[None] < 6
    assert torch.allclose(net(padded, present), net(A), atol=1e-12)
    # one layer by hand: tanh(W [(1 + eps) 1 + degree] + b), summed
    one = on_cpu(lambda: DenseGIN(6, identity=False, layers=1)).to(device, F64)
    h = (1 + one.eps[0]) + A.sum(2, keepdim=True)
    assert torch.allclose(one(A), one.head[0](one.linears[0](h).tanh().sum(1)), atol=1e-12)


def test_lifts_are_confused_by_colours_and_only_the_double_cover_is_bipartite():
    import networkx

    data = lifts(12, generator())
    for index in range(0, 12, 2):
        pair = []
        for i in (index, index + 1):
            n = int(data.present[i].sum())
            pair.append(data.A[i, :n, :n])
            graph = networkx.from_numpy_array(pair[-1].numpy())
            assert networkx.is_bipartite(graph) == bool(data.label[i])
            assert networkx.is_connected(graph) == bool(data.label[i])
            assert data.A[i, n:].sum() == 0
        assert wl_colours(pair[0]) == wl_colours(pair[1])


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize(
    "build", [FAPointNet, lambda divisor: FADGCNN(6, divisor), lambda divisor: FALocalPointNet(6, divisor)]
)
def test_normals_turn_along_and_keep_the_points_order(device, build):
    X = noise(device, 2, 14, 3)
    R, t = motion(device, 2, 3)
    net = on_cpu(lambda: build(divisor=16)).to(device, F64).eval()
    before = net(X)
    assert torch.allclose(before.norm(dim=-1), torch.ones_like(before[..., 0]))
    assert (net(apply_euclidean(X, R, t)) - apply_euclidean(before, R)).abs().max() < 1e-8
    order = torch.randperm(14, generator=generator(), device="cpu").to(device)
    assert (net(X[:, order]) - before[:, order]).abs().max() < 1e-10


def test_pointnet_has_the_papers_widths():
    net = PointNet()
    assert net.joined == 4928
    assert [c.out_channels for c in net.modules() if isinstance(c, nn.Conv1d)] == [
        64,
        128,
        128,
        512,
        2048,
        256,
        256,
        128,
        3,
    ]
    local = FALocalPointNet()
    widths = [(c.in_channels, c.out_channels) for c in local.local.modules() if isinstance(c, nn.Conv1d)]
    assert widths == [(60, 63), (63, 126), (126, 126)] and local.latent == 42


def test_the_loss_does_not_know_which_way_is_out_and_unit_vectors_survive_zero():
    n = unit(noise("cpu", 2, 5, 3))
    assert normal_loss(-n, n).abs() < 1e-12
    assert abs(normal_loss(torch.tensor([[1.0, 0, 0]]), torch.tensor([[0.0, 1, 0]])) - 1) < 1e-6
    assert torch.equal(unit(torch.zeros(1, 3)), torch.zeros(1, 3))


def test_fagnn_is_equivariant_where_the_plain_network_is_not(device):
    x, v = noise(device, 4, 5, 3), noise(device, 4, 5, 3, seed=1)
    q = torch.tensor([1.0, -1, 1, 1, -1], dtype=F64, device=device).expand(4, -1)
    R, t = motion(device, 4, 3)
    moved = apply_euclidean(x, R, t)
    edges = pair_features(x, q)
    assert torch.allclose(pair_features(moved, q), edges, atol=1e-9)
    fa, plain = (m.to(device, F64) for m in on_cpu(lambda: (FAGNN(12, 3), PlainGNN(6, 12, 3))))
    wanted = apply_euclidean(fa(x, v, edges), R, t)
    assert (fa(moved, apply_euclidean(v, R), edges) - wanted).abs().max() < 1e-8
    found, wanted = plain(moved, apply_euclidean(v, R), edges), apply_euclidean(plain(x, v, edges), R, t)
    assert relative_error(found, wanted, (1, 2)).min() > 0.1
    order = torch.tensor([4, 2, 0, 1, 3], device=device)
    permuted = fa(x[:, order], v[:, order], pair_features(x[:, order], q[:, order]))
    assert torch.allclose(permuted, fa(x, v, edges)[:, order], atol=1e-9)
    single = on_cpu(lambda: FAGNN(12, 1)).to(device, F64)  # one layer: no re-framing
    assert torch.isfinite(single(x, v, edges)).all()


def test_fagnn_frames_anew_at_every_layer():
    """All hidden vectors equal to zero at a layer: the frame is degenerate, the output stays finite."""
    x, v = noise("cpu", 2, 5, 3), noise("cpu", 2, 5, 3, seed=1)
    net = FAGNN(12, 3).double()
    with torch.no_grad():
        for parameter in net.embed.parameters():
            parameter.zero_()
    assert torch.isfinite(net(x, v, pair_features(x, torch.ones(2, 5, dtype=F64)))).all()
    import unittest.mock as mock

    from labkit.equivariance.frame_averaging.method import fagnn

    with mock.patch.object(fagnn, "euclidean_frame", wraps=fagnn.euclidean_frame) as called:
        net(x, v, pair_features(x, torch.ones(2, 5, dtype=F64)))
    assert called.call_count == 3


# ---------------------------------------------------------------- surfaces


@pytest.mark.parametrize("kind", KINDS[:4])
def test_normals_are_orthogonal_to_the_surface(kind):
    """Against a plane fitted to the nearest of many points."""
    x, n = surface(kind, 6000, generator(3))
    assert torch.allclose(n.norm(dim=1), torch.ones(len(n)), atol=1e-5)
    near = x[torch.cdist(x[:200], x).topk(10, largest=False).indices]
    near = near - near.mean(1, keepdim=True)
    flat = torch.linalg.eigh(near.mT @ near)[1][:, :, 0]
    assert ((flat * n[:200]).sum(1).abs() > 0.97).double().mean() > 0.85
    assert (x * n).sum(1).mean() > 0  # outwards


def test_clouds_are_centred_scaled_and_drawn_anew():
    clouds, normals = surfaces(10, 64, generator())
    assert clouds.mean(1).abs().max() < 1e-5 and torch.allclose(
        clouds.square().sum(2).mean(1), torch.ones(10)
    )
    assert normals.shape == (10, 64, 3) and not torch.equal(clouds[0], clouds[5])
