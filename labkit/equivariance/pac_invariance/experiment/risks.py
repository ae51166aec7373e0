"""Six methods, trained on few soft interventions, under three test families."""

import torch

from labkit.equivariance.pac_invariance.experiment.grid import FAMILIES
from labkit.equivariance.pac_invariance.experiment.settings import PacSettings
from labkit.equivariance.pac_invariance.method import (
    LinearSEM,
    erm,
    find_invariant_subsets,
    fit_coefficients,
    group_dro,
    icp,
    irm_v1,
    moments_from_samples,
    risk,
)
from labkit.equivariance.pac_invariance.method.baselines import on_all
from labkit.experiment import Run

TRAIN = 8
METHODS = ("ERM", "group DRO", "IRMv1", "ICP", "accepted, least risk", "true parents")


def learn(
    sem: LinearSEM, samples: torch.Tensor, radius: float
) -> tuple[dict[str, torch.Tensor], dict[str, tuple[int, ...]]]:
    """Weights on all covariates by method, and the subsets that ICP and the criterion chose."""
    moments = moments_from_samples(samples)
    pooled = moments.mean(0, keepdim=True)
    weights = {
        "ERM": erm(moments, sem.target),
        "group DRO": group_dro(moments, sem.target),
        "IRMv1": irm_v1(moments, sem.target),
    }
    causal, _ = icp(samples, sem.target)
    accepted = find_invariant_subsets(moments, sem.target, radius)

    def on(subset: tuple[int, ...]) -> torch.Tensor:
        if not subset:
            return torch.zeros_like(weights["ERM"])
        beta = fit_coefficients(pooled, subset, sem.target)[0]
        return on_all(subset, beta, sem.n, sem.target)

    weights["ICP"] = on(causal)
    chosen = {
        found.subset: risk(moments, on_all(found.subset, found.beta, sem.n, sem.target), sem.target)
        .mean()
        .item()
        for found in accepted
    }
    best = min(chosen, key=chosen.get) if chosen else ()
    weights["accepted, least risk"] = on(best)
    weights["true parents"] = on(sem.parents(sem.target))
    return weights, {"ICP": causal, "accepted, least risk": best}


def risks(settings: PacSettings, run: Run) -> None:
    """Squared error, in units of the target's own noise, of every method in every test environment."""
    sem = LinearSEM.paper_graph(device=run.device)
    generator = run.generator(40)
    samples = FAMILIES["soft"].sample(sem, TRAIN, generator).sample(settings.icp_samples, generator)
    weights, chosen = learn(sem, samples, settings.wide)
    for method, subset in chosen.items():
        run.measure("chosen", len(subset), method=method, subset="{" + ",".join(map(str, subset)) + "}")
    unit = sem.noise_std[sem.target] ** 2
    for family, made in FAMILIES.items():
        moments = made.sample(sem, settings.risk_tests, generator).second_moments()
        for method in METHODS:
            found = risk(moments, weights[method], sem.target) / unit
            run.measure("mean risk", found.mean().item(), method=method, tested=family)
            run.measure("largest risk", found.max().item(), method=method, tested=family)
            run.keep(f"{family}/{method}", found)
