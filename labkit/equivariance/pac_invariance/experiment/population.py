"""Stages that need no samples: random graphs from exact moments, mixed covariates, and the bounds."""

import torch

from labkit.equivariance.pac_invariance.experiment.settings import PacSettings
from labkit.equivariance.pac_invariance.method import (
    LinearSEM,
    SoftIntervention,
    accept,
    environments_needed,
    find_invariant_subsets,
    fit_many,
    fit_representation,
    generalisation,
    mix,
    split_bound,
    subsets_of,
    unmix,
    vc_bound,
)
from labkit.equivariance.pac_invariance.method.sem import PAPER_SITES
from labkit.experiment import Run

TESTS = 200
ETA = 0.05


def random_task(
    n: int, generator: torch.Generator, device: torch.device
) -> tuple[LinearSEM, tuple[int, ...]]:
    """A random graph of in-degree <= 2, and two sites that have parents and are not the target."""
    sem = LinearSEM.random(n, 2, generator, device=device)
    able = [i for i in range(1, n) if i != sem.target]
    chosen = torch.randperm(len(able), generator=generator, device="cpu")[:2].tolist()
    return sem, tuple(able[i] for i in chosen)


def worst_failing(
    train: torch.Tensor, test: torch.Tensor, target: int, radius: float, subsets: list[tuple[int, ...]]
) -> tuple[float, int]:
    """(the largest share of test environments on which an accepted subset fails, how many subsets were accepted)."""
    worst, accepted = 0.0, 0
    trained, tested = fit_many(train, subsets, target), fit_many(test, subsets, target)
    for mine, theirs in zip(trained, tested, strict=True):
        if accept(mine, radius, "maximum"):
            accepted += 1
            worst = max(worst, 1 - generalisation(mine.mean(0), theirs, radius))
    return worst, accepted


def dimension(settings: PacSettings, run: Run) -> None:
    """The worst failing share among accepted singles and pairs, against environments, for graphs of many sizes."""
    done, whole = 0, len(settings.variables) * settings.graphs
    for n in settings.variables:
        for graph in range(settings.graphs):
            generator = run.generator(1000 * n + graph)
            sem, sites = random_task(n, generator, run.device)
            family = SoftIntervention(sites)
            subsets = subsets_of(sem.covariates, 2)
            for draw in range(settings.draws):
                test = family.sample(sem, TESTS, generator).second_moments()
                train = family.sample(sem, max(settings.counts), generator).second_moments()
                for count in settings.counts:
                    worst, accepted = worst_failing(train[:count], test, sem.target, settings.wide, subsets)
                    about = {"variables": n, "environments": count, "graph": graph, "draw": draw}
                    run.measure("worst failing", worst, candidates=len(subsets), **about)
                    run.measure("accepted", accepted, candidates=len(subsets), **about)
            done += 1
            run.progress(done / whole, f"{n} variables")


def mixed(settings: PacSettings, run: Run) -> None:
    """Which subsets are invariant when the covariates are seen through a random matrix, against directly."""
    sem = LinearSEM.paper_graph(device=run.device)
    generator = run.generator(20)
    moments = SoftIntervention(PAPER_SITES).sample(sem, 60, generator).second_moments()
    direct = {found.subset for found in find_invariant_subsets(moments, sem.target, 1e-6)}
    for seen in (6, 9):
        S = torch.randn(seen, 6, generator=generator, dtype=moments.dtype, device="cpu").to(run.device)
        blended = mix(moments, S, sem.target)
        through = {
            subset
            for subset in subsets_of(sem.covariates)
            if accept(fit_representation(blended, unmix(S, sem.covariates, subset), seen), 1e-6)
        }
        run.measure("differ", len(direct ^ through), seen=seen)
        run.measure("accepted", len(through), seen=seen)
        projections = torch.randn(100, 2, seen, generator=generator, dtype=moments.dtype, device="cpu")
        passed = [
            accept(fit_representation(blended, phi.to(run.device), seen), settings.radius)
            for phi in projections
        ]
        run.measure("random projections accepted", sum(passed), seen=seen)


def bounds(settings: PacSettings, run: Run) -> None:
    """The bounds' curves; and how often the failing share of everything accepted stays below the split bound."""
    for delta in (0.5, 0.2, 0.1, 0.05):
        for sites, degree, family in ((1, 1, "soft"), (2, 1, "soft"), (2, 2, "soft"), (3, 1, "hard")):
            V = vc_bound(sites, degree, family)
            about = {"delta": delta, "sites": sites, "in_degree": degree, "family": family}
            run.measure("environments needed", environments_needed(V, delta, ETA), **about)
    sem = LinearSEM.paper_graph(device=run.device)
    family, generator = SoftIntervention(PAPER_SITES), run.generator(30)
    subsets = subsets_of(sem.covariates)
    test = family.sample(sem, 1000, generator).second_moments()
    tested = fit_many(test, subsets, sem.target)
    kept, n2 = 0, 40
    for trial in range(settings.trials):
        first = fit_many(family.sample(sem, 3, generator).second_moments(), subsets, sem.target)
        fresh = fit_many(family.sample(sem, n2, generator).second_moments(), subsets, sem.target)
        worst = 0.0
        for learned, check, unseen in zip(first, fresh, tested, strict=True):
            m = learned.mean(0)
            if generalisation(m, check, settings.wide) == 1.0:
                worst = max(worst, 1 - generalisation(m, unseen, settings.wide))
        kept += worst <= split_bound(n2, len(subsets), ETA)
        run.measure("worst failing of those that passed", worst, trial=trial)
    run.measure("kept", kept / settings.trials)
