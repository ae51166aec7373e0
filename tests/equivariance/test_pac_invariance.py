"""PAC invariance: exact facts of the paper's graph, the criterion, the bounds, and the rivals."""

import math

import pytest
import torch

from labkit.equivariance.pac_invariance.method import (
    Environments,
    HardIntervention,
    LinearSEM,
    MeanShift,
    NoiseScaling,
    SignFlip,
    SoftIntervention,
    accept,
    environments_needed,
    erm,
    find_invariant_subsets,
    fit_coefficients,
    fit_many,
    fit_representation,
    generalisation,
    gradient_gap,
    group_dro,
    icp,
    invariance_score,
    irm_v1,
    mix,
    moments_from_samples,
    risk,
    sample_error,
    split_bound,
    split_environments,
    subsets_of,
    unmix,
    vc_bound,
)
from labkit.equivariance.pac_invariance.method.baselines import on_all

SITES = (2, 3, 5)
D = torch.float64
SOFT = {
    (1, 3), (0, 1, 3), (1, 2, 3), (1, 3, 5), (0, 1, 2, 3), (0, 1, 3, 5), (1, 2, 3, 5), (1, 3, 5, 6), (0, 1, 2, 3, 5),
    (0, 1, 3, 5, 6), (1, 2, 3, 5, 6), (0, 1, 2, 3, 5, 6),
}  # fmt: skip
HARD = {(0,), (1,), (3,), (0, 1), (0, 3), (1, 3), (0, 1, 3)}


