"""Exercise 1: the best coefficients in one environment."""

import torch
from torch import Tensor

from labkit.equivariance.pac_invariance.method import HardIntervention, LinearSEM
from labkit.equivariance.pac_invariance.method.sem import PAPER_SITES
from labkit.exercise import Mistake, Wrong, exercise, recognise


def _beta(X, subset, target):
    S = X @ X.T / X.shape[1]
    subset = list(subset)
    return torch.linalg.pinv(S[subset][:, subset]) @ S[subset, target]


def _unrestricted(X, subset, target):
    S = X @ X.T / X.shape[1]
    subset = list(subset)
    return torch.linalg.pinv(S[subset][:, subset]) @ S[: len(subset), target]


def _with_target(X, subset, target):
    return _beta(X, (*subset, target), target)


def _centred(X, subset, target):
    return _beta(X - X.mean(1, keepdim=True), subset, target)


def _one_by_one(X, subset, target):
    S = X @ X.T / X.shape[1]
    return torch.stack([S[i, target] / S[i, i] for i in subset])


def _cases() -> list[tuple[Tensor, tuple[int, ...], int]]:
    sem = LinearSEM.paper_graph()
    generator = torch.Generator(device="cpu").manual_seed(2)
    X = HardIntervention(PAPER_SITES).sample(sem, 2, generator).sample(400, generator)
    return [(X[0], (1, 3), 4), (X[1], (0, 1, 3), 4), (X[0], (1, 5), 4)]


def _same(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and torch.allclose(found.to(wanted), wanted, atol=1e-6)


@exercise(
    "The best coefficients in one environment",
    level="easy",
    points=3,
    solution=_beta,
    hints=(
        "`S = X @ X.T / X.shape[1]` holds every product of two nodes, averaged over the draws.",
        "You need `S[subset][:, subset]` and `S[subset, target]` (turn the subset into a list first).",
        "Multiply the second by the pseudo-inverse of the first: `torch.linalg.pinv`.",
    ),
    mistakes=(
        Mistake(
            "all covariates on the right",
            _unrestricted,
            "You restrict Sigma to the subset, but take the products with Y of the first nodes: restrict "
            "Sigma_Y to the "
            "subset too.",
        ),
        Mistake(
            "the target as covariate",
            _with_target,
            "Your last coefficient is 1 on Y itself: the target predicts itself perfectly. Leave it out.",
        ),
        Mistake(
            "means removed",
            _centred,
            "You take the means out first. Under a hard intervention a site is a constant, and the constant is signal "
            "here: use the second moments as they are.",
        ),
        Mistake(
            "one by one",
            _one_by_one,
            "You regress Y on one covariate at a time. They are correlated: the subset's matrix has to be "
            "inverted as a "
            "whole.",
        ),
    ),
)
def best_coefficients(answer) -> str:
    r"""Write `best_coefficients(X, subset, target)`: the coefficients of the best linear predictor of node `target`
    from the nodes in `subset`, without an intercept, as a tensor with one entry a node:

    $$\beta = \Sigma_{SS}^{+}\, \Sigma_{SY}, \qquad \Sigma = \tfrac1N X X^\top .$$

    `X` is (nodes, draws). The samples come from *hard* interventions, so some nodes are constant.
    """
    cases = _cases()
    found = [torch.as_tensor(answer(*case), device="cpu") for case in cases]
    wanted = [_beta(*case) for case in cases]
    for case, mine, right in zip(cases, found, wanted, strict=True):
        if not _same(mine, right):
            if mine.shape not in (right.shape, (len(right) + 1,)):
                raise Wrong(
                    f"For the subset {case[1]} return {len(right)} coefficients; yours have the shape "
                    f"{tuple(mine.shape)}."
                )
            raise recognise(
                best_coefficients.mistakes,
                lambda mistaken: all(_same(f, mistaken(*c)) for f, c in zip(found, cases, strict=True)),
                f"For the subset {case[1]} you get {[round(v, 4) for v in mine.double().tolist()]}; least "
                "squares gives "
                f"{[round(v, 4) for v in right.tolist()]}.",
            )
    return "One matrix of second moments now answers for all 63 subsets."
