"""Pointer Networks: the truths of the decoder, the search, the solvers, the scores and the data."""

import itertools
import math
import zipfile

import numpy as np
import pytest
import torch

from labkit.ordering.attention import additive_scores, dot_scores, masked_softmax
from labkit.ordering.beam import beam_search
from labkit.ordering.pointer_networks import data as datasets
from labkit.ordering.pointer_networks.data import (
    make_dataset,
    read_paper_file,
    shuffled_targets,
    tours_from_file,
)
from labkit.ordering.pointer_networks.geometry import (
    convex_hull,
    crossings,
    delaunay_target,
    hull_target,
    incenters,
    is_delaunay,
    is_simple,
    polygon_area,
    same_cycle,
)
from labkit.ordering.pointer_networks.method import END, PointerNetwork
from labkit.ordering.pointer_networks.metrics import (
    delaunay_scores,
    hull_scores,
    least_squares_slope,
    mean_position,
    tour_scores,
)
from labkit.ordering.pointer_networks.tours import (
    canonical_tour,
    christofides,
    distances,
    tour_length,
    tsp_exact,
    tsp_exact_lengths,
    tsp_exact_tours,
    tsp_greedy,
    two_opt,
)


def uniform(*shape, seed=0, device="cpu", dtype=torch.float32):
    return torch.rand(*shape, generator=torch.Generator("cpu").manual_seed(seed), device="cpu").to(
        device, dtype
    )


def network(device="cpu", dtype=torch.float32, **options):
    with torch.device("cpu"):
        torch.manual_seed(1)
        return PointerNetwork(**{"d": 16, "init": 0.5, **options}).to(device, dtype).eval()


# --- the pointer ---------------------------------------------------------------------------------------------------


def test_additive_scores_are_the_double_loop(device):
    keys, query, v = (uniform(*s, seed=i, device=device) for i, s in enumerate(((3, 5, 4), (3, 4), (4,))))
    found = additive_scores(keys, query, v)
    for b, j in itertools.product(range(3), range(5)):
        wanted = sum(float(v[k]) * math.tanh(float(keys[b, j, k] + query[b, k])) for k in range(4))
        assert found[b, j].item() == pytest.approx(wanted, abs=1e-6)
    mask = torch.tensor([True, True, False, True, False], device=device).expand(3, -1)
    weights = masked_softmax(dot_scores(keys, query), mask)
    assert (weights[:, [2, 4]] == 0).all()
    assert torch.allclose(weights.sum(-1), torch.ones(3, device=device))
    with pytest.raises(ValueError, match="row 1 has no elements"):
        masked_softmax(found, torch.tensor([[True], [False], [True]], device=device).expand(3, 5))


@pytest.mark.parametrize("mode", ["pointer", "attention", "lstm"])
@pytest.mark.parametrize("junk", [1e9, float("nan")])
def test_padding_is_never_read(device, mode, junk):
    """Truths 1 and 12: padding has probability 0 whatever it holds, and batch mates do not matter."""
    model = network(device, mode=mode, max_n=None if mode == "pointer" else 9)
    points, lengths = uniform(3, 6, 2, device=device), torch.tensor([6, 4, 5], device=device)
    targets = torch.tensor([[1, 5, 2, END], [3, 0, END, END], [4, 2, 1, END]], device=device)
    dirty = points.clone()
    dirty[1, 4:], dirty[2, 5:] = junk, junk
    p = model.logits(dirty, lengths, targets).softmax(-1)
    assert (p[1, :, 5:7] == 0).all() and (p[2, :, 6:7] == 0).all()
    assert torch.allclose(p.sum(-1), torch.ones_like(p[..., 0]), atol=1e-6)
    whole = model.log_prob(dirty, lengths, targets)
    for row, n in enumerate(lengths.tolist()):
        alone = model.log_prob(points[row : row + 1, :n], None, targets[row : row + 1])
        assert torch.allclose(whole[row], alone[0], atol=1e-6)


