"""How many environments are enough? Bounds in the paper's spirit, derived in this lab; the paper's constants differ.

Classical facts are used: the PAC bound for consistent learners (Blumer et al. 1989), and the dimension of polynomial
classifiers. Nothing here should be quoted as the paper's theorem.
"""

import math

FAMILIES = ("soft", "hard", "general")


def _check(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie strictly between 0 and 1; got {value}")


def vc_bound(
    sites: int, in_degree: int, family: str = "soft", edges: int | None = None, nodes: int | None = None
) -> int:
    """A bound on the VC dimension V of the sets {theta : (Phi, w) is invariant at theta}.

    soft      theta has sites * in_degree entries, and the squared gradient is a polynomial of degree <= 4 sites in it:
              V <= C(sites in_degree + 4 sites, 4 sites)
    hard      theta are the constants, degree 4: V <= C(sites + 4, 4)
    general   every coefficient may change: theta has `edges` entries, degree <= 4 nodes

    Without `edges` and `nodes` no count of variables enters. Raises ValueError for another family, or counts below 1.
    """
    if sites < 1 or in_degree < 1:
        raise ValueError(f"sites and in_degree must be at least 1; got {sites} and {in_degree}")
    if family == "soft":
        return math.comb(sites * in_degree + 4 * sites, 4 * sites)
    if family == "hard":
        return math.comb(sites + 4, 4)
    if family == "general":
        if not edges or not nodes:
            raise ValueError("the family general needs edges and nodes")
        return math.comb(edges + 4 * nodes, 4 * nodes)
    raise ValueError(f"family must be one of {', '.join(FAMILIES)}; got {family!r}")


def environments_needed(V: int, delta: float, eta: float) -> int:
    """n >= max{(4/delta) log2(2/eta), (8 V/delta) log2(13/delta)}: whatever is invariant on all n random environments
    fails on at most a share delta of the family, with probability 1 - eta. Raises ValueError outside (0, 1), or V < 1.
    """
    _check(delta=delta, eta=eta)
    if V < 1:
        raise ValueError(f"V must be at least 1; got {V}")
    return math.ceil(max(4 / delta * math.log2(2 / eta), 8 * V / delta * math.log2(13 / delta)))


def split_bound(passed: int, candidates: int, eta: float) -> float:
    """delta <= (ln |H| + ln(1/eta)) / n for all of |H| candidates that passed on n fresh environments.

    Raises:
        ValueError: no environment or candidate, eta outside (0, 1).
    """
    _check(eta=eta)
    if passed < 1 or candidates < 1:
        raise ValueError(f"passed and candidates must be at least 1; got {passed} and {candidates}")
    return min(1.0, (math.log(candidates) + math.log(1 / eta)) / passed)


def split_environments(delta: float, candidates: int, eta: float) -> int:
    """The fresh environments that make `split_bound` at most delta. Raises as it does."""
    _check(delta=delta, eta=eta)
    if candidates < 1:
        raise ValueError(f"candidates must be at least 1; got {candidates}")
    return math.ceil((math.log(candidates) + math.log(1 / eta)) / delta)


def sample_error(size: int, samples: int, sigma: float, smallest: float, fits: int, eta: float) -> float:
    """sigma sqrt((k + ln(fits/eta)) / (N lambda_min)), up to a constant: the error of one of `fits` estimates of beta.

    Args:
        size: k, the representation's width. samples: N. sigma: deviation of the residual. smallest: the covariates'
            smallest eigenvalue. fits: how many estimates must all be good.

    Raises:
        ValueError: N below k, eta outside (0, 1), anything not positive.
    """
    _check(eta=eta)
    if samples < size:
        raise ValueError(f"samples must be at least the representation's size {size}; got {samples}")
    if min(size, sigma, smallest, fits) <= 0:
        raise ValueError("size, sigma, smallest and fits must be positive")
    return sigma * math.sqrt((size + math.log(fits / eta)) / (samples * smallest))
