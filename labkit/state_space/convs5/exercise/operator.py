"""Exercise 2, the key idea: the binary operator, the first state, and the output."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _combine(first, then):
    (a_i, b_i), (a_j, b_j) = first, then
    return a_j * a_i, a_j * b_i + b_j


def _start(a, b, x0):
    return a, b + a * x0


def _readout(C, x):
    return 2 * torch.einsum("up,phw->uhw", C, x).real


def _swapped(first, then):
    (a_i, b_i), (a_j, b_j) = first, then
    return a_j * a_i, a_i * b_j + b_i


def _own_a(first, then):
    (a_i, b_i), (a_j, b_j) = first, then
    return a_j * a_i, a_i * b_i + b_j


def _sum_of_a(first, then):
    (a_i, b_i), (a_j, b_j) = first, then
    return a_j + a_i, a_j * b_i + b_j


def _no_decay(first, then):
    (a_i, b_i), (a_j, b_j) = first, then
    return a_j * a_i, b_i + b_j


def _forgets_x0(a, b, x0):
    return a, b


def _x0_without_a(a, b, x0):
    return a, b + x0


def _real_only(C, x):
    return torch.einsum("up,phw->uhw", C, x).real


def _abs(C, x):
    return torch.einsum("up,phw->uhw", C, x).abs()


def _real_too_soon(C, x):
    return 2 * torch.einsum("up,phw->uhw", C.real, x.real)


def _same(found, wanted: Tensor) -> bool:
    return (
        isinstance(found, Tensor)
        and found.shape == wanted.shape
        and torch.allclose(found.to(wanted.dtype), wanted, atol=1e-8)
    )


def _drawn() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """a (P, 1, 1), inputs (T, P, H, W), x0 (P, H, W) and C (U, P), complex."""
    source = torch.Generator(device="cpu").manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.complex128, generator=source, device="cpu")

    a = torch.exp(-0.3 * normal(4, 1, 1).abs() + 1j * normal(4, 1, 1).real)
    return a, normal(6, 4, 3, 3), normal(4, 3, 3), normal(2, 4)


def _pair(found) -> bool:
    return isinstance(found, tuple | list) and len(found) == 2


@exercise(
    "The binary operator",
    level="key",
    points=4,
    solution=(_combine, _start, _readout),
    hints=(
        "Write both steps out: x_i = a_i x + b_i, then x_j = a_j x_i + b_j. Put the first into the second.",
        "The state before the first frame is just one more term of the first frame's step: a x0 + b.",
        "Only one of each conjugate pair is kept; its partner gives the same real part once more.",
    ),
    mistakes=(
        Mistake(
            "order swapped",
            (_swapped, _start, _readout),
            "You have A_i b_j + b_i: the order is swapped. The earlier input b_i still has to go through the later "
            "step's A_j; the later input b_j has just arrived and goes through nothing.",
        ),
        Mistake(
            "b_i through its own A",
            (_own_a, _start, _readout),
            "You send b_i through A_i, its own step's. That step is over when b_i arrives; what comes next is A_j.",
        ),
        Mistake(
            "A's added",
            (_sum_of_a, _start, _readout),
            "You add the A's. Two steps one after the other multiply: x -> A_j (A_i x).",
        ),
        Mistake(
            "b_i undiminished",
            (_no_decay, _start, _readout),
            "You add b_i as it is: a memory that never fades. The later step multiplies it by A_j.",
        ),
        Mistake(
            "missing x0",
            (_combine, _forgets_x0, _readout),
            "x0 is missing: a video that goes on would start from an empty state. The first step's b becomes "
            "b + a x0.",
        ),
        Mistake(
            "x0 without a",
            (_combine, _x0_without_a, _readout),
            "You add x0 itself. It is the state before the first frame, so the first step multiplies it by a.",
        ),
        Mistake(
            "forgot 2 Re",
            (_combine, _start, _real_only),
            "Your output is half of what it should be: only one mode of each conjugate pair is kept, hence 2 Re(C x).",
        ),
        Mistake(
            "modulus",
            (_combine, _start, _abs),
            "You take the modulus. A mode and its conjugate partner add up to twice the real part.",
        ),
        Mistake(
            "real part too soon",
            (_combine, _start, _real_too_soon),
            "You take real parts before the product. Re(C x) also has -Im C Im x in it.",
        ),
    ),
)
def binary_operator(answer) -> str:
    r"""Write the three pieces of a parallel scan with a pointwise state kernel; all tensors are complex.

    - `combine(first, then)`: two elements `(a, b)`, the earlier one first; returns the element that does both,
      so that $x \mapsto a x + b$ is the first step and then the second;
    - `start(a, b, x0)`: the first frame's element, with the state `x0` from before taken in, so that the scan needs no
      other start;
    - `readout(C, x)`: the real output $y_u(p) = 2\,\mathrm{Re} \sum_p C_{up} x_p$ from `C` $(U, P)$ and `x`
      $(P, H, W)$, where `x` holds one mode of each conjugate pair.

    Answer with `(combine, start, readout)`.
    """
    try:
        combine, start, readout = answer
    except (TypeError, ValueError):
        raise Wrong("Answer with three functions: (combine, start, readout).") from None
    a, b, x0, C = _drawn()
    i, j = (a, b[0]), (a**2, b[1])
    found, wanted = combine(i, j), _combine(i, j)

    def agrees(found, wanted) -> bool:
        return _pair(found) and all(_same(f, w) for f, w in zip(found, wanted, strict=True))

    if not agrees(found, wanted):
        raise recognise(
            binary_operator.mistakes,
            lambda mistaken: agrees(found, mistaken[0](i, j)),
            "combine should return the pair (A_j A_i, A_j b_i + b_j), both steps in one.",
        )
    found = start(a, b[0], x0)
    if not agrees(found, _start(a, b[0], x0)):
        raise recognise(
            binary_operator.mistakes,
            lambda mistaken: agrees(found, mistaken[1](a, b[0], x0)),
            "start should return the pair (a, b + a x0).",
        )
    found = readout(C, x0)
    if not _same(found, _readout(C, x0)):
        raise recognise(
            binary_operator.mistakes,
            lambda mistaken: _same(found, mistaken[2](C, x0)),
            "readout should return the real tensor 2 Re(sum_p C_up x_p), of shape (U, H, W).",
        )
    # all together: a tree over six frames gives the loop's last state
    elements = [start(a, b[0], x0), *[(a, frame) for frame in b[1:]]]
    while len(elements) > 1:
        pairs = [combine(*elements[k : k + 2]) for k in range(0, len(elements) - 1, 2)]
        elements = pairs + elements[len(pairs) * 2 :]
    x = x0
    for frame in b:
        x = a * x + frame
    if not _same(elements[0][1], x):
        raise Wrong("Each piece looks right, but a tree of them does not give the loop's last state.")
    return "A tree of your compositions gives the loop's last state: the recurrence runs in parallel."
