"""Exercise 4: a graph on which three interventions are not enough."""

from functools import lru_cache

import torch

from labkit.equivariance.pac_invariance.experiment.population import worst_failing
from labkit.equivariance.pac_invariance.method import LinearSEM, SoftIntervention, subsets_of
from labkit.exercise import Mistake, Wrong, exercise

NODES, REPEATS, RADIUS = 24, 12, 0.1
_PAPER = {
    "edges": [(0, 1), (0, 2), (1, 3), (2, 3), (1, 4), (3, 4), (2, 5), (3, 5), (4, 6), (5, 6)],
    "target": 4,
    "sites": (2, 3, 5),
}
# many effects of Y, each with a mechanism that changes: one of them looks stable by luck
_STAR = {"edges": [(0, child) for child in range(1, NODES)], "target": 0, "sites": tuple(range(1, NODES))}
_CHAIN = {"edges": [(i, i + 1) for i in range(9)], "target": 9, "sites": (1, 2, 3)}


@lru_cache(maxsize=32)
def _score(edges: tuple[tuple[int, int], ...], target: int, sites: tuple[int, ...]) -> float:
    """The worst failing share among accepted singles and pairs after 3 interventions, mean over repeats."""
    n = max(max(edge) for edge in edges) + 1
    B = torch.zeros(n, n, dtype=torch.float64, device="cpu")
    for parent, child in edges:
        B[child, parent] = 1.0
    sem = LinearSEM(B, torch.ones(n, dtype=torch.float64, device="cpu"), target)
    family, generator = SoftIntervention(sites), torch.Generator(device="cpu").manual_seed(0)
    subsets, worst = subsets_of(sem.covariates, 2), 0.0
    for _ in range(REPEATS):
        train = family.sample(sem, 3, generator).second_moments()
        test = family.sample(sem, 100, generator).second_moments()
        worst += worst_failing(train, test, target, RADIUS, subsets)[0] / REPEATS
    return worst


_SAID = {
    "paper's graph": "On few nodes few subsets are tried, and luck is rare. Give luck more chances: more "
    "candidates that "
    "*can* vary.",
    "target": "A site is the target: then nothing is invariant, and nothing can be learnt. Intervene elsewhere.",
    "cycle": "The graph has a cycle.",
    "no harm": "Your interventions hardly reach what predicts Y: everything that passes really is stable. Let "
    "the mechanisms "
    "of Y's effects change.",
    "too large": f"At most {NODES} nodes, please.",
}


@exercise(
    "Fooled by three interventions",
    level="open",
    points=3,
    solution=_STAR,
    hints=(
        "What is accepted wrongly must be able to vary, and happen not to, three times.",
        "The chance for one subset is small. How do you get hundreds of subsets whose coefficients all vary apart?",
        "A child of Y whose own mechanism changes is a covariate of that kind.",
    ),
    mistakes=(
        Mistake("paper's graph", _PAPER, _SAID["paper's graph"]),
        Mistake("target as site", {**_STAR, "sites": (0, 1)}, _SAID["target"]),
        Mistake("cycle", {"edges": [(0, 1), (1, 2), (2, 0)], "target": 1, "sites": (2,)}, _SAID["cycle"]),
        Mistake("no harm", _CHAIN, _SAID["no harm"]),
        Mistake(
            "too large",
            {"edges": [(0, i) for i in range(1, 40)], "target": 0, "sites": (1,)},
            _SAID["too large"],
        ),
    ),
)
def fooled(answer) -> str:
    r"""Find a graph (at most 24 nodes, all weights 1, noise 1) and sites on which three soft interventions are **not**
    enough: among the single covariates and pairs that are accepted (no $\beta_e$ further than $0.1\,\lVert m\rVert$
    from the
    mean $m$), the worst fails in more than half of the unseen environments, on average over 12 repeats.

    Answer with `{"edges": [(parent, child), ...], "target": node, "sites": (node, ...)}`. There are many ways.
    """
    if not isinstance(answer, dict) or not {"edges", "target", "sites"} <= set(answer):
        raise Wrong("Answer with a dict of edges, target and sites.")
    edges = tuple((int(a), int(b)) for a, b in answer["edges"])
    target, sites = int(answer["target"]), tuple(int(site) for site in answer["sites"])
    if not edges:
        raise Wrong("The graph needs at least one edge.")
    if max(map(max, edges)) >= NODES:
        raise Wrong(_SAID["too large"])
    if target in sites:
        raise Wrong(_SAID["target"])
    try:
        share = _score(edges, target, sites)
    except ValueError as error:
        raise Wrong(
            _SAID["cycle"] if "acyclic" in str(error) else f"That cannot be built: {error}."
        ) from None
    if share <= 0.5:
        advice = _SAID["no harm"] if share < 0.02 else _SAID["paper's graph"]
        raise Wrong(f"The worst accepted subset fails on {share:.0%} of the unseen environments. {advice}")
    return (
        f"Fooled: the worst accepted subset fails on {share:.0%} of the unseen environments. Three "
        "interventions, hundreds of "
        "candidates: the union bound was not pessimism."
    )