def test_the_logits_are_the_paper_equations(device):
    """The fused decoder against section 2.3 written out: copied coordinates in, scores over END and all points out."""
    model = network(device, torch.float64, input_scale=2.0)
    points = uniform(2, 5, 2, device=device, dtype=torch.float64)
    targets = torch.tensor([[2, 4, 2, END], [0, 1, 3, END]], device=device)
    found = model.logits(points, None, targets)
    x = (points - 0.5) * 2.0
    e, (h, c) = model.encoder(x)
    positions = torch.cat([model.end.expand(2, 1, -1), e], 1)
    d = model.decoder
    fed = d.start.expand(2, -1)
    for i in range(4):
        _, (h, c) = d.lstm(fed[:, None], (h, c))
        u = (torch.tanh(positions @ d.W1.weight.T + (h[0] @ d.W2.weight.T)[:, None]) * d.v).sum(-1)
        assert torch.allclose(found[:, i], u, atol=1e-10)
        fed = x[torch.arange(2, device=device), targets[:, i].clamp(min=0)]


def test_attention_feeds_what_it_read(device):
    model = network(device, torch.float64, mode="attention", max_n=5)
    points = uniform(2, 5, 2, device=device, dtype=torch.float64)
    targets = torch.tensor([[2, 4, END], [0, 1, END]], device=device)
    found = model.logits(points, None, targets)
    e, (h, c) = model.encoder(points)
    d = model.decoder
    fed, read = d.start.expand(2, -1), torch.zeros(2, 16, device=device, dtype=torch.float64)
    for i in range(3):
        _, (h, c) = d.lstm(torch.cat([fed, read], -1)[:, None], (h, c))
        u = (torch.tanh(e @ d.W1.weight.T + (h[0] @ d.W2.weight.T)[:, None]) * d.v).sum(-1)
        read = (u.softmax(-1)[..., None] * e).sum(1)
        wanted = torch.cat([h[0], read], -1) @ d.out.weight.T + d.out.bias
        assert torch.allclose(found[:, i], wanted, atol=1e-10)
        fed = points[torch.arange(2, device=device), targets[:, i].clamp(min=0)]


@pytest.mark.parametrize("n", [3, 7, 200])
def test_one_model_for_any_length(device, n):
    model = network(device)
    p = model.logits(
        uniform(2, n, 2, device=device), None, torch.tensor([[0, 2, END]] * 2, device=device)
    ).softmax(-1)
    assert p.shape == (2, 3, n + 1)
    assert torch.allclose(p.sum(-1), torch.ones(2, 3, device=device), atol=1e-5)
    fixed = network(device, mode="lstm", max_n=6)
    if n > 6:
        with pytest.raises(ValueError, match=rf"n = {n} points.*max_n = 6"):
            fixed.decode(uniform(2, n, 2, device=device))


def test_gradient_of_the_loss_is_softmax_minus_one_hot(device):
    u = torch.randn(6, dtype=torch.float64, device=device, requires_grad=True)
    (-u.log_softmax(-1)[2]).backward()
    wanted = u.detach().softmax(-1)
    wanted[2] -= 1
    assert torch.allclose(u.grad, wanted, atol=1e-6)


def test_all_sequences_share_one_probability():
    """Truth 4: ended sequences up to length 4 and the mass that has not ended after 4 steps make 1."""
    model = network(dtype=torch.float64)
    points = uniform(1, 2, 2, dtype=torch.float64)
    total = 0.0
    for length in range(5):
        for body in itertools.product(range(2), repeat=length):
            ended = length < 4
            target = torch.tensor([[*body, END] if ended else body])
            with torch.no_grad():
                total += model.log_prob(points, None, target, torch.tensor([target.shape[1]])).exp().item()
    assert total == pytest.approx(1.0, abs=1e-5)


def test_relabelling_the_input_is_not_free():
    """Truth 10: the encoder is an LSTM, so the same points in another order get other probabilities."""
    model = network()
    points, order = uniform(1, 6, 2), torch.tensor([3, 1, 5, 0, 4, 2])
    target = hull_target(points[0])
    moved = hull_target(points[0, order])
    assert same_cycle([order[i].item() for i in moved[:-1]], target)
    one = model.log_prob(points, None, torch.cat([target, torch.tensor([END])])[None])
    other = model.log_prob(points[:, order], None, torch.cat([moved, torch.tensor([END])])[None])
    assert (one - other).abs().item() > 1e-3


