"""Exercise 1: how large a composed kernel is."""

import torch

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.state_space.convs5.method import compose_kernels


def _size(k: int, n: int) -> int:
    return n * (k - 1) + 1


def _product(k: int, n: int) -> int:
    return n * k


def _power(k: int, n: int) -> int:
    return k**n


def _one_short(k: int, n: int) -> int:
    return n * (k - 1)


def _one_step_more(k: int, n: int) -> int:
    return (n + 1) * (k - 1) + 1


CASES = ((3, 2), (3, 1), (5, 4), (1, 7), (3, 64))


@exercise(
    "The size of a composed kernel",
    level="easy",
    points=2,
    solution=_size,
    hints=(
        "Compose two 3 x 3 kernels on paper: the farthest offset is 1 + 1 = 2 pixels away, on each side.",
        "Each further kernel adds (k - 1)/2 pixels on each side.",
        "Check k = 1: whatever n is, the answer must be 1.",
    ),
    mistakes=(
        Mistake(
            "n k",
            _product,
            "You add whole kernels: n k. But neighbours overlap in a pixel; each further kernel adds only k - 1 "
            "pixels. With k = 1 your rule grows, and a pointwise kernel must not.",
        ),
        Mistake(
            "k^n",
            _power,
            "You multiply: k^n is the number of paths, not the size. Offsets add up: two kernels of reach 1 reach 2.",
        ),
        Mistake(
            "no middle",
            _one_short,
            "You count what is added on both sides, and forget the pixel in the middle: one more.",
        ),
        Mistake(
            "n + 1 kernels",
            _one_step_more,
            "You count one kernel too many: for n = 1 nothing has been composed yet, and the size is k.",
        ),
    ),
)
def kernel_size(answer) -> str:
    r"""Write `size(k, n)`: how many pixels a side the kernel of $A * A * \dots * A$ has, when $n$ kernels of
    $k \times k$ pixels are composed ($n = 1$: just $A$). An integer.
    """
    for k, n in CASES:
        found = answer(k, n)
        if found != _size(k, n):
            raise recognise(
                kernel_size.mistakes,
                lambda mistaken: all(answer(k, n) == mistaken(k, n) for k, n in CASES),
                f"For {n} kernels of {k} x {k} you say {found}. Count the offsets that can be reached: "
                f"it is {_size(k, n)}.",
            )
    kernel = composed = torch.ones(1, 1, 3, 3, device="cpu")
    for _ in range(3):
        composed = compose_kernels(kernel, composed)
    if answer(3, 4) != composed.shape[-1]:
        raise Wrong(f"Four 3 x 3 kernels, composed by the library, are {composed.shape[-1]} pixels wide.")
    return "It grows with every frame: after 64 frames a 3 x 3 kernel has become 129 x 129, and 1 x 1 is still 1 x 1."
