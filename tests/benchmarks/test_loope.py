"""LOOPE's hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from labkit.nn.vit import VisionTransformer
from labkit.ordering.curves import patch_order
from labkit.ordering.gilbert import gilbert_path
from labkit.ordering.loope.method import sinusoid
from labkit.ordering.loope.pesi import pesi, similarities
from labkit.ordering.loope.positional import make_positional
from labkit.ordering.loope.three_cell import three_cell_batch


def loop_pesi(P, buckets=60):
    """The three metrics, cell by cell and centre by centre."""
    rows, columns = P.shape[:2]
    S = similarities(P).numpy().round(9)
    cells = list(itertools.product(range(rows), range(columns)))
    undirected, directed, asymmetry = [], [], []
    for c, (x, y) in enumerate(cells):
        rings, directions = {}, [[] for _ in range(buckets)]
        for n, (i, j) in enumerate(cells):
            distance = math.hypot(i - x, j - y)
            rings.setdefault(round(distance), []).append(S[c, n])
            k = math.floor(math.atan2(j - y, i - x) / (2 * math.pi / buckets) + 1e-9) % buckets
            directions[k].append((distance, S[c, n]))
        undirected.append(1 - spearmanr(list(rings), [np.mean(ring) for ring in rings.values()]).statistic)
        asymmetry.append(np.mean([np.std(ring) / np.mean(ring) for ring in rings.values()]))
        rho = [spearmanr(*zip(*some, strict=True)).statistic if len(some) > 1 else 0.0 for some in directions]
        directed.append(1 - sum(rho) / buckets)
    return {"M_U": np.mean(undirected), "M_D": np.mean(directed), "A_SU": np.mean(asymmetry)}


@pytest.mark.benchmark(group="all three metrics, 14 x 14, D = 768")
def test_pesi_v_python_loop(race):
    P = sinusoid(patch_order("gilbert", 14, 14).double() + 1, 768)
    assert pesi(P) == pytest.approx(loop_pesi(P), abs=1e-6)
    race(lambda: pesi(P), lambda: loop_pesi(P), goal=12, rounds=1, baseline="loop over cells, scipy")


@pytest.mark.benchmark(group="all three metrics, 32 x 32, D = 768")
def test_pesi_of_a_large_grid(benchmark):
    """Goal: below 2 s."""
    P = sinusoid(patch_order("gilbert", 32, 32).double() + 1, 768)
    benchmark.pedantic(lambda: pesi(P), rounds=3, warmup_rounds=1)


def naive_gilbert(x, y, ax, ay, bx, by):
    w, h = abs(ax + ay), abs(bx + by)
    dax, day, dbx, dby = (int(np.sign(v)) for v in (ax, ay, bx, by))
    if h == 1:
        for k in range(w):
            yield x + k * dax, y + k * day
        return
    if w == 1:
        for k in range(h):
            yield x + k * dbx, y + k * dby
        return
    ax2, ay2, bx2, by2 = ax // 2, ay // 2, bx // 2, by // 2
    if 2 * w > 3 * h:
        if abs(ax2 + ay2) % 2 and w > 2:
            ax2, ay2 = ax2 + dax, ay2 + day
        yield from naive_gilbert(x, y, ax2, ay2, bx, by)
        yield from naive_gilbert(x + ax2, y + ay2, ax - ax2, ay - ay2, bx, by)
        return
    if abs(bx2 + by2) % 2 and h > 2:
        bx2, by2 = bx2 + dbx, by2 + dby
    yield from naive_gilbert(x, y, bx2, by2, ax2, ay2)
    yield from naive_gilbert(x + bx2, y + by2, ax, ay, bx - bx2, by - by2)
    corner = x + (ax - dax) + (bx2 - dbx), y + (ay - day) + (by2 - dby)
    yield from naive_gilbert(*corner, -bx2, -by2, -(ax - ax2), -(ay - ay2))


@pytest.mark.benchmark(group="Gilbert's curve, 256 x 256")
def test_gilbert_v_recursion(race):
    wanted = [(y, x) for x, y in naive_gilbert(0, 0, 256, 0, 0, 256)]
    assert np.array_equal(gilbert_path(256, 256), wanted)
    race(
        lambda: gilbert_path(256, 256),
        lambda: list(naive_gilbert(0, 0, 256, 0, 0, 256)),
        goal=5,
        baseline="recursive generator",
    )


@pytest.mark.benchmark(group="Gilbert's curve, 1024 x 1024")
def test_a_large_gilbert_curve(benchmark):
    """Goal: below 2 s."""
    benchmark.pedantic(lambda: gilbert_path(1024, 1024), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="three-cell images, 10,000 of 14 x 14")
def test_three_cell_images(benchmark):
    """Goal: below 0.5 s."""
    benchmark.pedantic(
        lambda: three_cell_batch(10_000, 14, 1, torch.Generator().manual_seed(0)), rounds=5, warmup_rounds=1
    )


@pytest.mark.benchmark(group="ViT forward, 14 x 14, D = 192")
def test_loope_v_a_learnable_embedding(race):
    """Goal: an overhead below 10 %, a ratio of at least 0.9."""
    x = torch.rand(4, 3, 224, 224)
    hosts = [
        VisionTransformer((224, 224), 16, 192, 12, 3, 10, make_positional(pe, 192, (14, 14), 16)).eval()
        for pe in ("loope", "learnable")
    ]
    with torch.no_grad():
        race(lambda: hosts[0](x), lambda: hosts[1](x), goal=0.9, rounds=5, baseline="learnable embedding")
