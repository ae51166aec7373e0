"""The rivals: pooled regression, invariant causal prediction, invariant risk minimisation, worst-case training."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.equivariance.pac_invariance.method.invariance import CUT, fit_coefficients, subsets_of


def _split(moments: Tensor, target: int) -> tuple[Tensor, Tensor]:
    rest = [i for i in range(moments.shape[-1]) if i != target]
    return moments[:, rest][:, :, rest], moments[:, rest, target]


def on_all(subset: Sequence[int], beta: Tensor, n: int, target: int) -> Float[Tensor, " covariates"]:
    """Weights on all nodes but the target, from those of a subset."""
    w = torch.zeros(n, dtype=beta.dtype, device=beta.device)
    w[list(subset)] = beta
    return w[[i for i in range(n) if i != target]]


def erm(moments: Float[Tensor, "environments n n"], target: int) -> Float[Tensor, " covariates"]:
    """Empirical risk minimisation: one regression on all covariates of all environments together."""
    rest = [i for i in range(moments.shape[-1]) if i != target]
    return fit_coefficients(moments.mean(0, keepdim=True), rest, target)[0]


def irm_v1(
    moments: Float[Tensor, "environments n n"],
    target: int,
    penalty: float = 1e3,
    steps: int = 3000,
    rate: float = 1e-2,
    warmup: int = 500,
) -> Float[Tensor, " covariates"]:
    """IRMv1 (Arjovsky et al. 2019), linear: min_phi sum_e R_e(phi) + lambda (d/dw R_e(w phi) at w = 1)^2.

    With R_e(w phi) = E (Y - w phi^T X)^2 the derivative at 1 is 2 (phi^T S_e phi - phi^T c_e). Moments are divided by
    the mean variance of Y; lambda is 1 for `warmup` steps and then `penalty`, with the objective divided by it, or
    Adam's steps would explode.

    Raises:
        ValueError: a penalty that is not positive, steps < 1.
    """
    if penalty <= 0 or steps < 1:
        raise ValueError(f"penalty must be positive and steps at least 1; got {penalty} and {steps}")
    moments = moments / moments[:, target, target].mean()
    S, c = _split(moments, target)
    phi = torch.full((S.shape[-1],), 0.1, dtype=S.dtype, device=S.device)
    first, second = torch.zeros_like(phi), torch.zeros_like(phi)
    for step in range(1, steps + 1):
        weight = 1.0 if step <= warmup else penalty
        Sp, cp = S @ phi, c @ phi
        slope = 2 * ((Sp @ phi) - cp)
        risk_gradient = 2 * (Sp - c)
        # d slope / d phi = 2 (2 S phi - c)
        gradient = (risk_gradient + weight * 2 * slope[:, None] * 2 * (2 * Sp - c)).sum(0) / max(1.0, weight)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        phi = phi - rate * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
    return phi


def group_dro(
    moments: Float[Tensor, "environments n n"], target: int, steps: int = 400, rate: float = 0.5
) -> Float[Tensor, " covariates"]:
    """min_w max_e R_e(w): environments are weighted by exponentiated gradients, w is the weighted regression.

    Returns the w of the smallest worst risk that was met.
    """
    S, c = _split(moments, target)
    y = moments[:, target, target]
    q = torch.full_like(y, 1 / len(y))
    best, least = None, torch.inf
    for _ in range(steps):
        w = torch.linalg.pinv((q[:, None, None] * S).sum(0), rtol=CUT, hermitian=True) @ (q[:, None] * c).sum(
            0
        )
        R = y - 2 * c @ w + torch.einsum("i,eij,j->e", w, S, w)
        if R.max() < least:
            best, least = w, R.max()
        q = q * torch.exp(rate * R / R.max())
        q = q / q.sum()
    return best


def icp(
    samples: Float[Tensor, "environments n count"],
    target: int,
    alpha: float = 0.05,
    max_size: int | None = None,
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Invariant causal prediction (Peters, Buehlmann, Meinshausen 2016): (the intersection of what passes, all of it).

    A subset passes when in no environment the coefficients (Chow's F test against the rest) or the residuals' spread
    (Levene's test) differ, at level alpha, Bonferroni over both tests and all environments.

    Raises:
        ValueError: fewer than two environments, alpha outside (0, 1), fewer samples than covariates.
    """
    from scipy import stats

    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie strictly between 0 and 1; got {alpha}")
    E, n, N = samples.shape
    if E < 2:
        raise ValueError(f"invariance needs at least 2 environments; got {E}")
    if n > N:
        raise ValueError(f"count must be at least the number of nodes {n}; got {N}")
    grams = samples @ samples.mT
    passed = []
    for subset in subsets_of([i for i in range(n) if i != target], max_size):
        k, index = len(subset), list(subset)

        def rss(gram: Tensor, index=index) -> tuple[float, Tensor]:
            beta = fit_coefficients(gram[None], index, target)[0]
            left = gram[target, target] - 2 * gram[index, target] @ beta + beta @ gram[index][:, index] @ beta
            return left.item(), beta

        pooled, beta = rss(grams.sum(0))
        spread = (samples[:, target] - torch.einsum("k,ekn->en", beta, samples[:, index])).abs().cpu().numpy()
        smallest = 1.0
        for e in range(E):
            own, _ = rss(grams[e])
            rest, _ = rss(grams.sum(0) - grams[e])
            freedom = E * N - 2 * k
            F = max(0.0, pooled - own - rest) / k / max((own + rest) / freedom, 1e-300)
            others = spread[[i for i in range(E) if i != e]].ravel()
            # Levene: an analysis of variance of the absolute residuals
            levene = stats.f_oneway(spread[e], others).pvalue
            smallest = min(smallest, float(stats.f.sf(F, k, freedom)), float(levene))
        if smallest * 2 * E > alpha:
            passed.append(subset)
    if not passed:
        return (), []
    return tuple(sorted(set(passed[0]).intersection(*passed))), passed
