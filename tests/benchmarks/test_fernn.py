"""FERNN's step against its baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch
from torch.nn import functional as F

from labkit.equivariance.actions import shift
from labkit.equivariance.fernn.method import FlowCell, grnn_cell, velocity_grid


def encode(cell, frames):
    with torch.no_grad():
        state = None
        for t in range(frames.shape[1]):
            state = cell(frames[:, t], state, t)
        return state


def naive(cell, frames):
    """A loop of rolls and a stack, then circular padding and the convolution."""
    with torch.no_grad():
        state = cell.start(frames[:, 0])
        for t in range(frames.shape[1]):
            moved = torch.stack([shift(state[:, i], v) for i, v in enumerate(cell.velocities)], 1)
            recurrent = cell.conv_h(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])
            state = F.relu(recurrent + cell.conv_u(frames[:, t])[:, None])
        return state


@pytest.fixture
def frames():
    return torch.rand(16, 6, 1, 16, 16, generator=torch.Generator("cpu").manual_seed(0))


@pytest.mark.benchmark(group="FERNN, C=16, 16x16, B=16, V=25, 6 steps")
def test_one_gather_v_a_loop_of_rolls(race, frames):
    cell = FlowCell(1, 16, velocity_grid(2))
    assert torch.equal(encode(cell, frames), naive(cell, frames))
    race(lambda: encode(cell, frames), lambda: naive(cell, frames), goal=1.0, baseline="25 rolls and a stack")


@pytest.mark.benchmark(group="FERNN, C=16, 16x16, B=16, V=25, 6 steps")
def test_25_grnns_v_one_fernn(race, frames):
    """Ideal is as fast as 25 G-RNNs; the goal allows 1.4 times as long."""
    cell, grnn = FlowCell(1, 16, velocity_grid(2)), grnn_cell(1, 16)

    def many():
        for _ in range(25):
            encode(grnn, frames)

    race(lambda: encode(cell, frames), many, goal=1 / 1.4, baseline="25 G-RNNs")


@pytest.mark.benchmark(group="FERNN, C=16, 16x16, B=16, V=25, 6 steps")
def test_moving_frame_v_one_gather(race, frames):
    """The moving frame shifts one input channel in place of 16 features."""
    moving, roll = FlowCell(1, 16, velocity_grid(2), shift="moving"), FlowCell(1, 16, velocity_grid(2))
    race(lambda: encode(moving, frames), lambda: encode(roll, frames), baseline="the state shifted")
