"""LOOPE: the truths of its positions, its metrics, its baselines, and its data."""

import itertools
import math

import pytest
import torch
from torch import nn

from labkit.nn.vit import CaiT, CrossViT, VisionTransformer
from labkit.ordering.curves import patch_order
from labkit.ordering.loope.experiment.structure import gaussian_embedding
from labkit.ordering.loope.method import (
    CONTEXT_VARIANTS,
    LOOPE,
    ContextBias,
    frequencies,
    sinusoid,
    squash,
    swaps,
)
from labkit.ordering.loope.pesi import (
    directed_monotonicity,
    frequency_sensitivity,
    frequency_sets,
    occupancy_ceiling,
    pesi,
    similarity_map,
    undirected_asymmetry,
    undirected_monotonicity,
)
from labkit.ordering.loope.positional import POSITIONAL, RelativeBias, make_positional, piecewise_index
from labkit.ordering.loope.three_cell import (
    draw_cells,
    majority_accuracy,
    three_cell_accuracy,
    three_cell_batch,
    three_cell_labels,
)

D = torch.float64


def made(make, device, dtype=torch.float32) -> nn.Module:
    """A module that was made on the CPU and moved."""
    with torch.device("cpu"):
        return make().to(device, dtype)


def images(*shape, device, dtype=torch.float32):
    generator = torch.Generator("cpu").manual_seed(5)
    return torch.rand(*shape, generator=generator, device="cpu").to(device, dtype)


def embedding(order, device, side=14, dim=768):
    return sinusoid(patch_order(order, side, side).to(device, D) + 1, dim)


# --- positions ---------------------------------------------------------------------------------------------------


def test_a_sinusoids_product_depends_on_the_difference_only(device):
    p, q = (images(7, device=device, dtype=D) * 50 for _ in range(2))
    q = q.flip(0) - 3.3
    w = frequencies(24, device=device, dtype=D)
    for layout in ("interleaved", "concat"):
        E, F = sinusoid(p, 24, layout=layout), sinusoid(q, 24, layout=layout)
        assert torch.allclose((E * F).sum(-1), ((p - q)[:, None] * w).cos().sum(-1), atol=1e-10)
        assert torch.allclose(E.square().sum(-1), torch.full_like(p, 12), atol=1e-10)


def test_the_layouts_are_one_permutation_of_channels(device):
    p = images(5, device=device) * 9
    mixed, apart = sinusoid(p, 8), sinusoid(p, 8, layout="concat")
    assert torch.equal(mixed[:, 0::2], apart[:, :4])
    assert torch.equal(mixed[:, 1::2], apart[:, 4:])
    assert torch.allclose(mixed[:, 2], (p * 1e4 ** (-2 / 8)).sin(), atol=1e-6)


def test_the_two_squashes_differ_by_a_factor_of_two_inside(device):
    u = torch.arange(-3.0, 4, device=device, dtype=D)
    assert torch.allclose(squash(2 * u, "sigmoid"), u.tanh(), atol=1e-15)
    assert (squash(u, "sigmoid") - squash(u, "tanh")).abs().max() == pytest.approx(0.2995, abs=1e-4)


@pytest.mark.parametrize("variant", CONTEXT_VARIANTS)
@pytest.mark.parametrize("grid", [(4, 4), (3, 5)])
def test_only_neighbours_on_the_curve_can_swap(variant, grid, device):
    """For any weights: the rank moves by at most one, and swaps are disjoint."""
    pe = made(lambda: LOOPE(8, grid, 2, **CONTEXT_VARIANTS[variant]), device).train()
    with torch.no_grad():
        pe.context.linear.weight.mul_(30)
    X = pe.positions(images(16, 3, grid[0] * 2, grid[1] * 2, device=device))
    assert ((X - pe.static).abs() <= 1).all()
    rank, own = swaps(X), pe.static.long() - 1
    moved = (rank - own).abs()
    assert moved.max() <= 1
    assert moved.max() == 1 or variant != "code", "with such weights some do swap"
    by_rank = rank[:, own.argsort()]  # the new rank of the patch whose old rank is 0, 1, 2, ...
    assert torch.equal(
        by_rank.gather(1, by_rank), torch.arange(by_rank.shape[1], device=device).expand_as(by_rank)
    )


