"""PAC invariance's experiment: small, repeatable, its claims read off."""

import pytest
import torch

from labkit.equivariance.pac_invariance.experiment import EXPERIMENT
from labkit.equivariance.pac_invariance.experiment.population import random_task, worst_failing
from labkit.equivariance.pac_invariance.experiment.risks import METHODS, learn
from labkit.equivariance.pac_invariance.experiment.settings import PRESETS, PacSettings
from labkit.equivariance.pac_invariance.figures import result_figures
from labkit.equivariance.pac_invariance.method import LinearSEM, SoftIntervention, subsets_of
from labkit.experiment import SCALES

TINY = PacSettings(
    environments=(3, 11),
    samples=(2000, 8000),
    tests=10,
    radius=0.05,
    variables=(6, 8),
    graphs=1,
    draws=1,
    counts=(3, 12),
    risk_tests=20,
    icp_samples=300,
    trials=5,
)


def silent(done, message=""):
    """No progress bar."""


@pytest.fixture(scope="module")
def tiny():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_runs_and_its_claims_are_read_off(tiny):
    assert set(tiny.metrics["stage"]) == {"grid", "dimension", "risks", "mixed", "bounds"}
    assert all(len(claim.values) == 2 for claim in tiny.claims)
    assert len(tiny.claims) >= 10
    exact = next(claim for claim in tiny.claims if "matrix" in claim.statement)
    assert exact.holds


def test_a_result_draws_all_of_its_pictures(tiny):
    drawn = result_figures(tiny)
    assert set(drawn) == {"simulation", "dimension", "risks", "claims"}
    for figure in drawn.values():
        assert figure.layout.title.text
        assert len(figure.data) > 0


def test_the_same_seed_gives_the_same_figures_and_another_gives_others(tiny):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=silent)
    first = tiny.metrics[tiny.metrics["seed"] == 0]
    assert list(first["value"]) == list(again.metrics["value"])
    assert list(tiny.metrics[tiny.metrics["seed"] == 1]["value"]) != list(again.metrics["value"])


def test_presets_exist_for_all_scales_and_hold_the_papers_grid():
    assert set(PRESETS) == set(SCALES)
    for scale in ("class", "paper"):
        assert PRESETS[scale].environments == (3, 5, 8, 11, 14, 17, 20)
        assert PRESETS[scale].samples == (10_000, 15_000, 30_000, 45_000)
        assert (PRESETS[scale].radius, PRESETS[scale].tests) == (0.02, 100)


def test_the_worst_failing_share_counts_accepted_subsets_only(device):
    sem = LinearSEM.paper_graph(device=device)
    generator = torch.Generator("cpu").manual_seed(0)
    family = SoftIntervention((2, 3, 5))
    train, test = (family.sample(sem, k, generator).second_moments() for k in (60, 60))
    worst, accepted = worst_failing(train, test, sem.target, 0.01, subsets_of(sem.covariates))
    assert (worst, accepted) == (0.0, 12)
    other = SoftIntervention((6,)).sample(sem, 60, generator).second_moments()
    worst, _ = worst_failing(train, other, sem.target, 0.01, subsets_of(sem.covariates))
    assert worst > 0.9, "{1,3,5,6} fails when the mechanism of 6 changes"


def test_random_tasks_have_sites_with_parents_away_from_the_target(device):
    for seed in range(10):
        sem, sites = random_task(8, torch.Generator("cpu").manual_seed(seed), device)
        assert len(set(sites)) == 2 and sem.target not in sites
        assert all(1 <= len(sem.parents(site)) <= 2 for site in sites)


def test_every_method_learns(device):
    sem = LinearSEM.paper_graph(device=device)
    generator = torch.Generator("cpu").manual_seed(1)
    samples = SoftIntervention((2, 3, 5)).sample(sem, 6, generator).sample(800, generator)
    weights, chosen = learn(sem, samples, 0.1)
    assert set(weights) == set(METHODS)
    assert chosen["ICP"] == (1, 3)
    assert (weights["true parents"][[1, 3]] - 1).abs().max() < 0.1
    assert weights["true parents"][[0, 2, 4, 5]].abs().max() == 0