def rng(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


def paper(device):
    return LinearSEM.paper_graph(device=device)


# the system and its interventions


def test_second_moments_are_those_of_samples(device):
    """The error falls like 1/sqrt(N)."""
    sem = paper(device)
    for family in (SoftIntervention(SITES), HardIntervention(SITES), MeanShift(SITES), SignFlip()):
        env = family.sample(sem, 3, rng(1))
        exact, errors = env.second_moments(), []
        counts = (1000, 16000)
        for count in counts:
            draws = [
                torch.linalg.matrix_norm(env.sample_moments(count, rng(s)) - exact)
                / torch.linalg.matrix_norm(exact)
                for s in range(12)
            ]
            errors.append(torch.stack(draws).mean().item())
        slope = math.log(errors[1] / errors[0]) / math.log(counts[1] / counts[0])
        assert abs(slope + 0.5) < 0.12


@pytest.mark.parametrize(
    "family", [SoftIntervention(SITES), MeanShift(SITES, 0.05)], ids=["soft", "mean shift"]
)
def test_moments_without_draws_are_distributed_like_those_of_draws(device, family):
    sem = paper(device)
    env = family.sample(sem, 1, rng())
    many = Environments(
        *(x.expand(4000, *x.shape[1:]) for x in (env.coefficients, env.noise_std, env.constants))
    )
    fast = many.sample_moments(12, rng(1))
    slow = moments_from_samples(many.sample(12, rng(2)))
    for power in (1, 2, 3):
        a, b = (fast**power).mean(0), (slow**power).mean(0)
        noise = (slow**power).std(0) / 4000**0.5
        assert ((a - b).abs() < 6 * noise + 1e-12).all(), power
    pairs = [(m[:, 0, 0] * m[:, 1, 1]).mean() - m[:, 0, 0].mean() * m[:, 1, 1].mean() for m in (fast, slow)]
    assert 0.7 < pairs[0] / pairs[1] < 1.4, "entries vary together"


def test_hard_interventions_hold_one_constant_for_all_draws(device):
    sem = paper(device)
    env = HardIntervention(SITES).sample(sem, 1, rng())
    X = env.sample(50, rng(3))[0]
    assert (X[list(SITES)] - env.constants[0, list(SITES)][:, None]).abs().max() < 1e-12
    S = env.sample_moments(50, rng(3))[0][list(SITES)][:, list(SITES)]
    c = env.constants[0, list(SITES)]
    assert (S - c[:, None] * c).abs().max() < 1e-12
    assert sem.sample(5, rng()).shape == (7, 5)


def test_the_structural_equations_hold(device):
    sem = LinearSEM.random(9, 2, rng(4), device=device)
    X = sem.sample(20000, rng(5))
    U = X - sem.coefficients @ X
    assert torch.allclose(U @ U.T / 20000, torch.eye(9, dtype=D, device=device), atol=0.05)
    assert all(1 <= len(sem.parents(i)) <= 2 for i in range(1, 9))
    assert sem.target in sem.children(sem.parents(sem.target)[0])


def test_families_touch_what_they_say(device):
    sem = paper(device)
    B = sem.coefficients
    others = [i for i in range(7) if i not in SITES]
    soft = SoftIntervention(SITES).sample(sem, 400, rng())
    assert torch.equal(soft.coefficients[:, others], B[others].expand(400, -1, -1))
    gamma = soft.coefficients[:, 3, [1, 2]]
    assert abs(gamma.std().item() - 1) < 0.1 and (gamma[:, 0] - gamma[:, 1]).abs().min() > 0
    hard = HardIntervention(SITES).sample(sem, 5, rng())
    assert hard.coefficients[:, list(SITES)].abs().max() == 0 and hard.noise_std[:, list(SITES)].max() == 0
    flip = SignFlip().sample(sem, 50, rng())
    assert torch.equal(flip.coefficients[:, 4], B[4].expand(50, -1)), "the target's own row is kept"
    columns = flip.coefficients[:, [3, 5]][:, :, 2]
    assert torch.equal(columns[:, 0], columns[:, 1]), "one sign for a source"
    assert set(flip.coefficients[:, 6, 4].tolist()) == {-1.0, 1.0}
    shift = MeanShift(SITES).sample(sem, 5, rng())
    assert torch.equal(shift.coefficients[0], B) and shift.constants[:, list(SITES)].abs().min() > 0
    loud = NoiseScaling(SITES).sample(sem, 5, rng())
    assert torch.equal(loud.noise_std[:, others], sem.noise_std[others].expand(5, -1))
    assert (loud.noise_std[:, list(SITES)] >= 0).all()


def test_soft_moments_are_polynomials_in_the_interventions_strengths(device):
    """Along a line in theta Sigma has degree 2k for k sites on one path: finite differences say so."""
    sem = paper(device)

    def sigma(t, sites):
        B = sem.coefficients.clone()
        for k, site in enumerate(sites):
            B[site] = B[site] * (0.3 + (k + 1) * t)
        return Environments(
            B[None], sem.noise_std[None], torch.zeros(1, 7, dtype=D, device=device)
        ).second_moments()[0]

    for sites in ((3,), (2, 3), (2, 3, 5)):
        k = len(sites)
        values = torch.stack([sigma(0.5 * t, sites) for t in range(2 * k + 2)])
        scale = values.abs().max()
        for _ in range(2 * k):
            values = values.diff(dim=0)
        assert values.abs().max() > 1e-3 * scale, "degree 2k is reached"
        assert values.diff(dim=0).abs().max() < 1e-8 * scale


# the criterion


@pytest.mark.parametrize(
    ("family", "wanted"),
    [
        (SoftIntervention(SITES), SOFT),
        (HardIntervention(SITES), HARD),
        (SignFlip(), {s for s in SOFT if 6 not in s}),
    ],
    ids=["soft", "hard", "sign flip"],
)
def test_the_invariant_subsets_of_the_papers_graph(device, family, wanted):
    sem = paper(device)
    moments = family.sample(sem, 200, rng()).second_moments()
    assert {found.subset for found in find_invariant_subsets(moments, 4, 1e-6)} == wanted
    if wanted is SOFT:
        assert set.intersection(*map(set, wanted)) == set(sem.parents(4))


def test_coefficients_of_the_observed_system(device):
    sem = paper(device)
    beta = fit_coefficients(sem.second_moment()[None], sem.covariates, 4)[0]
    wanted = torch.tensor([0, 0.5, 0, 0.5, -0.5, 0.5], dtype=D, device=device)
    assert (beta - wanted).abs().max() < 1e-9
    soft = SoftIntervention(SITES).sample(sem, 100, rng()).second_moments()
    assert (fit_coefficients(soft, (1, 3), 4) - 1).abs().max() < 1e-9


def test_moments_give_least_squares(device):
    sem = paper(device)
    X = SoftIntervention(SITES).sample(sem, 4, rng()).sample(60, rng(1))
    moments = moments_from_samples(X)
    for subset, found in zip(
        [(1,), (0, 5), (1, 3, 6)], fit_many(moments, [(1,), (0, 5), (1, 3, 6)], 4), strict=True
    ):
        for e in range(4):
            wanted = torch.linalg.lstsq(X[e, list(subset)].T, X[e, 4][:, None]).solution[:, 0]
            assert (found[e] - wanted).abs().max() < 1e-9
        assert torch.allclose(found, fit_coefficients(moments, subset, 4))


def test_collinear_constants_get_the_minimum_norm(device):
    sem = paper(device)
    hard = HardIntervention(SITES).sample(sem, 1, rng())
    X = hard.sample(500, rng())[0]
    found = fit_coefficients(moments_from_samples(X)[None], (2, 3), 4)[0]
    constants = hard.constants[0, [2, 3]]
    assert (found[0] * constants[1] - found[1] * constants[0]).abs() < 1e-6, "along the constants"


def test_an_intercept_takes_the_mean_out(device):
    X = torch.randn(1, 4, 300, dtype=D, generator=rng(), device="cpu").to(device)
    X[:, 0] = 1.0
    X[:, 3] = 5 + 2 * X[:, 1] + 3 * X[:, 2]
    beta = fit_coefficients(moments_from_samples(X), (1, 2), 3, intercept=True)
    assert torch.allclose(beta, torch.tensor([[2.0, 3.0]], dtype=D, device=device))
    assert (fit_coefficients(moments_from_samples(X), (1, 2), 3) - beta).abs().max() > 0.01
    X[:, 2] = 7.0
    with pytest.raises(ValueError, match="node 2 is constant"):
        fit_coefficients(moments_from_samples(X), (1, 2), 3, intercept=True)


def test_scores_count_the_pairs_of_one(device):
    same = torch.ones(4, 2, dtype=D, device=device)
    assert invariance_score(same)[0] == 0
    two = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=D, device=device)
    score, mean = invariance_score(two)
    assert score.item() == 2.5
    assert mean.tolist() == [1.5, 2.0]
    assert accept(two, 1.01) and not accept(two, 0.99)
    assert accept(two, 1.01, "maximum") and not accept(two, 0.99, "maximum")
    three = torch.tensor([[1.0], [1.0], [1.3]], dtype=D, device=device)
    assert accept(three, 0.15) and not accept(three, 0.15, "maximum")
    assert generalisation(mean, torch.stack([mean, 1.05 * mean, 2 * mean]), 0.1) == pytest.approx(2 / 3)


