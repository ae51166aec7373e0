"""Exercise 1: a step of Oja's rule in O(d)."""

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _step(v: Tensor, a: Tensor, eta: float) -> tuple[Tensor, float]:
    w = v + eta * a * (a @ v)
    size = w.norm()
    return w / size, size.log().item()


def _no_rate(v, a, eta):
    w = v + a * (a @ v)
    return w / w.norm(), w.norm().log().item()


def _outer(v, a, eta):
    w = v + eta * torch.outer(a, a) @ v
    return w / w.norm(), w.norm().log().item()


def _not_normalised(v, a, eta):
    w = v + eta * a * (a @ v)
    return w, w.norm().log().item()


def _growth_not_logged(v, a, eta):
    w = v + eta * a * (a @ v)
    return w / w.norm(), w.norm().item()


def _replaced(v, a, eta):
    w = eta * a * (a @ v)
    return w / w.norm(), w.norm().log().item()


class _Largest(TorchFunctionMode):
    """Remembers the largest tensor that any operation returned."""

    numbers = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        if isinstance(found, Tensor):
            self.numbers = max(self.numbers, found.numel())
        return found


def _close(found, wanted) -> bool:
    return (
        torch.allclose(torch.as_tensor(found[0]), wanted[0], atol=1e-9)
        and abs(float(found[1]) - wanted[1]) < 1e-9
    )


@exercise(
    "A step of Oja's rule",
    level="easy",
    points=2,
    solution=_step,
    hints=(
        "⟨a, v⟩ is one number: `a @ v`. Then v + eta * a * that number.",
        "The growth is the length of the new vector before it is divided by it; return its logarithm.",
    ),
    mistakes=(
        Mistake("no rate", _no_rate, "Your step does not depend on eta: it should add eta a ⟨a, v⟩."),
        Mistake(
            "outer product",
            _outer,
            "The vector is right, but you form the d x d matrix a aᵀ. Two passes over d numbers are enough: first "
            "⟨a, v⟩, "
            "then v + (eta ⟨a, v⟩) a.",
        ),
        Mistake(
            "not normalised",
            _not_normalised,
            "Your new vector is not of length 1. Without normalising, it overflows after some thousand rows: divide by "
            "its length, and keep the logarithm of that length as the growth.",
        ),
        Mistake(
            "growth not logged",
            _growth_not_logged,
            "The vector is right; the second value should be the *logarithm* of its length before it was "
            "normalised, so "
            "that the growths of many rows can be added.",
        ),
        Mistake(
            "replaced",
            _replaced,
            "You return the row's direction alone: the old v is missing. Oja's rule *adds* eta a ⟨a, v⟩ to v.",
        ),
    ),
)
def oja_step(answer) -> str:
    r"""Write `step(v, a, eta)`: one step of Oja's rule, $w = v + \eta\, a\,\langle a, v\rangle$, for vectors of $d$
    numbers. Return $w / \|w\|$ and $\log \|w\|$ (a number). Use $O(d)$ numbers, not $O(d^2)$.
    """
    generator = torch.Generator(device="cpu").manual_seed(0)

    def draw(d):
        return torch.randn(d, dtype=torch.float64, device="cpu", generator=generator)

    for eta in (0.3, 2.0):
        v, a = draw(6), draw(6)
        v = v / v.norm()
        found, wanted = answer(v.clone(), a.clone(), eta), _step(v, a, eta)
        if not (isinstance(found, tuple | list) and len(found) == 2):
            raise Wrong(
                "step(v, a, eta) should return two things: the new vector and the logarithm of its growth."
            )
        if torch.as_tensor(found[0]).shape != v.shape:
            raise Wrong(
                f"The new vector should have v's {len(v)} numbers; yours has shape {tuple(found[0].shape)}."
            )
        if not _close(found, wanted):
            raise recognise(
                oja_step.mistakes,
                lambda mistaken, found=found, v=v, a=a, eta=eta: _close(found, mistaken(v, a, eta)),
                f"For v = {[round(x, 2) for x in v.tolist()]}, a = {[round(x, 2) for x in a.tolist()]}, eta = {eta} "
                f"the "
                f"new vector should be {[round(x, 3) for x in wanted[0].tolist()]} and the growth {wanted[1]:.3f}.",
            )
    d = 1500
    with _Largest() as seen:
        answer(draw(d), draw(d), 0.5)
    if seen.numbers > 10 * d:
        raise Wrong(next(m.message for m in oja_step.mistakes if m.name == "outer product"))
    return "Two passes over d numbers a row: a stream of a million rows is a matter of seconds."
