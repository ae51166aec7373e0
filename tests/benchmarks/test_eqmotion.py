"""EqMotion against the formulation that joins every pair: `pytest tests/benchmarks --benchmark-enable -s`."""

import math

import pytest
import torch
from torch.nn import functional as F

from labkit.equivariance.eqmotion.method import EqMotion, PairMLP, displacements
from labkit.equivariance.eqmotion.method import model as model_module


class JoinedPairs(PairMLP):
    """The reference's way: build [h_i, h_j, e_ij] for every pair, then one wide linear."""

    def forward(self, h, edges):
        n = h.shape[1]
        joined = torch.cat([h[:, :, None].expand(-1, -1, n, -1), h[:, None].expand(-1, n, -1, -1), edges], -1)
        return F.silu(self.second(F.silu(self.first(joined))))


def python_dct(n, *, dtype=torch.float32, device="cpu"):
    """The reference's way: double loops in Python, at every call."""
    D = torch.zeros(n, n, dtype=dtype, device=device)
    for k in range(n):
        for i in range(n):
            scale = math.sqrt((1 if k == 0 else 2) / n)
            D[k, i] = scale * math.cos(math.pi * (i + 0.5) * k / n)
    return D


def setup(agents, batch):
    torch.manual_seed(0)
    fast, slow = EqMotion(20, 20), EqMotion(20, 20)
    slow.load_state_dict(fast.state_dict())
    for part in slow.modules():
        if isinstance(part, PairMLP):
            part.__class__ = JoinedPairs
    past, future = torch.randn(batch, agents, 20, 3), torch.randn(batch, agents, 20, 3)
    real = model_module.dct_matrix

    def step(model, dct):
        model_module.dct_matrix = dct
        try:
            displacements(model(past), future).mean().backward()
        finally:
            model_module.dct_matrix = real

    with torch.no_grad():
        assert torch.allclose(fast(past), slow(past), atol=1e-3)
    return lambda: step(fast, real), lambda: step(slow, python_dct)


@pytest.mark.benchmark(group="EqMotion, forward and backward, B=100, M=5, D=C=64, 4 layers")
def test_five_agents(race):
    fast, slow = setup(5, 100)
    race(fast, slow, goal=1.5, baseline="joined pairs, DCT by loops")


@pytest.mark.benchmark(group="EqMotion, forward and backward, B=8, M=22, D=C=64, 4 layers")
def test_twenty_two_agents(race):
    fast, slow = setup(22, 8)
    race(fast, slow, goal=2.0, baseline="joined pairs, DCT by loops")
