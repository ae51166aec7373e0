"""Pointer Networks' hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import math

import pytest
import torch

from labkit.ordering.pointer_networks.data import make_dataset
from labkit.ordering.pointer_networks.method import PointerNetwork
from labkit.ordering.pointer_networks.tours import tsp_exact_lengths


def instances(n=10, count=128):
    return make_dataset("hull", (n,), count, 0, cache=False)


@pytest.mark.benchmark(group="training step, B = 128, n = 10, d = 128")
def test_training_step_v_keys_inside_the_loop(race):
    """Goal: W1 e once and all steps fused, at least 1.5 times as fast as W1 e in each step of a loop."""
    data, model = instances(), PointerNetwork(d=128)

    def fused():
        model.zero_grad()
        (-model.log_prob(data.points, data.lengths, data.targets).mean()).backward()

    def naive():
        model.zero_grad()
        d = model.decoder
        context, (h, c) = model.encode(data.points, data.lengths)
        x, total = d.start.expand(128, -1), 0.0
        for i in range(data.targets.shape[1]):
            _, (h2, c2) = d.lstm(x[:, None], (h[None], c[None]))
            h, c = h2[0], c2[0]
            u = torch.tanh(d.W1(context.memory) + d.W2(h)[:, None]) @ d.v
            inner = data.targets[:, i] + 1
            first = (data.targets[:, :i] == -1).any(-1)
            chosen = u.log_softmax(-1).gather(1, inner[:, None])[:, 0]
            total = total + torch.where(first, 0.0, chosen)
            x = context.fed[torch.arange(128), inner]
        (-total.mean()).backward()
        return total

    with torch.no_grad():
        wanted = model.log_prob(data.points, data.lengths, data.targets)
    assert torch.allclose(naive(), wanted, atol=1e-4)
    race(fused, naive, goal=1.5, baseline="step by step, W1 e in each")


def dictionary_held_karp(d):
    n = len(d)
    C = {(1 << (j - 1), j): d[0][j] for j in range(1, n)}
    for S in range(1, 1 << (n - 1)):
        for j in range(1, n):
            bit = 1 << (j - 1)
            if S & bit and bit != S:
                C[S, j] = min(C[S ^ bit, k] + d[k][j] for k in range(1, n) if k != j and S >> (k - 1) & 1)
    full = (1 << (n - 1)) - 1
    return min(C[full, j] + d[j][0] for j in range(1, n))


@pytest.mark.benchmark(group="exact tours, 200 instances of n = 10")
def test_held_karp_v_a_dictionary(race):
    points = torch.rand(200, 10, 2, generator=torch.Generator().manual_seed(0))
    plain = [[[math.dist(a, b) for b in p] for a in p] for p in points.double().tolist()]
    assert dictionary_held_karp(plain[0]) == pytest.approx(tsp_exact_lengths(points[:1]).item())
    race(
        lambda: tsp_exact_lengths(points),
        lambda: [dictionary_held_karp(d) for d in plain],
        goal=50,
        rounds=1,
        baseline="Python dictionary",
    )


@pytest.mark.benchmark(group="beam of 4, 128 instances of n = 10")
def test_beam_v_one_instance_at_a_time(race):
    data, model = instances(), PointerNetwork(d=64).eval()
    race(
        lambda: model.decode(data.points, None, 4, "tour"),
        lambda: [model.decode(p[None], None, 4, "tour") for p in data.points],
        goal=10,
        rounds=1,
        baseline="one instance at a time",
    )


@pytest.mark.benchmark(group="20 000 hulls of n = 10")
def test_a_data_set_of_hulls(benchmark):
    """Goal: about 3.5 s."""
    benchmark.pedantic(lambda: make_dataset("hull", (10,), 20_000, 0, cache=False), rounds=1)
