"""Exercise 3: how many interventions are enough?"""

from labkit.equivariance.pac_invariance.method import environments_needed, split_environments
from labkit.exercise import Mistake, Wrong, exercise

DELTA, ETA, CANDIDATES = 0.05, 0.05, 63
ENOUGH = split_environments(DELTA, CANDIDATES, ETA)


@exercise(
    "How many interventions are enough?",
    level="key",
    points=2,
    solution=ENOUGH,
    hints=(
        "One bad candidate, failing on more than 5%, passes n checks with probability at most (1 - 0.05)^n <= "
        "exp(-0.05 n).",
        "Any of 63 may be the one: the union bound asks for 63 exp(-0.05 n) <= 0.05.",
        "Solve for n, and round up.",
    ),
    mistakes=(
        Mistake(
            "one candidate",
            split_environments(DELTA, 1, ETA),
            "That is enough for one candidate fixed in advance. You look at 63 and keep whatever passes: ln 63 "
            "is missing.",
        ),
        Mistake(
            "samples",
            10_000,
            "That counts draws. More draws make each environment's coefficients exact; they say nothing about "
            "environments "
            "that you have not seen. Count interventions.",
        ),
        Mistake(
            "rounded down",
            ENOUGH - 1,
            "Nearly: with one environment less the bound is just above 0.05. Round up.",
        ),
        Mistake(
            "VC bound",
            environments_needed(5, DELTA, ETA),
            "That is the VC bound. It is needed for infinitely many candidates; for 63 the split bound is far better.",
        ),
        Mistake(
            "expected value",
            20,
            "1/0.05 = 20: then a bad candidate still passes with probability (0.95)^20 = 0.36, and there are 63 "
            "of them.",
        ),
    ),
)
def enough_interventions(answer) -> str:
    r"""All 63 subsets of the graph are candidates, their predictors fixed on other environments. You check them on $n$
    fresh random interventions, and keep those that pass **all** checks. How large must $n$ be, so that with 95%
    confidence everything that you keep stays good on at least 95% of the family? Give the smallest $n$ that the
    split bound
    $\delta \le (\ln |H| + \ln(1/\eta))/n$ allows.
    """
    if isinstance(answer, bool) or not isinstance(answer, int | float) or answer != answer:
        raise Wrong("Answer with a number of interventions.")
    if answer == ENOUGH:
        return f"{ENOUGH}: the price of 63 candidates instead of 1 is only ln 63 / 0.05 = 83 interventions."
    for mistake in enough_interventions.mistakes:
        if answer == mistake.answer:
            raise Wrong(mistake.message)
    if answer > 5000:
        raise Wrong({m.name: m.message for m in enough_interventions.mistakes}["samples"])
    raise Wrong(
        f"{answer:g} is {'too few' if answer < ENOUGH else 'more than needed'}: solve 63 exp(-0.05 n) = 0.05 for n."
    )