def test_context_is_read_off_the_image_and_published_variants_differ(device):
    x = images(3, 3, 8, 8, device=device)
    for name, options in CONTEXT_VARIANTS.items():
        net = made(lambda options=options: ContextBias((4, 4), 2, **options), device)
        X = net(x)
        assert X.shape == (3, 16)
        assert (X[0] - X[1]).abs().max() > 1e-5, name
        assert (net.linear.bias is not None) == options["bias"]
        assert net.norm.num_features == 1
        sizes = [tuple(m.weight.shape) for m in net.convolutions if isinstance(m, nn.Conv2d)]
        assert sizes == [(32, 5, 2, 2), (16, 32, 5, 5), (8, 16, 5, 5), (4, 8, 5, 5), (1, 4, 5, 5)]
    unit = made(lambda: ContextBias((4, 4), 2), device).coordinates
    index = made(lambda: ContextBias((4, 4), 2, coordinates="index"), device).coordinates
    assert unit[0, :, 0].tolist() == pytest.approx(torch.linspace(-1, 1, 8, device="cpu").tolist())
    assert index[1, 0].tolist() == list(range(8))


def test_the_embedding_is_the_sinusoid_at_the_positions_and_the_class_row_comes_first(device):
    pe = made(lambda: LOOPE(12, (3, 4), 2), device).eval()
    x = images(2, 3, 6, 8, device=device)
    E = pe(x)
    assert E.shape == (2, 13, 12)
    assert not E[:, 0].any()
    assert torch.allclose(E[:, 1:], sinusoid(pe.positions(x), 12), atol=1e-6)
    static = made(lambda: LOOPE(12, (3, 4), 2, context=False, class_token=False), device)
    assert static(x).shape == (2, 12, 12)
    assert static.positions(x)[0].tolist() == (patch_order("gilbert", 3, 4).flatten() + 1).tolist()
    own = LOOPE(12, (3, 4), 2, order=patch_order("snake", 3, 4), context=False)
    assert own.static.tolist() == (patch_order("snake", 3, 4).flatten() + 1).tolist()
    w = torch.full((6,), 0.5, device="cpu")
    assert torch.equal(LOOPE(12, (3, 4), 2, frequencies=w).w, w)


def test_gradients_reach_the_context_network(device):
    def make():
        return VisionTransformer((6, 6), 1, 16, 2, 2, 6, make_positional("loope", 16, (6, 6), 1))

    model = made(make, device)
    model(images(4, 3, 6, 6, device=device)).square().sum().backward()
    for name, p in model.positional.context.named_parameters():
        # batch norm takes the mean away: the last convolution's bias cannot matter but through its activation
        assert p.grad is not None and p.grad.abs().max() > 0, name


def test_the_slope_of_the_embedding(device):
    """dE/dX = w_k cos(X w_k), -w_k sin(X w_k), by finite differences."""
    X, w = images(5, device=device, dtype=D) * 20, frequencies(10, device=device, dtype=D)
    measured = (sinusoid(X + 1e-6, 10) - sinusoid(X - 1e-6, 10)) / 2e-6
    phase = X[:, None] * w
    assert torch.allclose(measured[:, 0::2], w * phase.cos(), atol=1e-8)
    assert torch.allclose(measured[:, 1::2], -w * phase.sin(), atol=1e-8)


# --- metrics -----------------------------------------------------------------------------------------------------

TABLE = {
    "raster": (1.9567, 1.4905, 0.1243, 1e-4),
    "gilbert": (1.9674, 1.2900, 0.0939, 1e-4),
    "snake": (1.9653, 1.4870, 0.1212, 1e-4),
    "diagonal": (1.7965, 1.4979, 0.1252, 1e-4),
    "spiral": (1.5737, 1.1863, 0.1496, 3e-4),
    "morton": (1.8790, 1.4109, 0.1075, 3e-4),
    "random": (1.26, 1.00, 0.17, 0.05),
}


@pytest.mark.parametrize("order", TABLE)
def test_table_5_recomputed(order, device):
    *wanted, tolerance = TABLE[order]
    found = pesi(embedding(order, device), 60)
    assert [found["M_U"], found["M_D"], found["A_SU"]] == pytest.approx(wanted, abs=tolerance)


