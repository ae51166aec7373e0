"""The search for invariant subsets against regressions on samples: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch

from labkit.equivariance.pac_invariance.method import (
    LinearSEM,
    SoftIntervention,
    fit_many,
    moments_from_samples,
    subsets_of,
)

SEM = LinearSEM.paper_graph()
SUBSETS = subsets_of(SEM.covariates)


def drawn(count, environments=5):
    generator = torch.Generator("cpu").manual_seed(0)
    return SoftIntervention((2, 3, 5)).sample(SEM, environments, generator).sample(count, generator)


def regressions(X):
    """Least squares on the draws, subset by subset and environment by environment, as the reference has it."""
    return [
        torch.stack([torch.linalg.lstsq(x[list(s)].T, x[SEM.target][:, None]).solution[:, 0] for x in X])
        for s in SUBSETS
    ]


@pytest.mark.benchmark(group="63 subsets in 5 environments")
@pytest.mark.parametrize(("count", "goal"), [(10_000, 10), (45_000, 30)])
def test_moments_v_least_squares_on_samples(race, count, goal):
    X = drawn(count)
    fast = fit_many(moments_from_samples(X), SUBSETS, SEM.target)
    for a, b in zip(fast, regressions(X), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    race(
        lambda: fit_many(moments_from_samples(X), SUBSETS, SEM.target),
        lambda: regressions(X),
        goal=goal,
        rounds=1,
        baseline="least squares on the draws",
    )


@pytest.mark.benchmark(group="63 subsets in 5 environments")
def test_exact_moments_v_samples(race):
    env = SoftIntervention((2, 3, 5)).sample(SEM, 5, torch.Generator("cpu").manual_seed(0))

    def sampled():
        return regressions(env.sample(45_000, torch.Generator("cpu").manual_seed(1)))

    race(
        lambda: fit_many(env.second_moments(), SUBSETS, SEM.target),
        sampled,
        goal=1000,
        rounds=1,
        baseline="45,000 draws and least squares",
    )
