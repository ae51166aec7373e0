"""Order Matters' hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import itertools

import pytest
import torch

from labkit.ordering.order_matters.data import sorting_batch
from labkit.ordering.order_matters.method import (
    ReadProcessWrite,
    SetLanguageModel,
    order_log_probs,
    set_log_likelihood,
    sorting_order,
)
from labkit.ordering.permutations import all_permutations


@pytest.mark.benchmark(group="training step of sorting, B = 128, N = 5, d = 32, P = 5, glimpse")
def test_sorting_step_v_one_set_at_a_time(race):
    """Goals: below 15 ms, and at least 30 times as fast as a loop over the batch."""
    model, x = ReadProcessWrite(1, 32, 5, 1), sorting_batch(128, 5, torch.Generator().manual_seed(0))

    def batched():
        model.zero_grad()
        (-model.log_prob(x, sorting_order(x)).mean()).backward()

    def loop():
        model.zero_grad()
        (-sum(model.log_prob(one[None], sorting_order(one[None]))[0] for one in x) / 128).backward()

    race(batched, loop, goal=30, rounds=1, baseline="one set at a time")


@pytest.mark.benchmark(group="set likelihood, 500 five-grams, d = 64")
def test_set_likelihood_v_an_order_at_a_time(race):
    """Goal: below 0.4 s; the baseline calls the model once for each of the 120 orders."""
    model = SetLanguageModel(150, 64)
    items = torch.arange(5) * 30 + torch.randint(30, (500, 5), generator=torch.Generator().manual_seed(0))
    every = all_permutations(5)

    @torch.no_grad()
    def batched():
        return set_log_likelihood(model, items)

    @torch.no_grad()
    def loop():
        scores = [
            order_log_probs(model, items, torch.tensor([order])) for order in itertools.permutations(range(5))
        ]
        return torch.cat(scores, 1).logsumexp(-1)

    assert len(every) == 120
    assert torch.allclose(batched(), loop(), atol=1e-4)
    race(batched, loop, goal=1.0, baseline="one order at a time")
