"""Exercise 1: a difference as a companion system."""

import math

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.state_space.kernels.companion import companion
from labkit.state_space.kernels.krylov import krylov
from labkit.state_space.spacetime.method import pascal


def _e(d: int, i: int) -> Tensor:
    e = torch.zeros(d, dtype=torch.float64, device="cpu")
    e[i] = 1
    return e


def _difference(order):
    c = torch.tensor([(-1.0) ** i * math.comb(order, i) for i in range(order + 1)], device="cpu")
    return torch.zeros(order + 1, device="cpu"), _e(order + 1, 0), c


def _reversed(order):
    a, b, c = _difference(order)
    return a, b, c.flip(0)


def _no_binomials(order):
    a, b, _ = _difference(order)
    return a, b, torch.tensor([1.0] + [0.0] * (order - 1) + [-1.0] if order else [1.0], device="cpu")


def _unsigned(order):
    a, b, c = _difference(order)
    return a, b, c.abs()


def _input_at_the_end(order):
    a, b, c = _difference(order)
    return a, b.flip(0), c


def _fed_back(order):
    _, b, c = _difference(order)
    return _e(order + 1, 0), b, c


def _response(system: tuple, L: int = 12) -> Tensor:
    a, b, c = (torch.as_tensor(part, dtype=torch.float64, device="cpu") for part in system)
    return c @ krylov(companion(a), b, L)


@exercise(
    "A difference as a companion system",
    level="easy",
    points=2,
    solution=_difference,
    hints=(
        "With a = 0 the matrix only shifts. With b = e_1 the state is the last inputs, newest first.",
        "Then c is the impulse response itself. The difference of order 1 is u_t - u_{t-1}: c = (1, -1).",
        "Apply it twice: u_t - 2 u_{t-1} + u_{t-2}. The numbers are Pascal's, `math.comb(order, i)`, with signs.",
    ),
    mistakes=(
        Mistake(
            "oldest first",
            _reversed,
            "Your c reads the oldest value first: for order 1 your system gives u_{t-1} - u_t. The newest input "
            "enters at state 1, so c starts with its coefficient, 1.",
        ),
        Mistake(
            "two ends",
            _no_binomials,
            "You subtract the value `order` steps ago: that is a seasonal difference. The difference of order r is the "
            "first difference applied r times, whose coefficients are binomial.",
        ),
        Mistake(
            "no signs",
            _unsigned,
            "Your c has the binomial coefficients but no signs: it adds up where it should subtract. They alternate.",
        ),
        Mistake(
            "input at the end",
            _input_at_the_end,
            "Your input enters at the end of the state, where the shift drops it at the next step: b should be e_1, "
            "not e_d.",
        ),
        Mistake(
            "fed back",
            _fed_back,
            "Your a is not zero: what falls off the end of the state comes back, so the response never ends. A "
            "difference needs the shift alone.",
        ),
    ),
)
def difference_system(answer) -> str:
    r"""Write `difference(order)` that returns the vectors `(a, b, c)`, each of `order + 1` numbers, of a companion
    system $x_t = A x_{t-1} + b u_t$, $y_t = c^\top x_t$, $A = S + a\,e_d^\top$, whose output is the difference of that
    order of its input: $y_t = u_t$ for order 0, $u_t - u_{t-1}$ for order 1, the difference of the difference for
    order 2.
    """
    for order in (1, 3, 2, 0):
        found = answer(order)
        if not (isinstance(found, tuple | list) and len(found) == 3):
            raise Wrong("difference(order) should return three vectors, a, b and c.")
        shapes = [tuple(torch.as_tensor(part, device="cpu").shape) for part in found]
        if shapes != [(order + 1,)] * 3:
            raise Wrong(
                f"For order {order} each vector should have {order + 1} numbers; yours have shapes {shapes}."
            )
        taps = torch.nn.functional.pad(pascal(order), (0, 11 - order))
        response = _response(found)
        if not torch.allclose(response, taps, atol=1e-6):
            raise recognise(
                difference_system.mistakes,
                lambda mistaken, response=response, order=order: torch.allclose(
                    response, _response(mistaken(order)), atol=1e-6
                ),
                f"For order {order} your system answers a unit impulse with "
                f"{[round(v, 3) for v in response[: order + 3].tolist()]}; it should be "
                f"{[round(v, 3) for v in taps[: order + 3].tolist()]}.",
            )
    return "Your differences end exactly where they should: no discretised system can do that."
