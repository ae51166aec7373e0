"""The graph, and what a subset's best coefficients do from environment to environment."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, Log, demo
from labkit.equivariance.pac_invariance import figures
from labkit.equivariance.pac_invariance.experiment.grid import name
from labkit.equivariance.pac_invariance.method import (
    FAMILIES,
    LinearSEM,
    accept,
    find_invariant_subsets,
    fit_coefficients,
    generalisation,
)
from labkit.equivariance.pac_invariance.method.sem import PAPER_EDGES, PAPER_SITES

Family = Literal["soft", "hard", "rademacher", "mean shift", "noise scaling"]
SITES = {"2, 3, 5": PAPER_SITES, "6": (6,), "1": (1,), "2": (2,), "2, 3, 5, 6": (2, 3, 5, 6)}
_EDGES = [(parent, child) for child, parents in PAPER_EDGES.items() for parent in parents]


@demo("The graph: which subsets stay invariant?")
def graph(
    sites: Annotated[
        Literal["2, 3, 5", "6", "1", "2", "2, 3, 5, 6"], doc("nodes whose mechanism changes")
    ] = "2, 3, 5",
    family: Annotated[Literal["soft", "hard", "mean shift", "noise scaling"], doc("how it changes")] = "soft",
    number: Annotated[
        int, Interval(ge=1, le=63), Label("subset"), doc("of those that are invariant; small ones first")
    ] = 1,
) -> go.Figure:
    """Exact moments of 60 environments, and all 63 subsets tried: the title counts those whose best predictor never
    changes, and blue shows one of them. Step through them. With the sites 2, 3, 5 the child 6 may be used beside 5;
    make 6 a site and it never may. Hover a node for the total effect that it has on Y.
    """
    sem = LinearSEM.paper_graph()
    generator = torch.Generator(device="cpu").manual_seed(0)
    moments = FAMILIES[family](SITES[sites]).sample(sem, 60, generator).second_moments()
    found = find_invariant_subsets(moments, sem.target, 1e-6)
    subset = found[(number - 1) % len(found)].subset if found else ()
    effect = torch.linalg.inv(torch.eye(7, dtype=torch.float64, device="cpu") - sem.coefficients)[sem.target]
    hover = {i: f"node {i}: total effect on Y {effect[i]:.0f}" for i in range(7)}
    hover[sem.target] = "Y, node 4"
    words = (
        f"{len(found)} of 63 subsets are invariant; shown: {name(subset)}"
        if found
        else "no subset is invariant"
    )
    return figures.causal_graph(
        _EDGES, sem.target, SITES[sites], subset, hover, title=f"{family}, sites {sites}: {words}"
    )


@demo("Coefficients across environments")
def coefficients(
    node_0: Annotated[bool, Label("node 0")] = False,
    node_1: Annotated[bool, Label("node 1")] = True,
    node_2: Annotated[bool, Label("node 2")] = False,
    node_3: Annotated[bool, Label("node 3")] = True,
    node_5: Annotated[bool, Label("node 5")] = False,
    node_6: Annotated[bool, Label("node 6")] = False,
    trained: Annotated[Family, Label("training family")] = "soft",
    tested: Annotated[Family, Label("test family")] = "soft",
    n: Annotated[int, Interval(ge=2, le=20), Label("training environments")] = 5,
    draws: Annotated[int, Interval(ge=100, le=10_000), Log(per_decade=3), Label("draws in each")] = 3000,
    radius: Annotated[
        float, Interval(ge=0.01, le=0.3), Log(per_decade=6), Label("radius r"), doc("relative to |m|")
    ] = 0.05,
) -> go.Figure:
    """Each dot is the best coefficient vector in one environment. The parents 1 and 3 give one cloud, whatever happens
    at the sites 2, 3 and 5; take node 6 alone and the dots run along a line. More draws: the cloud shrinks like one
    over the root. Add 5 and 6 to the parents, then test on sign flips: accepted in training, and lost.
    """
    switches = {0: node_0, 1: node_1, 2: node_2, 3: node_3, 5: node_5, 6: node_6}
    subset = tuple(node for node, on in switches.items() if on) or (1,)
    sem = LinearSEM.paper_graph()
    generator = torch.Generator(device="cpu").manual_seed(3)
    betas = []
    for family, count in ((trained, n), (tested, 40)):
        env = FAMILIES[family](PAPER_SITES).sample(sem, count, generator)
        betas.append(fit_coefficients(env.sample_moments(draws, generator), subset, sem.target))
    train, test = betas
    mean = train.mean(0)
    share = generalisation(mean, test, radius)
    verdict = "accepted" if accept(train, radius) else "rejected"
    title = f"{name(subset)}: {verdict} in training; good in {share:.0%} of 40 test environments"
    if len(subset) == 1:
        # one coefficient: drawn against the order of the environments
        train, test = (
            torch.cat([b, torch.linspace(-1, 1, len(b), device="cpu").to(b)[:, None] * 0.5 * mean.norm()], 1)
            for b in betas
        )
        labels, centre = (
            (f"coefficient of {subset[0]}", "the environments, one after the other"),
            (mean.item(), 0.0),
        )
    else:
        spread = torch.cat([train, test]).std(0).topk(2).indices.sort().values
        train, test = train[:, spread], test[:, spread]
        labels = tuple(f"coefficient of {subset[i]}" for i in spread.tolist())
        centre = tuple(mean[spread].tolist())
    reach = radius * mean.norm().item()
    return figures.clouds(train, test, centre, reach, labels, title=title, flat=len(subset) == 1)