def test_one_direction_is_not_undirected(device):
    assert directed_monotonicity(embedding("raster", device), 1) == pytest.approx(1.6545, abs=1e-4)


def test_a_perfect_embedding_meets_the_ceiling_not_2(device):
    P = gaussian_embedding(14, 14).to(device)
    assert undirected_monotonicity(P) == pytest.approx(2, abs=1e-3)
    assert directed_monotonicity(P, 60, empty="skip") == pytest.approx(2, abs=1e-3)
    assert occupancy_ceiling((14, 14), 60) == pytest.approx(1.532143, abs=1e-6)
    assert directed_monotonicity(P, 60) == pytest.approx(occupancy_ceiling((14, 14), 60), abs=1e-6)


def test_metrics_do_not_see_rotations_and_lengths_but_places(device):
    generator = torch.Generator("cpu").manual_seed(1)
    P = embedding("gilbert", device, side=7, dim=32)
    Q = torch.linalg.qr(torch.randn(32, 32, generator=generator, dtype=D, device="cpu")).Q.to(device)
    lengths = torch.rand(7, 7, 1, generator=generator, dtype=D, device="cpu").to(device) + 0.1
    own = pesi(P, 12)
    for same in (P @ Q, P * lengths):
        assert pesi(same, 12) == pytest.approx(own, abs=1e-10)
    shuffle = torch.randperm(49, generator=generator, device="cpu").to(device)
    moved = pesi(P.flatten(0, 1)[shuffle].view(7, 7, -1), 12)
    assert all(abs(moved[name] - own[name]) > 1e-3 for name in own)


def test_metrics_against_scipy_one_centre_at_a_time():
    from scipy.stats import spearmanr

    rows, columns, buckets = 4, 5, 7
    P = sinusoid(patch_order("gilbert", rows, columns).to(D) + 1, 16)
    undirected, directed, asymmetry = [], [], []
    for x, y in itertools.product(range(rows), range(columns)):
        S = similarity_map(P, (x, y)).round(decimals=9)
        radius: dict[int, list] = {}
        bucket: dict[int, list] = {k: [] for k in range(buckets)}
        for i, j in itertools.product(range(rows), range(columns)):
            distance = math.hypot(i - x, j - y)
            radius.setdefault(round(distance), []).append(float(S[i, j]))
            angle = math.atan2(j - y, i - x) / (2 * math.pi / buckets)
            bucket[math.floor(angle + 1e-9) % buckets].append((distance, float(S[i, j])))
        means = {r: torch.tensor(s, dtype=D) for r, s in radius.items()}
        undirected.append(1 - spearmanr(list(means), [float(s.mean()) for s in means.values()]).statistic)
        asymmetry.append(sum(float(s.std(correction=0) / s.mean()) for s in means.values()) / len(means))
        rho = [
            spearmanr(*zip(*cells, strict=True)).statistic if len(cells) > 1 else 0.0
            for cells in bucket.values()
        ]
        directed.append(1 - sum(rho) / buckets)
    count = rows * columns
    assert undirected_monotonicity(P) == pytest.approx(sum(undirected) / count, abs=1e-9)
    assert directed_monotonicity(P, buckets) == pytest.approx(sum(directed) / count, abs=1e-9)
    assert undirected_asymmetry(P) == pytest.approx(sum(asymmetry) / count, abs=1e-7)


def test_frequency_sensitivity_of_known_metrics():
    signals = frequency_sets(16)
    assert [len(f) for f in signals] == [16] * 4
    assert signals[0][2] == pytest.approx(0.978**2)
    assert signals[2][3] == pytest.approx(0.9**3)
    assert (signals[1][0].item(), signals[1][-1].item()) == pytest.approx((1, 1e-4))
    assert (signals[3].diff() <= 0).all()
    assert frequency_sensitivity(lambda f: 3.0, signals) == 0
    moved = sum(float((f - signals[0]).norm() / signals[0].norm()) for f in signals[1:])
    change = sum(abs(float(f.sum() - signals[0].sum())) for f in signals[1:])
    assert frequency_sensitivity(lambda f: float(f.sum()), signals) == pytest.approx(change / moved)