def test_the_gradient_gap_is_half_the_gradient_of_the_risk(device):
    sem = paper(device)
    S = SoftIntervention(SITES).sample(sem, 1, rng()).second_moments()
    phi = torch.randn(2, 6, dtype=D, generator=rng(), device="cpu").to(device)
    w = torch.randn(2, dtype=D, generator=rng(1), device="cpu").to(device).requires_grad_()
    (gradient,) = torch.autograd.grad(risk(S, w @ phi, 4).sum(), w)
    assert torch.allclose(gradient_gap(phi, w.detach(), S[0], 4), torch.linalg.vector_norm(gradient) / 2)
    best = fit_representation(S, phi, 4)[0]
    assert gradient_gap(phi, best, S[0], 4) < 1e-10
    select = torch.eye(6, dtype=D, device=device)[[1, 3]]
    assert torch.allclose(fit_representation(S, select, 4), fit_coefficients(S, (1, 3), 4))


@pytest.mark.parametrize("seen", [6, 9])
def test_covariates_seen_through_a_matrix(device, seen):
    sem = paper(device)
    moments = SoftIntervention(SITES).sample(sem, 80, rng()).second_moments()
    S = torch.randn(seen, 6, dtype=D, generator=rng(2), device="cpu").to(device)
    mixed = mix(moments, S, 4)
    through = {
        subset
        for subset in subsets_of(sem.covariates)
        if accept(fit_representation(mixed, unmix(S, sem.covariates, subset), seen), 1e-6)
    }
    assert through == SOFT
    with pytest.raises(ValueError, match="full column rank 6"):
        mix(moments, S[:3], 4)


