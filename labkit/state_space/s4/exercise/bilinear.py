"""Exercise 1: the bilinear rule."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _parts(A: Tensor, dt: float) -> tuple[Tensor, Tensor]:
    eye = torch.eye(len(A), dtype=A.dtype, device=A.device)
    return torch.linalg.inv(eye - dt / 2 * A), eye + dt / 2 * A


def _bilinear(A, B, dt):
    inverse, forward = _parts(A, dt)
    return inverse @ forward, inverse @ (dt * B)


def _euler(A, B, dt):
    return torch.eye(len(A), dtype=A.dtype, device=A.device) + dt * A, dt * B


def _backward(A, B, dt):
    inverse = torch.linalg.inv(torch.eye(len(A), dtype=A.dtype, device=A.device) - dt * A)
    return inverse, inverse @ (dt * B)


def _half_input(A, B, dt):
    inverse, forward = _parts(A, dt)
    return inverse @ forward, inverse @ (dt / 2 * B)


def _plain_input(A, B, dt):
    return _bilinear(A, B, dt)[0], dt * B


def _swapped(A, B, dt):
    Abar, Bbar = _bilinear(A, B, dt)
    return torch.linalg.inv(Abar), Bbar


def _same(found: tuple, wanted: tuple) -> bool:
    return all(
        f.shape == w.shape and torch.allclose(f.to(torch.float64), w, atol=1e-6)
        for f, w in zip(found, wanted, strict=True)
    )


@exercise(
    "The bilinear rule",
    level="easy",
    points=2,
    solution=_bilinear,
    hints=(
        "The slope is averaged over the step: x_k - x_{k-1} = Δ/2 (A x_k + A x_{k-1}) + Δ B u_k. Solve for x_k.",
        "Bring A x_k to the left: (I - Δ/2 A) x_k = (I + Δ/2 A) x_{k-1} + Δ B u_k.",
        "`torch.linalg.solve(I - dt / 2 * A, ...)` divides by the matrix from the left.",
    ),
    mistakes=(
        Mistake(
            "Euler",
            _euler,
            "This is Euler's forward rule: it uses the slope at the beginning of the step alone, and at Δ = 1 the "
            "oscillation "
            "of this exercise blows up. Average the slopes at both ends.",
        ),
        Mistake(
            "backward Euler",
            _backward,
            "This is Euler's backward rule: it uses the slope at the end of the step alone, and damps what should go "
            "on "
            "turning. Average the slopes at both ends: half of Δ on either side.",
        ),
        Mistake(
            "half the input",
            _half_input,
            "Your Bbar is half of what it should be. The input is held over the whole step, so it is Δ B, not Δ/2 B, "
            "that "
            "the inverse is applied to.",
        ),
        Mistake(
            "input without the inverse",
            _plain_input,
            "Your Abar is right, but Bbar is Δ B alone. The equation is solved for x_k, so the inverse multiplies the "
            "input too.",
        ),
        Mistake(
            "factors swapped",
            _swapped,
            "Your Abar is the inverse of the right one: it runs time backwards, and what should fade explodes. The "
            "inverse belongs to I - Δ/2 A.",
        ),
    ),
)
def bilinear(answer) -> str:
    r"""Write `bilinear(A, B, dt)` that returns the discrete pair $(\bar A, \bar B)$ of $x' = Ax + Bu$ for a step
    $\Delta$ = `dt`, so that $x_k = \bar A x_{k-1} + \bar B u_k$. The slope is the average of those at both ends of the
    step, and $u_k$ is held over it. `A` is `(N, N)`, `B` is `(N,)`, in double precision.

    Try it on $A = \begin{pmatrix} -0.1 & -2 \\ 2 & -0.1 \end{pmatrix}$, an oscillation that fades slowly.
    """
    systems = (
        (torch.tensor([[-0.1, -2.0], [2.0, -0.1]], dtype=torch.float64, device="cpu"), 1.0),
        (torch.tensor([[-1.0, 0.0], [3.0, -0.5]], dtype=torch.float64, device="cpu"), 0.3),
        (torch.tensor([[-2.0]], dtype=torch.float64, device="cpu"), 0.1),
    )
    for A, dt in systems:
        B = torch.arange(1, len(A) + 1, dtype=torch.float64, device="cpu")
        found = answer(A, B, dt)
        if not (isinstance(found, tuple | list) and len(found) == 2):
            raise Wrong("bilinear(A, B, dt) should return two tensors, Abar and Bbar.")
        Abar, Bbar = (torch.as_tensor(part, device="cpu") for part in found)
        if Abar.shape != A.shape or Bbar.shape != B.shape:
            raise Wrong(
                f"Abar should have the shape {tuple(A.shape)} and Bbar {tuple(B.shape)}; yours have "
                f"{tuple(Abar.shape)} and {tuple(Bbar.shape)}."
            )
        reference = _bilinear(A, B, dt)
        if not _same((Abar, Bbar), reference):
            size = float(torch.linalg.eigvals(Abar.to(torch.float64)).abs().max())
            raise recognise(
                bilinear.mistakes,
                lambda mistaken, found=(Abar, Bbar), A=A, B=B, dt=dt: _same(found, mistaken(A, B, dt)),
                f"At Δ = {dt:g} a step of yours multiplies the state by up to {size:.3g}; it should be "
                f"{float(torch.linalg.eigvals(reference[0]).abs().max()):.3g}.",
            )
    return "Every mode that fades in continuous time fades here too, whatever Δ."