# --- baselines and hosts -----------------------------------------------------------------------------------------


def test_the_summed_2d_sinusoid_confuses_mirror_images_and_the_concatenated_one_does_not(device):
    x = images(1, 3, 5, 5, device=device)
    summed = made(lambda: make_positional("sinusoid2d_sum", 16, (5, 5), 1), device)(x)[0, 1:].view(5, 5, 16)
    assert torch.equal(summed, summed.transpose(0, 1))
    apart = made(lambda: make_positional("sinusoid2d_concat", 16, (5, 5), 1), device)(x)[0, 1:]
    distance = torch.cdist(apart, apart) + 9 * torch.eye(25, device=device)
    assert distance.min() > 0.1


def host(pe, device, **options):
    def make():
        positional = make_positional(pe, 16, (4, 4), 2, heads=2, **options) if isinstance(pe, str) else pe
        return VisionTransformer((8, 8), 2, 16, 3, 2, 5, positional)

    return made(make, device).eval()


def shuffled(x, patch=2):
    """The same patches in another order."""
    cells = x.unfold(2, patch, patch).unfold(3, patch, patch)
    b, c, h, w, p, q = cells.shape
    generator = torch.Generator("cpu").manual_seed(2)
    order = torch.randperm(h * w, generator=generator, device="cpu").to(x.device)
    cells = cells.flatten(2, 3)[:, :, order].unflatten(2, (h, w))
    return cells.permute(0, 1, 2, 4, 3, 5).reshape(b, c, h * p, w * q)


@pytest.mark.parametrize("pe", [*POSITIONAL, "hilbert"])
def test_only_without_positions_is_the_class_token_blind_to_the_order(pe, device):
    model = host(pe, device)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "positional" in name and p.dim() > 1:
                p.copy_(torch.randn(p.shape, generator=torch.Generator("cpu").manual_seed(1), device="cpu"))
    x = images(3, 3, 8, 8, device=device)
    moved = (model(x) - model(shuffled(x))).abs().max().item()
    assert (moved < 1e-5) == (pe == "none"), moved
    assert model(x).shape == (3, 5)


def test_an_empty_bias_table_is_no_position_and_a_constant_one_is_blind(device):
    """Patch-patch pairs alone are biased: a constant moves attention between class token and patches, but knows no
    place."""
    model = host(made(lambda: RelativeBias(16, (4, 4), 2, heads=2), device), device)
    x = images(2, 3, 8, 8, device=device)
    with torch.no_grad():
        model.positional.table.fill_(0.0)
        plain = model(x)
        model.positional.table.fill_(0.7)
        assert torch.allclose(model(x), model(shuffled(x)), atol=1e-5)
        model.positional.table.copy_(torch.linspace(-2, 2, 98, device=device).view(49, 2))
        assert (model(x) - model(shuffled(x))).abs().max() > 1e-4
        assert (model(x) - plain).abs().max() > 1e-4
        model.positional = None
        assert torch.allclose(model(x), plain, atol=1e-5)


def test_the_bias_is_shared_by_pairs_at_the_same_offset(device):
    pe = made(lambda: make_positional("rpe", 16, (3, 4), 1, heads=2), device)
    bias = pe.attention_bias()
    assert bias.shape == (2, 13, 13)
    assert not bias[:, 0].any()
    assert not bias[:, :, 0].any()
    assert torch.equal(bias[:, 1, 2], bias[:, 6, 7])  # one to the right
    assert not torch.equal(bias[:, 1, 2], bias[:, 2, 1])
    assert len(pe.table) == 5 * 7


def test_irpe_clips_far_offsets(device):
    offsets = torch.arange(-20, 21, device=device)
    found = piecewise_index(offsets, 1.9, 3.8, 15.2)
    assert found[20:24].tolist() == [0, 1, 2, 2]
    assert torch.equal(found, -found.flip(0))
    assert found.max() == 4
    bias = made(lambda: make_positional("irpe", 16, (3, 3), 1, heads=2), device)
    bias, rows, columns = bias.attention_bias(), bias.rows, bias.columns
    assert torch.allclose(bias[:, 1, 6], rows[4 + 1] + columns[4 + 2])  # one down, two right