# bounds


def test_bounds_have_their_values(device):
    wanted = {5: (377, 1205, 2809), 15: (1129, 3614, 8427), 35: (2633, 8432, 19663)}
    for V, row in wanted.items():
        assert tuple(environments_needed(V, delta, 0.05) for delta in (0.5, 0.2, 0.1)) == row
    assert vc_bound(1, 1) == 5 and vc_bound(2, 1) == math.comb(10, 8) and vc_bound(2, 2) == 495
    assert vc_bound(1, 1, "hard") == 5 and vc_bound(2, 1, "hard") == 15 and vc_bound(3, 1, "hard") == 35
    assert vc_bound(1, 1, "general", edges=10, nodes=7) > vc_bound(1, 1, "general", edges=9, nodes=7) > 1000
    assert split_environments(0.05, 63, 0.05) == 143
    assert split_environments(0.05, 1, 0.05) == 60
    assert split_bound(143, 63, 0.05) <= 0.05 < split_bound(142, 63, 0.05)
    assert split_bound(1, 63, 0.05) == 1.0
    assert environments_needed(5, 0.1, 0.01) >= environments_needed(5, 0.2, 0.01)
    assert sample_error(2, 40000, 1, 1, 63, 0.05) == pytest.approx(sample_error(2, 10000, 1, 1, 63, 0.05) / 2)


def test_the_split_bound_is_kept(device):
    sem = paper(device)
    family, generator = SoftIntervention(SITES), rng(7)
    subsets = subsets_of(sem.covariates)
    unseen = fit_many(family.sample(sem, 500, generator).second_moments(), subsets, 4)
    kept = 0
    for _ in range(200):
        first = fit_many(family.sample(sem, 2, generator).second_moments(), subsets, 4)
        fresh = fit_many(family.sample(sem, 12, generator).second_moments(), subsets, 4)
        worst = [
            1 - generalisation(a.mean(0), c, 0.1)
            for a, b, c in zip(first, fresh, unseen, strict=True)
            if generalisation(a.mean(0), b, 0.1) == 1
        ]
        kept += max(worst, default=0.0) <= split_bound(12, 63, 0.05)
    assert kept >= 190


# rivals


def test_pooled_regression_on_the_papers_graph(device):
    """Half the noise on every soft environment, about ten times as much when signs flip; the parents have one
    always."""
    sem = paper(device)
    soft = SoftIntervention(SITES).sample(sem, 20, rng()).second_moments()
    w, unit = erm(soft, 4), sem.noise_std[4] ** 2
    parents = on_all((1, 3), torch.ones(2, dtype=D, device=device), 7, 4)
    assert torch.allclose(risk(soft, w, 4) / unit, torch.full((20,), 0.5, dtype=D, device=device))
    flip = SignFlip().sample(sem, 2000, rng(1)).second_moments()
    assert 8 < (risk(flip, w, 4) / unit).mean() < 12
    for moments in (soft, flip, HardIntervention(SITES).sample(sem, 20, rng()).second_moments()):
        assert torch.allclose(
            risk(moments, parents, 4) / unit, torch.ones(len(moments), dtype=D, device=device)
        )


def two_worlds(device):
    """Y = X + noise; Z = Y + noise of a deviation that differs: 0.2 in one environment, 2 in the other."""
    B = torch.tensor([[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]], dtype=D, device=device)
    sem = LinearSEM(B, torch.ones(3, dtype=D, device=device), 1)
    std = torch.tensor([[1, 1, 0.2], [1, 1, 2.0]], dtype=D, device=device)
    return sem, Environments(B.expand(2, -1, -1), std, torch.zeros(2, 3, dtype=D, device=device))


