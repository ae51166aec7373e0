"""The paper's simulation, with one matrix of second moments for each environment."""

from labkit.equivariance.pac_invariance.experiment.settings import PacSettings
from labkit.equivariance.pac_invariance.method import (
    HardIntervention,
    LinearSEM,
    SignFlip,
    SoftIntervention,
    erm,
    find_invariant_subsets,
    fit_coefficients,
    generalisation,
)
from labkit.equivariance.pac_invariance.method.sem import PAPER_SITES
from labkit.experiment import Run

FAMILIES = {
    "hard": HardIntervention(PAPER_SITES),
    "soft": SoftIntervention(PAPER_SITES),
    "rademacher": SignFlip(),
}
PAIRS = (("hard", "hard"), ("hard", "rademacher"), ("soft", "soft"), ("soft", "rademacher"))


def grid(settings: PacSettings, run: Run) -> None:
    """The share of good test environments of every accepted subset; and of pooled regression, by the same test.

    The test environments of a cell are the same for all of its subsets (the paper's code draws new ones for each).
    """
    sem = LinearSEM.paper_graph(device=run.device)
    generator = run.generator(10)
    cells = [
        (repeat, N, n)
        for repeat in range(settings.repeats)
        for N in settings.samples
        for n in settings.environments
    ]
    for k, (repeat, N, n) in enumerate(cells):
        for trained, tested in PAIRS:
            train = FAMILIES[trained].sample(sem, n, generator).sample_moments(N, generator)
            test = FAMILIES[tested].sample(sem, settings.tests, generator).sample_moments(N, generator)
            about = {"trained": trained, "tested": tested, "samples": N, "environments": n, "repeat": repeat}
            for found in find_invariant_subsets(train, sem.target, settings.radius):
                betas = fit_coefficients(test, found.subset, sem.target)
                share = generalisation(found.beta, betas, settings.radius)
                run.measure("good", share, subset=name(found.subset), **about)
            pooled = erm(train, sem.target)
            betas = fit_coefficients(test, sem.covariates, sem.target)
            run.measure("good, ERM", generalisation(pooled, betas, settings.radius), **about)
        run.progress((k + 1) / len(cells), f"{n} environments of {N} draws")


def name(subset) -> str:
    """{1,3}"""
    return "{" + ",".join(map(str, subset)) + "}"
