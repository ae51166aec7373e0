"""Exercise 2: the equivariant average."""

import torch

from labkit.equivariance.frame_averaging.method import euclidean_frame
from labkit.equivariance.groups import random_orthogonal
from labkit.exercise import Mistake, Wrong, exercise, recognise


def _solution(f, X, rotations, t):
    return torch.stack([f((X - t) @ R) @ R.T + t for R in rotations]).mean(0)


def _not_restored(f, X, rotations, t):
    return torch.stack([f((X - t) @ R) for R in rotations]).mean(0)


def _not_restored_shifted(f, X, rotations, t):
    return _not_restored(f, X, rotations, t) + t


def _shift_first(f, X, rotations, t):
    return torch.stack([(f((X - t) @ R) + t) @ R.T for R in rotations]).mean(0)


def _transposed(f, X, rotations, t):
    return torch.stack([f((X - t) @ R) @ R + t for R in rotations]).mean(0)


def _transposed_in(f, X, rotations, t):
    return torch.stack([f((X - t) @ R.T) @ R + t for R in rotations]).mean(0)


def _not_centred(f, X, rotations, t):
    return torch.stack([f(X @ R) @ R.T for R in rotations]).mean(0)


def _first_only(f, X, rotations, t):
    return f((X - t) @ rotations[0]) @ rotations[0].T + t


def _sum(f, X, rotations, t):
    return torch.stack([f((X - t) @ R) @ R.T + t for R in rotations]).sum(0)


@exercise(
    "The equivariant average",
    level="key",
    points=4,
    solution=_solution,
    hints=(
        "Rows are points: g = (R, t) takes X to X Rᵀ + t, and so g⁻¹ takes X to (X − t) R.",
        "For every element: look at the cloud in its coordinates, ask the network, and take the answer back.",
        "The answer is taken back as a position: first turned, `@ R.T`, then shifted, `+ t`.",
    ),
    mistakes=(
        Mistake(
            "outputs not taken back",
            _not_restored,
            "You average the outputs in the frame's coordinates. That gives an *invariant*, not an equivariant map: "
            "take each back with Rᵀ before you average.",
        ),
        Mistake(
            "outputs shifted, not turned",
            _not_restored_shifted,
            "You shift the average back, but never turn the outputs: averaging unrotated outputs gives an invariant. "
            "Each needs its own Rᵀ.",
        ),
        Mistake(
            "shifted before turning, or not at all",
            _shift_first,
            "Your outputs stay about the origin when the cloud is shifted. Either you forgot + t, or you add t before "
            "you turn the output: then the signs of the frame cancel it. g acts as X Rᵀ + t: turn first, then shift.",
        ),
        Mistake(
            "R instead of its transpose",
            _transposed,
            "You take the output back with R, where Rᵀ is wanted: R took the cloud into the frame's coordinates.",
        ),
        Mistake(
            "transposed throughout",
            _transposed_in,
            "You went into the frame's coordinates with Rᵀ and back with R. The axes are the columns of R, so the "
            "coordinates of a row x are x R.",
        ),
        Mistake(
            "not centred",
            _not_centred,
            "The network sees where the cloud is: subtract t before you turn, and add it at the end.",
        ),
        Mistake(
            "one element only",
            _first_only,
            "You use one element of the frame. Which one is first changes when the cloud is turned: average all.",
        ),
        Mistake("sum, not mean", _sum, "You add up the outputs: divide by the number of elements, |F|."),
    ),
)
def equivariant_average(answer) -> str:
    r"""Write `equivariant_average(f, X, rotations, t)` for positions:
    $\frac{1}{|F|}\sum_{g\in F} \rho_2(g)\, f(\rho_1(g)^{-1} X)$.

    `f` takes and returns one cloud `(n, d)`; `rotations` has the shape `(|F|, d, d)`, with the axes as columns, and `t`
    the shape `(1, d)`: the frame of `X`. Positions are turned and shifted.
    """
    generator = torch.Generator(device="cpu").manual_seed(6)
    n, d = 6, 3
    W = torch.randn(n * d, n * d, generator=generator, dtype=torch.float64, device="cpu") / 4

    def f(cloud):
        return (cloud.flatten() @ W).tanh().view(n, d) + 0.3

    def call(X):
        frame = euclidean_frame(X[None], "E")
        return answer(f, X.clone(), frame.rotations[0], frame.translation[0])

    X = torch.randn(n, d, generator=generator, dtype=torch.float64, device="cpu") + 2
    R = random_orthogonal(1, d, generator=generator, dtype=torch.float64)[0]
    t = torch.randn(1, d, generator=generator, dtype=torch.float64, device="cpu")
    frame = euclidean_frame(X[None], "E")
    there = (f, X, frame.rotations[0], frame.translation[0])
    found, wanted = call(X), _solution(*there)
    if not isinstance(found, torch.Tensor) or found.shape != X.shape:
        got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise Wrong(
            f"equivariant_average should return a cloud of the shape {tuple(X.shape)}; yours is {got}."
        )
    error = (call(X @ R.T + t) - (found @ R.T + t)).abs().max().item()
    if not torch.allclose(found, wanted, atol=1e-9) or error > 1e-9:
        raise recognise(
            equivariant_average.mistakes,
            lambda mistaken: torch.allclose(found, mistaken(*there), atol=1e-9),
            f"The largest difference between f(gX) and g f(X) is {error:.2g}, it should be below 1e-9, and the average "
            "should be the formula's.",
        )
    return f"Equivariant to {error:.0e}, with a network that knows nothing of rotations."
