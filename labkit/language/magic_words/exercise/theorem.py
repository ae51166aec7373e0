"""Exercise 3: the theorem as it was printed, and its repair."""

from functools import lru_cache

import torch

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.language.magic_words.attention_bound import (
    AttentionHead,
    alpha,
    decompose,
    is_excluded,
    largest_singular_value,
    sample_controls,
)
from labkit.language.magic_words.experiment.heads import random_head, random_states

DRAWS, FAR = 1000, 0.3


def _parts(head, X0, k, M_u):
    parts = decompose(head, X0[:0], X0)
    return parts.yhat, parts.g / (parts.g + k * alpha(head, X0, M_u).exp())


def _repaired(head, X0, Y_star, k, M_u):
    yhat, s_min = _parts(head, X0, k, M_u)
    against = (Y_star * yhat).sum(1) <= 0
    far = (Y_star - s_min[:, None] * yhat).norm(dim=1)
    return against & (far > largest_singular_value(head.Wv) * M_u)


def _printed(head, X0, Y_star, k, M_u):
    yhat, s_min = _parts(head, X0, k, M_u)
    against = (Y_star * yhat).sum(1) <= 0
    far = (Y_star - s_min[:, None] * yhat).norm(dim=1)
    return against & (far <= largest_singular_value(head.Wq) * M_u)


def _still_sigma_q(head, X0, Y_star, k, M_u):
    yhat, s_min = _parts(head, X0, k, M_u)
    against = (Y_star * yhat).sum(1) <= 0
    far = (Y_star - s_min[:, None] * yhat).norm(dim=1)
    return against & (far > largest_singular_value(head.Wq) * M_u)


def _still_below(head, X0, Y_star, k, M_u):
    yhat, s_min = _parts(head, X0, k, M_u)
    against = (Y_star * yhat).sum(1) <= 0
    far = (Y_star - s_min[:, None] * yhat).norm(dim=1)
    return against & (far <= largest_singular_value(head.Wv) * M_u)


def _vacuous(head, X0, Y_star, k, M_u):
    return torch.zeros(len(X0), dtype=torch.bool, device=X0.device)


@lru_cache(maxsize=1)
def counterexample() -> tuple[AttentionHead, torch.Tensor, torch.Tensor, int, float]:
    """A head, its imposed rows, an output that was just produced and that the printed theorem excludes, k and M_u."""
    generator = torch.Generator(device="cpu").manual_seed(3)
    while True:
        head, X0 = random_head(generator), random_states(generator)
        Y = decompose(head, sample_controls(3, 2.0, 1, generator, dim=6)[0], X0).y
        printed = is_excluded(Y, head, X0, 3, 2.0, theorem="first", as_printed=True).any()
        if printed and not is_excluded(Y, head, X0, 3, 2.0, theorem="first").any():
            return head, X0, Y, 3, 2.0


@lru_cache(maxsize=1)
def _hidden() -> tuple[list, list]:
    """Produced outputs, and far targets; every other head has small queries, so that sigma_q and sigma_v differ."""
    generator = torch.Generator(device="cpu").manual_seed(20)
    produced, far = [], []
    k, M_u = 3, 4.0
    for number in range(DRAWS):
        head, X0 = random_head(generator), random_states(generator)
        head = AttentionHead((0.05 if number % 2 else 1.0) * head.Wq, head.Wk, head.Wv)
        # three times the same control: they pull together
        U = sample_controls(1, M_u, 1, generator, dim=6)[0].expand(k, -1)
        parts = decompose(head, U, X0)
        produced.append((head, X0, parts.y, k, M_u))
        size = M_u * largest_singular_value(head.Wv)
        far.append((head, X0, -1.6 * size * parts.yhat / parts.yhat.norm(dim=1, keepdim=True), k, M_u))
    return produced, far