# --- search --------------------------------------------------------------------------------------------------------


def best_by_force(model, points, limit):
    n, best = points.shape[1], -math.inf
    bodies = [b for length in range(limit) for b in itertools.product(range(n), repeat=length)]
    for length in range(limit):
        some = [b for b in bodies if len(b) == length]
        targets = torch.tensor([[*b, END] for b in some])
        with torch.no_grad():
            best = max(best, model.log_prob(points.expand(len(some), -1, -1), None, targets).max().item())
    return best


def test_a_wide_beam_finds_the_maximum():
    model, points = network(init=1.0), uniform(1, 4, 2, seed=3)
    found = [model.search(points, beam=w, max_length=4).scores[0, 0].item() for w in (1, 2, 4, 8, 64)]
    assert all(b >= a - 1e-5 for a, b in itertools.pairwise(found))
    assert found[-1] == pytest.approx(best_by_force(model, points, 4), abs=1e-5)


@pytest.mark.parametrize("mode", ["pointer", "attention", "lstm"])
def test_beam_one_is_greedy_and_scores_are_log_probabilities(device, mode):
    model = network(device, mode=mode, max_n=None if mode == "pointer" else 8)
    points, lengths = uniform(4, 7, 2, device=device), torch.tensor([7, 5, 3, 6], device=device)
    found = model.search(points, lengths, 1, max_length=9)
    history = torch.zeros(4, 0, dtype=torch.long, device=device)
    for _ in range(found.tokens.shape[-1]):  # greedy, by asking the teacher-forced logits again and again
        asked = torch.cat([history - 1, torch.zeros(4, 1, dtype=torch.long, device=device) - 1], 1)
        history = torch.cat([history, model.logits(points, lengths, asked)[:, -1:].argmax(-1)], 1)
    for greedy, beam in zip(history, found.tokens[:, 0], strict=True):
        upto = int((beam == 0).cumsum(0).eq(0).sum())
        assert torch.equal(greedy[:upto], beam[:upto])
    wide = model.search(points, lengths, 3, max_length=9)
    for row in range(4):
        if wide.finished[row, 0]:
            targets = wide.tokens[row, :1] - 1
            log_p = model.log_prob(points[row : row + 1], lengths[row : row + 1], targets)
            assert torch.allclose(log_p, wide.scores[row, :1], atol=1e-5)


@pytest.mark.parametrize("n", [5, 12, 30])
@pytest.mark.parametrize("beam", [1, 3])
def test_a_constrained_answer_is_a_tour_even_untrained(device, n, beam):
    model = network(device)
    lengths = torch.tensor([n, n - 2, n - 1], device=device)
    for answer, length in zip(
        model.decode(uniform(3, n, 2, device=device), lengths, beam, "tour", 4), lengths, strict=True
    ):
        assert sorted(answer.tolist()) == list(range(int(length)))


def test_distinct_gives_closed_polygons(device):
    model = network(device)
    for answer in model.decode(uniform(8, 7, 2, device=device), None, 2, "distinct"):
        corners = answer[:-1]
        assert answer[0] == answer[-1] and len(corners) >= 3 and len(corners.unique()) == len(corners)


def test_a_constraint_without_a_way_out_is_named():
    def nothing(history):
        return torch.zeros(len(history), 3, dtype=torch.bool)

    with pytest.raises(ValueError, match="leaves a beam without any position"):
        beam_search(lambda chosen, state: (torch.zeros(2, 3), state), (), 1, 3, nothing, batch=2)


def test_a_mean_may_rank_beams():
    """By their sum the short answer wins, by their mean the long one."""
    table = {0: torch.tensor([0.4, 0.6]).log(), 1: torch.tensor([0.61, 0.39]).log()}

    def step(chosen, state):
        t = state[0]
        return torch.stack([table[min(int(k), 1)] for k in t]), (t + 1,)

    start = (torch.zeros(1, dtype=torch.long),)
    by_sum = beam_search(step, start, 2, 2, batch=1, end=0)
    by_mean = beam_search(step, start, 2, 2, batch=1, end=0, normalise=True)
    assert by_sum.tokens[0, 0].tolist() == [0, 0] and by_mean.tokens[0, 0].tolist() == [1, 0]


