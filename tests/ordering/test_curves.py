"""Orders of a grid: every curve is what its name says."""

import numpy as np
import pytest
import torch

from labkit.ordering.curves import ORDERS, order_path, patch_order, rank_from_path
from labkit.ordering.gilbert import gilbert_path
from labkit.ordering.order_stats import order_stats

SIZES = ((1, 1), (1, 7), (6, 1), (2, 3), (5, 11), (9, 9), (14, 14), (16, 12))


@pytest.mark.parametrize("name", ORDERS)
def test_every_order_visits_every_cell_once_and_path_and_rank_are_inverse(name, device):
    for height, width in SIZES:
        rank = patch_order(name, height, width).to(device)
        path = order_path(rank)
        assert torch.equal(rank.flatten().sort().values, torch.arange(height * width, device=device))
        assert torch.equal(rank_from_path(path, height, width), rank)
        assert rank[path[:, 0], path[:, 1]].tolist() == list(range(height * width))


def test_gilbert_on_small_grids():
    rows = [[0, 1, 14, 15], [3, 2, 13, 12], [4, 7, 8, 11], [5, 6, 9, 10]]
    assert patch_order("gilbert", 4, 4).tolist() == rows
    wide = [[0, 1, 2, 21, 22, 23], [5, 4, 3, 20, 19, 18], [6, 9, 10, 13, 14, 17], [7, 8, 11, 12, 15, 16]]
    assert patch_order("gilbert", 4, 6).tolist() == wide
    assert patch_order("gilbert", 5, 7)[0].tolist() == [0, 1, 2, 31, 32, 33, 34]


def test_gilbert_steps_are_unit_but_for_one_diagonal_where_it_must_be():
    for height in range(1, 41):
        for width in range(1, 41):
            path = gilbert_path(height, width)
            seen = path[:, 0] * width + path[:, 1]
            assert np.array_equal(np.sort(seen), np.arange(height * width))
            steps = np.abs(np.diff(path, axis=0))
            long, short = max(height, width), min(height, width)
            diagonal = long % 2 == 1 and short % 2 == 0 and short > 2
            longer = steps[steps.sum(axis=1) != 1]
            assert longer.tolist() == ([[1, 1]] if diagonal else []), (height, width)


@pytest.mark.parametrize("k", range(1, 6))
def test_gilbert_is_hilbert_on_powers_of_two(k):
    assert torch.equal(patch_order("gilbert", 2**k, 2**k), patch_order("hilbert", 2**k, 2**k))


def test_curves_on_their_own_squares():
    for name, side in (("hilbert", 16), ("moore", 16), ("peano", 27), ("snake", 9), ("spiral", 9)):
        stats = order_stats(patch_order(name, side, side))
        assert (stats["unit_steps"], stats["longest_step"]) == (1.0, 1), name
    path = order_path(patch_order("moore", 16, 16))
    assert (path[0] - path[-1]).abs().sum() == 1, "Moore's curve is closed"
    assert patch_order("morton", 2, 4).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert patch_order("diagonal", 3, 3).tolist() == [[0, 1, 5], [2, 4, 6], [3, 7, 8]]
    assert patch_order("spiral", 3, 4).tolist() == [[0, 1, 2, 3], [9, 10, 11, 4], [8, 7, 6, 5]]
    assert patch_order("onion", 3, 3).tolist() == [[1, 2, 3], [8, 0, 4], [7, 6, 5]]
    assert patch_order("column", 2, 3).tolist() == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize("n", [4, 7, 14])
def test_a_space_filling_curve_does_not_lower_the_neighbour_stretch(n, device):
    raster, snake = (order_stats(patch_order(name, n, n).to(device)) for name in ("raster", "snake"))
    assert raster["neighbour_stretch"] == pytest.approx((n + 1) / 2, abs=1e-12)
    assert snake["neighbour_stretch"] == pytest.approx((n + 1) / 2, abs=1e-12)
    assert snake["unit_steps"] == 1.0
    assert raster["longest_step"] == n


def test_gilbert_14_has_its_stretch():
    stats = order_stats(patch_order("gilbert", 14, 14))
    assert stats["neighbour_stretch"] == pytest.approx(8.8077, abs=1e-4)
    assert stats["max_stretch"] == 155


def test_stretch_by_distance_against_a_plain_loop():
    rank = patch_order("gilbert", 4, 5)
    sums: dict[int, list] = {}
    for a in range(20):
        for b in range(20):
            (i, j), (k, m) = divmod(a, 5), divmod(b, 5)
            distance = round(((i - k) ** 2 + (j - m) ** 2) ** 0.5)
            sums.setdefault(distance, []).append(abs(int(rank[i, j] - rank[k, m])))
    found = order_stats(rank)["stretch_by_distance"]
    wanted = [sum(sums[d]) / len(sums[d]) for d in range(1, len(sums))]
    assert found.tolist() == pytest.approx(wanted)


def test_random_follows_its_seed():
    assert torch.equal(patch_order("random", 5, 5, seed=3), patch_order("random", 5, 5, seed=3))
    assert not torch.equal(patch_order("random", 5, 5, seed=3), patch_order("random", 5, 5, seed=4))


def test_a_returned_order_is_the_callers_own():
    patch_order("raster", 3, 3).zero_()
    assert patch_order("raster", 3, 3)[0].tolist() == [0, 1, 2]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"unknown order: 'zigzag'; choose from raster, .*gilbert"):
        patch_order("zigzag", 3, 3)
    with pytest.raises(ValueError, match="height and width must be positive; got 0 and 3"):
        patch_order("raster", 0, 3)
    with pytest.raises(ValueError, match=r"must hold each of 0 \.\. 3 once"):
        order_path(torch.tensor([[0, 1], [1, 2]]))
    with pytest.raises(ValueError, match="visits each of its cells once"):
        rank_from_path(torch.tensor([[0, 0], [0, 0]]), 1, 2)
    with pytest.raises(ValueError, match="visits each of its cells once"):
        rank_from_path(torch.tensor([[0, 0], [1, 0]]), 1, 2)