def _shares(answer) -> tuple[int, float]:
    """How many produced outputs are excluded, and the share of far targets that are."""
    produced, far = _hidden()

    def excluded(case) -> bool:
        head, X0, Y, k, M_u = case
        found = torch.as_tensor(answer(head, X0, Y, k, M_u), device="cpu")
        if found.dtype != torch.bool or found.shape != (len(X0),):
            raise Wrong(
                f"Return one True or False for each of the {len(X0)} imposed rows, as a tensor of the shape "
                f"({len(X0)},); "
                f"yours has the shape {tuple(found.shape)} and the type {found.dtype}."
            )
        return bool(found.any())

    return sum(map(excluded, produced)), sum(map(excluded, far)) / len(far)


def _acts_like(answer, mistaken) -> bool:
    cases = [case for part in _hidden() for case in part[:60]]
    return all(torch.equal(torch.as_tensor(answer(*case), device="cpu"), mistaken(*case)) for case in cases)


@exercise(
    "Repair the printed theorem",
    level="open",
    points=4,
    solution=_repaired,
    hints=(
        "Where does the theorem's radius come from? c is a convex combination of the controls' *values*: which matrix "
        "makes values, and how long can one of them be?",
        "An output is impossible when it is too far away. In which direction must the inequality point?",
        "`largest_singular_value(head.Wv)`; `counterexample()` is an output that was just produced.",
    ),
    mistakes=(
        Mistake(
            "as printed",
            _printed,
            "That is the theorem as printed: it excludes outputs that were just produced. Two things are wrong "
            "with it; look "
            "at what c is made of, and at the direction of the inequality.",
        ),
        Mistake(
            "still sigma_q",
            _still_sigma_q,
            "The inequality is right now, but the radius still uses sigma_q. The controls enter the output "
            "through their "
            "values: |c| <= sigma_v M_u. With small W_q and large W_v the theorem excludes what was just produced.",
        ),
        Mistake(
            "inequality direction",
            _still_below,
            "sigma_v is right, but the inequality points the wrong way: it calls outputs impossible because "
            "they are near. "
            "Only an output farther than sigma_v M_u from s_min yhat is ruled out.",
        ),
        Mistake(
            "vacuous",
            _vacuous,
            "Nothing produced is excluded, but neither is anything else: a theorem that excludes nothing is true and "
            "useless. At least 30% of the far targets should be excluded.",
        ),
    ),
)
def repaired_theorem(answer) -> str:
    r"""Version 3 of the paper prints: the output $Y^*$ is unreachable if for some imposed row $i$

    $$\langle y_i^*, \hat y_i\rangle \le 0 \quad\text{and}\quad
    \|y_i^* - s_{\min}\hat y_i\| \le \sigma_q M_u, \qquad s_{\min} = \frac{g_i}{g_i + k e^{\alpha}}.$$

    As printed it is false. Find the two misprints. Write `excluded(head, X0, Y_star, k, M_u)` that returns for each
    imposed row whether the **repaired** theorem rules it out. No output that was just produced may be excluded, on 1000
    hidden draws, and at least 30% of far targets must be. `decompose(head, X0[:0], X0)` has `yhat` and `g`,
    `alpha(head, X0, M_u)` the exponent, `largest_singular_value(head.Wv)` a $\sigma$.
    """
    case = counterexample()
    wrong, far = _shares(answer)
    stored = bool(torch.as_tensor(answer(*case), device="cpu").any())
    if wrong or stored or far < FAR:
        raise recognise(
            repaired_theorem.mistakes,
            lambda mistaken: _acts_like(answer, mistaken),
            f"Your theorem excludes {wrong} of {DRAWS} outputs that were just produced"
            f"{', and the stored counterexample' if stored else ''}, and {far:.0%} of the far targets; wanted "
            f"are 0 and at "
            f"least {FAR:.0%}.",
        )
    return f"Your theorem excludes none of {DRAWS} produced outputs and {far:.0%} of the far targets."
