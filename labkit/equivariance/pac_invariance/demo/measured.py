"""The paper's simulation while you wait, failing shares beside the bounds, and six methods' risks."""

from typing import Annotated

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit import device as devices
from labkit.demo import Label, Log, demo
from labkit.equivariance.pac_invariance import figures
from labkit.equivariance.pac_invariance.experiment.grid import FAMILIES, PAIRS, name
from labkit.equivariance.pac_invariance.experiment.population import worst_failing
from labkit.equivariance.pac_invariance.experiment.risks import METHODS, learn
from labkit.equivariance.pac_invariance.method import (
    LinearSEM,
    SoftIntervention,
    find_invariant_subsets,
    fit_coefficients,
    generalisation,
    risk,
    split_bound,
    subsets_of,
    vc_bound,
)
from labkit.equivariance.pac_invariance.method.bounds import environments_needed
from labkit.experiment.progress import silent


@demo("The paper's simulation", slow=True)
def simulation(
    draws: Annotated[
        int, Interval(ge=1000, le=45_000), Log(per_decade=4), Label("draws an environment")
    ] = 10_000,
    radius: Annotated[float, Interval(ge=0.01, le=0.1), Log(per_decade=6), Label("radius r")] = 0.02,
    seed: Annotated[int, Interval(ge=0, le=9), doc("other interventions")] = 0,
    device: str = "auto",
    progress=silent,
) -> go.Figure:
    """Each dot is an accepted subset, its height the share of 60 unseen environments on which it stays within the ball.
    Green (soft to soft) climbs with the training environments; pink (soft to sign flips) has dots at the bottom: those
    hold node 6. Fewer draws: everything falls, for noise alone carries the coefficients out of the ball.
    """
    sem, rows = LinearSEM.paper_graph(device=devices.resolve(device)), []
    generator = torch.Generator(device="cpu").manual_seed(seed)
    counts = (3, 5, 8, 14)
    for k, n in enumerate(counts):
        for trained, tested in PAIRS:
            train = FAMILIES[trained].sample(sem, n, generator).sample_moments(draws, generator)
            test = FAMILIES[tested].sample(sem, 60, generator).sample_moments(draws, generator)
            for found in find_invariant_subsets(train, sem.target, radius):
                share = generalisation(found.beta, fit_coefficients(test, found.subset, sem.target), radius)
                rows.append((trained, tested, draws, n, name(found.subset), share))
        progress((k + 1) / len(counts), f"{n} environments")
    columns = ["trained", "tested", "samples", "environments", "subset", "value"]
    table = pd.DataFrame(rows, columns=columns)
    return figures.box_plot(table, [draws], title="Accepted subsets: how many unseen environments are good?")


@demo("Failing shares and bounds", slow=True)
def failing(
    sites: Annotated[int, Interval(ge=1, le=3), doc("nodes whose mechanism changes")] = 2,
    in_degree: Annotated[int, Interval(ge=1, le=3), Label("largest in-degree")] = 2,
    variables: Annotated[int, Interval(ge=6, le=16), doc("nodes of the random graphs")] = 8,
    eta: Annotated[
        float, Interval(ge=0.001, le=0.2), Log(per_decade=4), Label("η"), doc("the chance to be misled")
    ] = 0.05,
    device: str = "auto",
    progress=silent,
) -> go.Figure:
    """The line is measured: the worst accepted single or pair, over random graphs. It falls about like 1/n. The split
    bound (dashed) is honest and not far; the VC bound (dotted) knows nothing of the candidates, is far to the right,
    and
    explodes with sites and in-degree. Now change the number of variables: neither the VC bound nor the line cares.
    """
    place = devices.resolve(device)
    generator = torch.Generator(device="cpu").manual_seed(5)
    counts, shares, graphs = (2, 3, 5, 8, 12, 20), [], 4
    for graph in range(graphs):
        sem = LinearSEM.random(variables, in_degree, generator, device=place)
        able = [i for i in range(1, variables) if i != sem.target]
        chosen = [
            able[i] for i in torch.randperm(len(able), generator=generator, device="cpu")[:sites].tolist()
        ]
        family, subsets = SoftIntervention(tuple(chosen)), subsets_of(sem.covariates, 2)
        for _ in range(3):
            test = family.sample(sem, 200, generator).second_moments()
            train = family.sample(sem, max(counts), generator).second_moments()
            shares.append([worst_failing(train[:n], test, sem.target, 0.1, subsets)[0] for n in counts])
        progress((graph + 1) / graphs, f"graph {graph + 1} of {graphs}")
    mean = [sum(column) / len(column) for column in zip(*shares, strict=True)]
    wide = [2, 3, 5, 8, 12, 20, 50, 100, 300, 1000, 3000, 10_000, 100_000]
    V, candidates = vc_bound(sites, in_degree), variables - 1 + (variables - 1) * (variables - 2) // 2
    deltas = [0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01]
    bounds = {
        f"split bound, {candidates} candidates": (wide, [split_bound(n, candidates, eta) for n in wide]),
        f"VC bound, V = {V:,}": ([environments_needed(V, d, eta) for d in deltas], deltas),
        "guide: 1/n": (wide[:9], [1 / n for n in wide[:9]]),
    }
    curve = {f"measured, {graphs} graphs of {variables}": (counts, mean)}
    return figures.failing_curve(curve, bounds, title="What fails, and what the bounds promise")


@demo("Six methods, three families", slow=True)
def risks(
    n: Annotated[
        int, Interval(ge=2, le=12), Label("training environments"), doc("soft interventions at 2, 3, 5")
    ] = 8,
    draws: Annotated[int, Interval(ge=200, le=4000), Log(per_decade=4), Label("draws in each")] = 1000,
    seed: Annotated[int, Interval(ge=0, le=9)] = 0,
    device: str = "auto",
    progress=silent,
) -> tuple[go.Figure, pd.DataFrame]:
    """Under soft interventions pooled regression has half the parents' error: nodes 5 and 6, effects of Y's causes
    and of
    Y, help. Let signs flip and it pays with ten times as much. Who keeps 1 everywhere? The list says what ICP and the
    criterion chose: if the accepted subset of least risk holds node 6, it falls into the same trap.
    """
    sem = LinearSEM.paper_graph(device=devices.resolve(device))
    generator = torch.Generator(device="cpu").manual_seed(seed)
    samples = FAMILIES["soft"].sample(sem, n, generator).sample(draws, generator)
    progress(0.2, "learning")
    weights, chosen = learn(sem, samples, 0.1)
    unit, found = sem.noise_std[sem.target] ** 2, {}
    for family, made in FAMILIES.items():
        moments = made.sample(sem, 60, generator).second_moments()
        found[family] = {
            m: (risk(moments, weights[m], sem.target) / unit).clamp(max=1e4).tolist() for m in METHODS
        }
    progress(1.0, "done")
    table = pd.DataFrame(
        {"method": list(chosen), "covariates chosen": [name(subset) for subset in chosen.values()]}
    )
    return figures.risk_violins(found, title="Squared error by method and test family"), table