# --- hulls ---------------------------------------------------------------------------------------------------------


def monotone_chain(p):
    order = sorted(range(len(p)), key=lambda i: tuple(p[i]))

    def half(indices):
        out = []
        for i in indices:
            while len(out) > 1 and np.cross(p[out[-1]] - p[out[-2]], p[i] - p[out[-2]]) <= 0:
                out.pop()
            out.append(i)
        return out[:-1]

    return half(order) + half(order[::-1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_hulls_are_the_monotone_chains():
    for seed in range(1000):
        points = uniform(3 + seed % 12, 2, seed=seed)
        target = hull_target(points)
        assert target[0] == target[-1] == target[:-1].min()
        assert polygon_area(points, target) > 0
        assert same_cycle(target, monotone_chain(points.double().numpy()))


def test_a_square_with_its_centre():
    square = torch.tensor([[0.5, 0.5], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert hull_target(square).tolist() == [1, 4, 2, 3, 1]


@pytest.mark.parametrize(("n", "size"), [(5, 4.26), (10, 5.95), (50, 10.2)])
def test_expected_hull_sizes(n, size):
    mean = np.mean([len(convex_hull(p)) for p in uniform(1500, n, 2, seed=n)])
    assert mean == pytest.approx(size, abs=0.15)


def test_cycles():
    assert same_cycle([2, 4, 3, 5], [3, 5, 2, 4])
    assert same_cycle([2, 4, 3, 5, 2], [3, 5, 2, 4])
    assert not same_cycle([2, 4, 3, 5], [5, 3, 4, 2])
    assert not same_cycle([2, 4, 3], [2, 4, 3, 5])


def test_simple_polygons():
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert is_simple(square, torch.tensor([0, 1, 2, 3, 0]))
    assert not is_simple(square, torch.tensor([0, 2, 1, 3]))
    assert not is_simple(square, torch.tensor([0, 1]))
    assert not is_simple(square, torch.tensor([0, 1, 2, 1]))
    assert crossings(square[[0, 2, 1, 3]].numpy()) == [(0, 2)]


# --- triangulations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 5, 10, 40])
def test_triangulations(n):
    for seed in range(20):
        points = uniform(n, 2, seed=100 * n + seed)
        triangles = delaunay_target(points)
        assert is_delaunay(points, triangles)
        assert len(triangles) == 2 * n - 2 - len(convex_hull(points))
        assert (triangles[:, :-1] < triangles[:, 1:]).all()
        centres = incenters(points, triangles)
        assert (centres[1:, 0] >= centres[:-1, 0]).all()
        area = sum(abs(polygon_area(points, t)) for t in triangles)
        assert area == pytest.approx(polygon_area(points, hull_target(points)), abs=1e-9)


def test_a_wrong_triangulation_is_seen():
    kite = torch.tensor([[0.0, 0.0], [1.0, -0.2], [2.0, 0.0], [1.0, 0.2]])
    assert delaunay_target(kite).tolist() == [[0, 1, 3], [1, 2, 3]]
    assert not is_delaunay(kite, torch.tensor([[0, 1, 2], [0, 2, 3]]))
    assert not is_delaunay(kite, torch.tensor([[0, 1, 3]]))


def test_an_incenter_is_as_far_from_all_sides():
    points = uniform(3, 2, seed=5)
    (centre,) = incenters(points, torch.tensor([[0, 1, 2]]))
    p = points.double()
    away = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        u, w = p[b] - p[a], centre - p[a]
        away.append(abs(u[0] * w[1] - u[1] * w[0]).item() / u.norm().item())
    assert max(away) - min(away) < 1e-12


# --- tours ---------------------------------------------------------------------------------------------------------


def test_held_karp_is_brute_force():
    for n in range(2, 9):
        points = uniform(30, n, 2, seed=n)
        tours, lengths = tsp_exact_tours(points)
        assert torch.allclose(lengths, tsp_exact_lengths(points), atol=1e-12)
        orders = torch.tensor([(0, *rest) for rest in itertools.permutations(range(1, n))])
        for p, tour, length in zip(points, tours, lengths.tolist(), strict=True):
            d = distances(p)
            best = d[orders, orders.roll(-1, 1)].sum(-1).min().item()
            assert length == pytest.approx(best, abs=1e-9)
            assert tour_length(p, tour) == pytest.approx(best, abs=1e-9)
            assert torch.equal(canonical_tour(p, tour), tour)


def test_mean_optimal_tours():
    assert tsp_exact_lengths(uniform(20_000, 5, 2, seed=1)).mean().item() == pytest.approx(2.1234, abs=0.009)
    assert tsp_exact_lengths(uniform(2000, 10, 2, seed=2)).mean().item() == pytest.approx(2.876, abs=0.025)


def test_heuristics_keep_their_promises():
    greedy, better, chris = [], [], []
    for seed in range(500):
        points = uniform(9, 2, seed=seed)
        _, best = tsp_exact(points)
        first, matched = tsp_greedy(points), christofides(points)
        improved = two_opt(points, first)
        for tour in (first, matched, improved):
            assert sorted(tour.tolist()) == list(range(9))
        assert tour_length(points, matched) <= 1.5 * best + 1e-9
        assert tour_length(points, improved) <= tour_length(points, first) + 1e-9
        assert len(crossings(points.double().numpy()[improved.numpy()])) == 0
        greedy.append(tour_length(points, first) / best)
        better.append(tour_length(points, improved) / best)
        chris.append(tour_length(points, two_opt(points, matched)) / best)
    assert np.mean(greedy) > 1.05 > np.mean(better) and np.mean(chris) < 1.03


def test_canonical_tours():
    points, tour = uniform(7, 2, seed=4), torch.tensor([3, 1, 0, 6, 2, 5, 4])
    canonical = canonical_tour(points, tour)
    assert canonical[0] == 0 and polygon_area(points, canonical) > 0
    for shift in range(7):
        assert torch.equal(canonical_tour(points, tour.roll(shift)), canonical)
        assert torch.equal(canonical_tour(points, tour.flip(0).roll(shift)), canonical)


# --- scores --------------------------------------------------------------------------------------------------------


def test_hull_scores():
    points = uniform(6, 2, seed=8)
    truth = hull_target(points)
    right = hull_scores([points], [truth], [truth])
    assert right == {"accuracy": 1.0, "outline": 1.0, "area": pytest.approx(1.0), "simple": 1.0, "fail": 0.0}
    backwards = hull_scores([points], [truth.flip(0)], [truth])
    assert (backwards["accuracy"], backwards["outline"]) == (0.0, 1.0)
    part = hull_scores([points], [torch.cat([truth[:3], truth[:1]])], [truth])
    assert part["accuracy"] == 0 and 0 < part["area"] < 1
    empty = hull_scores([points], [truth[:0]], [truth])
    assert empty["fail"] == 1.0 and math.isnan(empty["area"])


def test_delaunay_scores():
    truth = torch.tensor([[0, 1, 3], [1, 2, 3]])
    assert delaunay_scores([torch.tensor([3, 1, 0, 2, 1, 3])], [truth]) == {"accuracy": 1.0, "coverage": 1.0}
    assert delaunay_scores([torch.tensor([0, 1, 3, 2])], [truth]) == {"accuracy": 0.0, "coverage": 0.5}


def test_tour_scores():
    points = uniform(2, 5, 2, seed=9)
    tours, lengths = tsp_exact_tours(points)
    found = tour_scores(list(points), [tours[0], torch.tensor([0, 1, 1, 2, 3])], lengths)
    assert found["valid"] == 0.5 and found["ratio"] == pytest.approx(1.0)
    assert found["length"] == pytest.approx(lengths[0].item())
    assert math.isnan(tour_scores(list(points), [tours[0][:2]] * 2, lengths)["ratio"])


def test_positions_and_slopes():
    assert mean_position(torch.tensor([0, 1, 4, 0]), 5) == pytest.approx(5 / 12)
    assert least_squares_slope([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]) == pytest.approx(2.0)


# --- data ----------------------------------------------------------------------------------------------------------


def test_data_sets_are_solved_and_cached(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.paths, "downloads", lambda: tmp_path / "downloads")
    made = make_dataset("hull", (5, 8), 50, 3)
    again = make_dataset("hull", (5, 8), 50, 3)
    assert all(torch.equal(a, b) for a, b in zip(vars(made).values(), vars(again).values(), strict=True))
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert set(made.lengths.tolist()) == {5, 8}
    for points, target in made.each():
        assert torch.equal(target, hull_target(points))
    small = made.rows(made.lengths == 5)
    assert small.points.shape[1] == 5 and (small.targets == END).any(-1).all()
    for teacher, solve in (("optimal", lambda p: tsp_exact(p)[0]), ("A1", tsp_greedy)):
        for points, target in make_dataset("tsp", (6,), 5, 1, teacher, cache=False).each():
            assert torch.equal(target, solve(points))


def test_shuffled_targets_are_the_same_outlines():
    made = make_dataset("hull", (6,), 40, 1, cache=False)
    mixed = shuffled_targets(made, torch.Generator("cpu").manual_seed(0))
    changed = 0
    for (_, before), (_, after) in zip(made.each(), mixed.each(), strict=True):
        assert same_cycle(before, after) or same_cycle(before.flip(0), after)
        changed += not torch.equal(before, after)
    assert changed > 20


def test_the_authors_files_are_read(tmp_path):
    text = "0.1 0.2 0.9 0.3 0.5 0.8 output 1 3 2 1 \n0.0 0.0 1.0 0.0 1.0 1.0 0.0 1.0 output 1 2 3 4 1\n"
    plain, packed = tmp_path / "tsp.txt", tmp_path / "tsp.zip"
    plain.write_text(text)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.txt", text)
    for path in (plain, packed):
        read = read_paper_file(path)
        assert read.lengths.tolist() == [3, 4]
        assert [t.tolist() for _, t in read.each()] == [[0, 2, 1, 0], [0, 1, 2, 3, 0]]
        assert [t.tolist() for _, t in tours_from_file(read).each()] == [[0, 1, 2], [0, 1, 2, 3]]
    for wrong, message in (
        ("0.1 0.2 1 2", "line 1: there is no ' output '"),
        ("0.1 0.2 0.3 output 1", "line 1: 3 coordinates"),
        ("0.1 0.2 output 2", "line 1: indices must be from 1 to 1"),
        ("", "no instances"),
    ):
        plain.write_text(wrong)
        with pytest.raises(ValueError, match=message):
            read_paper_file(plain)


# --- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hull_target(uniform(2, 2)), "at least 3 points; got 2"),
        (lambda: delaunay_target(uniform(2, 2)), "at least 3 points; got 2"),
        (lambda: tsp_greedy(uniform(1, 2)), "at least 2 points; got 1"),
        (lambda: tsp_exact(uniform(1, 2)), "n >= 2"),
        (lambda: hull_target(torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])), "points are collinear"),
        (lambda: delaunay_target(torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])), "points are collinear"),
        (lambda: delaunay_target(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])), "the same"),
        (lambda: hull_target(torch.full((4, 2), float("nan"))), "finite"),
        (lambda: tsp_exact(uniform(17, 2)), "n = 17 needs 8 MiB; at most n = 16"),
        (lambda: network(mode="lstm"), "max_n must be given"),
        (lambda: network(mode="pointers"), "choose from pointer, attention, lstm"),
        (lambda: network().decode(torch.full((1, 4, 2), float("nan"))), "finite"),
        (lambda: network().decode(uniform(1, 4, 2), beam=0), "beam must be at least 1; got 0"),
        (lambda: network().decode(uniform(1, 4, 2), constraint="circle"), "choose from None, tour, distinct"),
        (lambda: network().decode(uniform(2, 4, 2), torch.tensor([4, 5])), "lengths must be from 1 to n = 4"),
        (
            lambda: network().log_prob(uniform(2, 4, 2), None, torch.tensor([[0, END], [4, END]])),
            "targets: row 1 is .*points are 0 to 3",
        ),
        (lambda: make_dataset("hulls", (5,), 3, 0), "choose from hull"),
        (lambda: make_dataset("tsp", (5,), 3, 0, "A9"), "choose from optimal"),
        (lambda: make_dataset("hull", (2,), 3, 0), "at least 3 for hull"),
        (lambda: make_dataset("hull", (5,), 0, 0), "count must be at least 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
