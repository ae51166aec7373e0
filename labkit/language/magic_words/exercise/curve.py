"""Exercise 1: the k-epsilon curve."""

from labkit.exercise import Mistake, Wrong, exercise, recognise

SHORTEST = [0, 0, 1, 3, None, 2, 1, None, 6, 4]
LENGTHS = [0, 1, 2, 3, 4, 6, 10]


def _right(min_k, ks):
    return [sum(found is None or found > k for found in min_k) / len(min_k) for k in ks]


def _exactly(min_k, ks):
    return [1 - sum(found == k for found in min_k) / len(min_k) for k in ks]


def _none_is_zero(min_k, ks):
    return [sum((found or 0) > k for found in min_k) / len(min_k) for k in ks]


def _reached(min_k, ks):
    return [sum(found is not None and found <= k for found in min_k) / len(min_k) for k in ks]


def _strictly(min_k, ks):
    return [sum(found is None or found >= k for found in min_k) / len(min_k) for k in ks]


def _without_none(min_k, ks):
    known = [found for found in min_k if found is not None]
    return [sum(found > k for found in known) / len(known) for k in ks] if known else [0.0] * len(ks)


def _same(found, wanted) -> bool:
    try:
        values = [float(value) for value in found]
    except (TypeError, ValueError):
        return False
    return len(values) == len(wanted) and all(abs(a - b) < 1e-9 for a, b in zip(values, wanted, strict=True))


@exercise(
    "The k-ε curve",
    level="easy",
    points=2,
    solution=_right,
    hints=(
        "A pair counts as missed at k if its shortest prompt is longer than k, or if it has none.",
        "`sum(condition for found in min_k) / len(min_k)`, once for each k. Test for `None` first.",
    ),
    mistakes=(
        Mistake(
            "exactly k",
            _exactly,
            "ε must never rise with k: you counted pairs whose shortest prompt has exactly k tokens. A prompt "
            "of at most k "
            "tokens may be shorter: count found <= k.",
        ),
        Mistake(
            "None is 0",
            _none_is_zero,
            "Unreached pairs became solved without a prompt: None means that no prompt was found, not that "
            "none is needed. "
            "(`found or 0` turns both None and 0 into 0.)",
        ),
        Mistake(
            "share reached",
            _reached,
            "That is the share of pairs that were reached, which rises. ε is the share that was not.",
        ),
        Mistake(
            "strictly below k",
            _strictly,
            "You are one token off: a pair whose shortest prompt has exactly k tokens is reached at k.",
        ),
        Mistake(
            "None left out",
            _without_none,
            "You left the pairs that were never reached out of the count, so that ε ends at 0 whatever the model does. "
            "They are missed at every k, and they count in the denominator.",
        ),
    ),
)
def epsilon_curve(answer) -> str:
    r"""Write `epsilon_curve(min_k, ks)`. `min_k` has for each pair $(x_0, y)$ the length of the shortest prompt that
    reaches it, or `None` where none was found. Return for each `k` in `ks`

    $$\varepsilon(k) = 1 - \frac{\#\{\text{pairs reached with at most } k \text{ tokens}\}}{\#\{\text{pairs}\}}.$$
    """
    for min_k, ks in ((SHORTEST, LENGTHS), ([None, None], [0, 3]), ([2], [0, 1, 2, 3])):
        found, wanted = answer(list(min_k), list(ks)), _right(min_k, ks)
        if not _same(found, wanted):
            raise recognise(
                epsilon_curve.mistakes,
                lambda mistaken, found=found, min_k=min_k, ks=ks: _same(found, mistaken(min_k, ks)),
                f"For min_k = {min_k} and ks = {ks} your curve is {found!r}; it should be {wanted}.",
            )
    if not _same(answer([0], []), []):
        raise Wrong("For no lengths at all the curve is an empty list.")
    return "Your curve never rises, and what was never found stays missed at every k."