def test_rotary_products_depend_on_offsets_only(device):
    pe = made(lambda: make_positional("rope2d", 16, (4, 4), 1, heads=2), device)
    q, k = (images(8, device=device).expand(1, 2, 17, 8) - 0.5 for _ in range(2))
    q, k = pe.rotate(q, k)
    products = (q @ k.transpose(-1, -2))[0, 0, 1:, 1:].view(4, 4, 4, 4)
    assert torch.allclose(products[0, 0, 1, 2], products[2, 1, 3, 3], atol=1e-5)
    assert not torch.allclose(products[0, 0, 1, 2], products[0, 0, 2, 1], atol=1e-3)


@pytest.mark.parametrize("pe", ["none", "loope"])
def test_cait_and_crossvit_take_positions(pe, device):
    def cait():
        positional = make_positional(pe, 16, (4, 4), 2, class_token=False)
        return CaiT((8, 8), 2, 16, 2, 2, 5, positional, layer_scale=0.5)

    def crossvit():
        pair = [make_positional(pe, dim, (n, n), p) for dim, n, p in ((8, 4, 2), (16, 3, 4))]
        return CrossViT([(8, 8), (12, 12)], (2, 4), (8, 16), (1, 2), (2, 2), 5, pair, stages=2)

    x = images(3, 3, 8, 8, device=device)
    late = made(cait, device).eval()
    assert late(x).shape == (3, 5)
    assert ((late(x) - late(shuffled(x))).abs().max() < 1e-5) == (pe == "none")
    assert made(crossvit, device).eval()(x).shape == (3, 5)


def test_attention_rollout_is_a_distribution_over_patches(device):
    maps = host("loope", device).rollout(images(2, 3, 8, 8, device=device))
    assert maps.shape == (2, 4, 4)
    assert torch.allclose(maps.sum((1, 2)), torch.ones(2, device=device), atol=1e-5)
    assert (maps >= 0).all()


# --- three cells -------------------------------------------------------------------------------------------------


def test_labels_against_brute_force_over_all_triples_of_a_4x4_grid(device):
    places = list(itertools.product(range(4), range(4)))
    triples = list(itertools.permutations(places, 3))
    found = three_cell_labels(torch.tensor(triples, device=device), 4).tolist()
    for (r, g, b), labels in zip(triples, found, strict=True):
        d_rg, d_rb = math.dist(r, g), math.dist(r, b)
        area = {v: abs((r[1] + v[1]) * (v[0] - r[0])) / 2 for v in (g, b)}
        det = (g[0] - r[0]) * (b[1] - r[1]) - (g[1] - r[1]) * (b[0] - r[0])
        x, y = (sum(v[axis] for v in (r, g, b)) for axis in (0, 1))
        wanted = [d_rg > d_rb, d_rb > d_rg, det > 0, area[g] > area[b], area[b] > area[g], x > 3 and y > 3]
        assert labels == wanted, (r, g, b)


@pytest.mark.parametrize("grid", [4, 6, 14])
def test_modes_are_equally_likely_and_no_triple_lies_in_a_line(grid):
    cells, mode = draw_cells(6000, grid, torch.Generator().manual_seed(3))
    counts = torch.bincount(mode, minlength=3).double()
    assert ((counts - 2000).square() / 2000).sum() < 13.8  # chi-square, 2 degrees of freedom, p = 0.001
    labels = three_cell_labels(cells, grid)
    assert torch.equal(labels[:, 0] | labels[:, 1], mode != 0)
    assert torch.equal(labels[:, 1], mode == 1), "mode 1: green is nearer"
    a, b = cells[:, 1] - cells[:, 0], cells[:, 2] - cells[:, 0]
    assert (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] != 0).all()
    assert ((cells >= 0) & (cells < grid)).all()


def test_base_rates_of_the_papers_grid():
    _, labels, _ = three_cell_batch(8000, 14, 1, torch.Generator().manual_seed(0))
    rates = labels.double().mean(0).tolist()
    assert rates == pytest.approx([0.33, 0.34, 0.495, 0.46, 0.47, 0.60], abs=0.03)
    assert majority_accuracy(labels)["average"] == pytest.approx(0.575, abs=0.015)
    equal = ~(labels[:, 3] | labels[:, 4])
    assert equal.double().mean().item() == pytest.approx(0.07, abs=0.01)