def test_invariant_risk_minimisation_drops_the_effect(device):
    _, env = two_worlds(device)
    moments = env.second_moments()
    pooled, invariant = erm(moments, 1), irm_v1(moments, 1)
    assert pooled[1] > 0.2
    assert invariant[1].abs() < 0.1 and (invariant[0] - 1).abs() < 0.15


def test_worst_case_training_lowers_the_worst_risk(device):
    _, env = two_worlds(device)
    moments = env.second_moments()
    dro = risk(moments, group_dro(moments, 1), 1).max()
    assert dro < risk(moments, erm(moments, 1), 1).max() - 0.01
    grid = [
        risk(moments, torch.tensor([a / 50, b / 50], dtype=D, device=device), 1).max().item()
        for a in range(30, 55)
        for b in range(-5, 45)
    ]
    assert dro <= min(grid) + 0.01


def test_invariant_causal_prediction_finds_the_parents(device):
    sem = paper(device)
    samples = SoftIntervention(SITES).sample(sem, 5, rng()).sample(1500, rng(1))
    causes, passed = icp(samples, 4)
    assert set(causes) <= {1, 3} and (1, 3) in passed
    assert all({1, 3} <= set(subset) for subset in passed)
    _, env = two_worlds(device)
    assert icp(env.sample(2000, rng()), 1)[0] == (0,)


# bad input


def test_bad_input_says_what_is_allowed(device):
    sem = paper(device)
    with pytest.raises(ValueError, match="interventions on the target break the problem"):
        SoftIntervention((2, 4)).sample(sem, 3, rng())
    with pytest.raises(ValueError, match="sites must be nodes, 0 to 6"):
        HardIntervention((9,)).sample(sem, 3, rng())
    with pytest.raises(ValueError, match="sites must name"):
        SoftIntervention(())
    with pytest.raises(ValueError, match="count must be at least 1"):
        SignFlip().sample(sem, 0, rng())
    cycle = sem.coefficients.clone()
    cycle[0, 6] = 1.0
    with pytest.raises(ValueError, match="acyclic"):
        LinearSEM(cycle, sem.noise_std, 4)
    with pytest.raises(ValueError, match="count must be above the number of nodes 7; got 7"):
        sem.observed().sample_moments(7, rng())
    with pytest.raises(ValueError, match="noise_std must not be negative"):
        LinearSEM(sem.coefficients, -sem.noise_std, 4)
    with pytest.raises(ValueError, match="target must be a node"):
        LinearSEM(sem.coefficients, sem.noise_std, 7)
    moments = sem.second_moment()[None]
    with pytest.raises(ValueError, match="it is empty"):
        fit_coefficients(moments, (), 4)
    with pytest.raises(ValueError, match="holds the target 4"):
        fit_coefficients(moments, (1, 4), 4)
    with pytest.raises(ValueError, match="at least 2 environments; got 1"):
        find_invariant_subsets(moments, 4, 0.1)
    with pytest.raises(ValueError, match="radius must be positive"):
        accept(torch.ones(3, 2, dtype=D, device=device), 0.0)
    with pytest.raises(ValueError, match="rule must be mean or maximum"):
        accept(torch.ones(3, 2, dtype=D, device=device), 0.1, "median")
    for delta, eta, name in ((0.0, 0.1, "delta"), (0.1, 1.0, "eta")):
        with pytest.raises(ValueError, match=f"{name} must lie strictly between 0 and 1"):
            environments_needed(5, delta, eta)
    with pytest.raises(ValueError, match="samples must be at least the representation's size 3; got 2"):
        sample_error(3, 2, 1, 1, 1, 0.1)
    with pytest.raises(ValueError, match="family must be one of soft, hard, general"):
        vc_bound(1, 1, "odd")
    with pytest.raises(ValueError, match="at least 2 environments"):
        icp(torch.randn(1, 3, 9, device=device), 1)
    with pytest.raises(ValueError, match="count must be at least the number of nodes 3; got 2"):
        icp(torch.randn(2, 3, 2, device=device), 1)
    with pytest.raises(ValueError, match="penalty must be positive"):
        irm_v1(moments, 4, penalty=0)
    with pytest.raises(ValueError, match="n must be at least 3"):
        LinearSEM.random(2, 1, rng())
