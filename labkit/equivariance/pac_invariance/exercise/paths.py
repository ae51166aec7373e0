"""Exercise 2: which subsets are invariant? From the graph alone."""

import torch

from labkit.equivariance.pac_invariance.method import LinearSEM, SoftIntervention, accept, fit_coefficients
from labkit.exercise import Mistake, Wrong, exercise

SUBSETS = ((1,), (1, 3), (0, 3), (0, 1, 3), (1, 3, 5), (1, 2, 3), (1, 3, 6), (1, 3, 5, 6))
SITES = ((2, 3, 5), (6,))


def _invariant(sites: tuple[int, ...]) -> set[tuple[int, ...]]:
    sem = LinearSEM.paper_graph()
    generator = torch.Generator(device="cpu").manual_seed(0)
    moments = SoftIntervention(sites).sample(sem, 60, generator).second_moments()
    return {s for s in SUBSETS if accept(fit_coefficients(moments, s, sem.target), 1e-6)}


_FIRST = {(1, 3), (0, 1, 3), (1, 3, 5), (1, 2, 3), (1, 3, 5, 6)}
_SECOND = {(1,), (1, 3), (0, 3), (0, 1, 3), (1, 3, 5), (1, 2, 3)}
# why, for the subsets that are mistaken most: (sites, subset) -> words
_WHY = {
    (
        0,
        (1,),
    ): "with {1} alone, what reaches Y through node 3 is in the residual, and how much of it goes with 1 depends on "
    "node 3's mechanism, which changes.",
    (
        0,
        (0, 3),
    ): "{0,3} lacks the parent 1; node 0 stands in for it, but 3 depends on 1 too, in a way that changes.",
    (
        0,
        (0, 1, 3),
    ): "{0,1,3} holds both parents, and 0 adds nothing to them: its coefficient is 0 in every environment.",
    (
        0,
        (1, 3, 5),
    ): "5 is no child of Y: beside the parents its coefficient is 0, whatever happens to its mechanism.",
    (0, (1, 2, 3)): "2 is no child of Y: beside the parents its coefficient is 0.",
    (
        0,
        (1, 3, 6),
    ): "6 is a child of Y and of 5: the path Y -> 6 <- 5 is open once 6 is used, and the mechanism of 5 changes. "
    "With 5 in the subset as well the path is closed.",
    (
        0,
        (1, 3, 5, 6),
    ): "6 is a child of Y: fine while its mechanism stays fixed and its other parent, 5, is in the subset.",
    (
        1,
        (1,),
    ): "nothing that {1} or Y depends on has changed: 6 is downstream of everything. Invariance does not need all "
    "parents.",
    (
        1,
        (0, 3),
    ): "no mechanism above Y changes when the site is 6: the best predictor from {0,3} stays what it is.",
    (1, (1, 3, 6)): "6 is the site: how it depends on Y changes, and so does its coefficient.",
    (
        1,
        (1, 3, 5, 6),
    ): "6 is the site now: how it depends on Y changes, and closing the path through 5 does not help.",
}


@exercise(
    "Which subsets are invariant?",
    level="key",
    points=4,
    solution={"sites 2, 3, 5": sorted(_FIRST), "sites 6": sorted(_SECOND)},
    hints=(
        "With both parents (1 and 3) in the subset, a node that is no descendant of Y has the coefficient 0.",
        "A child of Y carries information on Y's noise. That is stable while nothing on the path to it changes.",
        "With the site 6: which of the eight subsets could notice?",
    ),
    mistakes=(
        Mistake(
            "only the parents",
            {"sites 2, 3, 5": [(1, 3)], "sites 6": [(1, 3)]},
            "The parents are always invariant, but they are not alone.",
        ),
        Mistake(
            "all that hold the parents",
            {"sites 2, 3, 5": [s for s in SUBSETS if {1, 3} <= set(s)], "sites 6": sorted(_SECOND)},
            _WHY[0, (1, 3, 6)],
        ),
        Mistake(
            "never a child",
            {"sites 2, 3, 5": [s for s in sorted(_FIRST) if 6 not in s], "sites 6": sorted(_SECOND)},
            _WHY[0, (1, 3, 5, 6)],
        ),
        Mistake(
            "the same for both",
            {"sites 2, 3, 5": sorted(_FIRST), "sites 6": sorted(_FIRST)},
            "Another family, another answer: your two lists are the same.",
        ),
        Mistake(
            "parents needed",
            {"sites 2, 3, 5": sorted(_FIRST), "sites 6": [s for s in sorted(_SECOND) if {1, 3} <= set(s)]},
            _WHY[1, (1,)],
        ),
    ),
)
def which_are_invariant(answer) -> str:
    r"""From the graph alone, before running anything: which of these eight subsets keep the same best predictor of Y
    (node 4) under every **soft** intervention?

    `(1,)`, `(1, 3)`, `(0, 3)`, `(0, 1, 3)`, `(1, 3, 5)`, `(1, 2, 3)`, `(1, 3, 6)`, `(1, 3, 5, 6)`

    The edges: 0→1, 0→2, 1→3, 2→3, 1→Y, 3→Y, 2→5, 3→5, Y→6, 5→6. Answer for the sites 2, 3, 5, and for the site 6:
    `{"sites 2, 3, 5": [(1, 3), ...], "sites 6": [...]}`.
    """
    keys = ("sites 2, 3, 5", "sites 6")
    if not isinstance(answer, dict) or not set(keys) <= set(answer):
        raise Wrong(
            f"Answer with a dict that has the keys {keys[0]!r} and {keys[1]!r}, each with a list of subsets."
        )
    given = [{tuple(sorted(s)) for s in answer[key]} for key in keys]
    for found, key in zip(given, keys, strict=True):
        unknown = found - set(SUBSETS)
        if unknown:
            raise Wrong(f"{sorted(unknown)[0]} under {key!r} is none of the eight subsets.")
    wanted = [_invariant(sites) for sites in SITES]
    said = {mistake.name: mistake.message for mistake in which_are_invariant.mistakes}
    if given == [{(1, 3)}, {(1, 3)}]:
        raise Wrong(said["only the parents"])
    if given[0] == given[1]:
        raise Wrong(said["the same for both"])
    for k, (found, right, key) in enumerate(zip(given, wanted, keys, strict=True)):
        for subset in SUBSETS:
            if (subset in found) != (subset in right):
                verdict = "is invariant" if subset in right else "is not invariant"
                why = _WHY.get((k, subset), "look for a path into it that an intervention changes.")
                raise Wrong(f"Under {key}, {subset} {verdict}: {why}")
    return "You read it off the graph: invariance is about paths that interventions can reach."
