"""Frame averaging against loops and baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch
from torch import nn

from labkit.equivariance.frame_averaging.method import FAGNN, FrameAverage, euclidean_frame, pair_features
from labkit.equivariance.graph_nets import PlainGNN


@pytest.fixture
def cloud():
    return torch.randn(16, 64, 3, generator=torch.Generator("cpu").manual_seed(0))


@pytest.fixture
def backbone():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))


def loop(backbone, X):
    """One sample and one element of the frame at a time."""
    out = []
    for x in X:
        frame = euclidean_frame(x[None], "E")
        t = frame.translation[0]
        out.append(torch.stack([backbone((x - t) @ R) @ R.T + t for R in frame.rotations[0]]).mean(0))
    return torch.stack(out)


@pytest.mark.benchmark(group="frame average, B=16, n=64")
def test_one_batched_call_v_a_loop(race, cloud, backbone):
    average = FrameAverage(backbone, "E", "position")
    with torch.no_grad():
        assert torch.allclose(average(cloud), loop(backbone, cloud), atol=1e-5)
        race(lambda: average(cloud), lambda: loop(backbone, cloud), goal=3.0, baseline="a loop")


@pytest.mark.benchmark(group="n-body step, B=50, n=5, hidden=30")
def test_fagnn_step_v_the_plain_gnn(race):
    """Eight copies of everything: the goal allows nine times the plain network's step."""
    torch.manual_seed(0)
    x, v = torch.randn(50, 5, 3), torch.randn(50, 5, 3)
    edges = pair_features(x, torch.ones(50, 5))
    fa, plain = FAGNN(30, 3), PlainGNN(6, 30, 3)

    def step(model):
        model(x, v, edges).square().mean().backward()

    race(lambda: step(fa), lambda: step(plain), goal=1 / 9, baseline="GNN")