def test_images_show_the_cells(device):
    pictures, labels, cells = three_cell_batch(5, 6, 3, torch.Generator("cpu").manual_seed(0), device)
    assert pictures.shape == (5, 3, 18, 18)
    assert labels.shape == (5, 6)
    assert pictures.sum((2, 3)).unique().tolist() == [9.0]
    x, y = cells[2, 1].tolist()
    assert pictures[2, 1, 3 * y : 3 * y + 3, 3 * x : 3 * x + 3].all()


def test_scores(device):
    labels = torch.tensor([[1, 0, 1, 0, 0, 1], [0, 1, 0, 1, 0, 1]], dtype=torch.bool, device=device)
    logits = labels.float() * 2 - 1
    assert set(three_cell_accuracy(logits, labels).values()) == {1.0}
    logits[0, 0] *= -1
    scores = three_cell_accuracy(logits, labels)
    assert scores["distance"] == 0.75
    assert scores["average"] == pytest.approx((0.75 + 3) / 4)


# --- bad input ---------------------------------------------------------------------------------------------------


def test_bad_input_is_named():
    pe = LOOPE(8, (4, 4), 2)
    with pytest.raises(ValueError, match=r"multiples of the patch; got height=9, width=8, patch=2"):
        pe(torch.zeros(1, 3, 9, 8))
    with pytest.raises(ValueError, match="expected 4x4 patches, got 5x4"):
        pe(torch.zeros(1, 3, 10, 8))
    with pytest.raises(ValueError, match="got height=9, width=9, patch=2"):
        VisionTransformer((9, 9), 2, 8, 1, 2, 3)
    with pytest.raises(ValueError, match="images must be 8 x 8 pixels; got 4 x 4"):
        VisionTransformer((8, 8), 2, 8, 1, 2, 3)(torch.zeros(1, 3, 4, 4))
    with pytest.raises(ValueError, match="dim must be a multiple of heads; got dim=8, heads=3"):
        VisionTransformer((8, 8), 2, 8, 1, 3, 3)
    with pytest.raises(ValueError, match="dim must be even and positive; got 7"):
        LOOPE(7, (4, 4), 2)
    with pytest.raises(ValueError, match=r"unknown order: 'x'; choose from raster"):
        LOOPE(8, (4, 4), 2, order="x")
    with pytest.raises(ValueError, match="order must be a grid of 4x4 ranks"):
        LOOPE(8, (4, 4), 2, order=patch_order("raster", 2, 8))
    with pytest.raises(ValueError, match="frequencies must be dim / 2 numbers; got 3 for dim=8"):
        LOOPE(8, (4, 4), 2, frequencies=torch.ones(3))
    with pytest.raises(ValueError, match="squash must be one of sigmoid, tanh; got 'relu'"):
        ContextBias((4, 4), 2, squash="relu")
    with pytest.raises(
        ValueError, match=r"unknown positional embedding: 'alibi'; choose from none, .*gilbert"
    ):
        make_positional("alibi", 8, (4, 4), 2)
    P = torch.ones(3, 3, 4)
    P[1, 2] = 0
    for metric in (pesi, undirected_monotonicity, undirected_asymmetry):
        with pytest.raises(ValueError, match=r"patch \(1,2\) has zero norm"):
            metric(P)
    with pytest.raises(ValueError, match="zero norm"):
        pesi(make_positional("none", 8, (4, 4), 2)(torch.zeros(1, 3, 8, 8))[0, 1:].view(4, 4, 8))
    with pytest.raises(ValueError, match="buckets must be at least 1; got 0"):
        directed_monotonicity(torch.ones(3, 3, 4), 0)
    with pytest.raises(ValueError, match="centre must lie in the 3x3 grid"):
        similarity_map(torch.ones(3, 3, 4), (3, 0))
    with pytest.raises(ValueError, match="grid must be at least 4; got 3"):
        three_cell_batch(4, grid=3)
    with pytest.raises(ValueError, match=r"cells must lie in 0 \.\. 3"):
        three_cell_labels(torch.full((1, 3, 2), 4), 4)
