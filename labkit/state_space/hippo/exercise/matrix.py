"""Exercise 1: the LegS matrix."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _legs(N: int) -> tuple[Tensor, Tensor]:
    n = torch.arange(N, dtype=torch.float64, device="cpu")
    root = torch.sqrt(2 * n + 1)
    A = -torch.tril(torch.outer(root, root), diagonal=-1) - torch.diag(n + 1)
    return A, root


def _upper(N):
    A, B = _legs(N)
    return A.T, B


def _diagonal_n(N):
    A, B = _legs(N)
    return A + torch.eye(N, dtype=A.dtype, device="cpu"), B


def _diagonal_2n_plus_1(N):
    A, B = _legs(N)
    return A - torch.diag(torch.arange(N, dtype=A.dtype, device="cpu")), B


def _no_minus(N):
    A, B = _legs(N)
    return -A, B


def _lmu_input(N):
    A, B = _legs(N)
    return A, B**2


def _same(found: tuple, wanted: tuple) -> bool:
    return all(
        f.shape == w.shape and torch.allclose(f.double(), w, atol=1e-5)
        for f, w in zip(found, wanted, strict=True)
    )


@exercise(
    "The LegS matrix",
    level="easy",
    points=3,
    solution=_legs,
    hints=(
        "Start from `root = torch.sqrt(2 * torch.arange(N) + 1)`: both matrices are made of it.",
        "`torch.outer(root, root)` holds every product; `torch.tril(..., diagonal=-1)` keeps those below the diagonal.",
        "The diagonal is $-(n+1)$, and everything is negative: each state leaks.",
    ),
    mistakes=(
        Mistake(
            "upper triangle",
            _upper,
            "Your A has its entries above the diagonal. Did you mix up row and column (transpose)? State n is fed by "
            "the states below it, k < n, so row n is filled to the left of the diagonal.",
        ),
        Mistake(
            "diagonal -n",
            _diagonal_n,
            "Your diagonal is -n, so state 0 never forgets (its eigenvalue is 0). The derivative of P_n adds one more: "
            "the diagonal is -(n+1).",
        ),
        Mistake(
            "diagonal -(2n+1)",
            _diagonal_2n_plus_1,
            "Your diagonal is -(2n+1): the product of the square roots, as below the diagonal. On the diagonal half of "
            "it comes from elsewhere; it is -(n+1).",
        ),
        Mistake(
            "missing minus",
            _no_minus,
            "Your A has positive eigenvalues: the state explodes. What is the sign in front of everything?",
        ),
        Mistake(
            "B = 2n+1",
            _lmu_input,
            "Your B is 2n+1: that is the LMU's normalisation, for a basis that is not orthonormal. With "
            "sqrt(2n+1) P_n, B_n is p_n(0) w(0) = sqrt(2n+1).",
        ),
    ),
)
def legs_matrix(answer) -> str:
    r"""Write `legs(N)` that returns the pair $(A, B)$ of HiPPO-LegS as tensors of shapes `(N, N)` and `(N,)`:

    $$A_{nk} = -\begin{cases} \sqrt{(2n+1)(2k+1)} & n > k \\ n+1 & n = k \\ 0 & n < k \end{cases}
    \qquad B_n = \sqrt{2n+1}$$
    """
    for N in (4, 1, 7):
        found = answer(N)
        if not (isinstance(found, tuple | list) and len(found) == 2):
            raise Wrong("legs(N) should return two tensors, A and B.")
        A, B = (torch.as_tensor(part, device="cpu") for part in found)
        if A.shape != (N, N) or B.shape != (N,):
            raise Wrong(
                f"For N = {N}, A should have the shape ({N}, {N}) and B ({N},); yours have {tuple(A.shape)} and "
                f"{tuple(B.shape)}."
            )
        reference = _legs(N)
        if not _same((A, B), reference):
            wrong_B = _same((A,), reference[:1])
            raise recognise(
                legs_matrix.mistakes,
                lambda mistaken, found=(A, B), N=N: _same(found, mistaken(N)),
                f"For N = {N} your {'B' if wrong_B else 'A'} is not LegS's. Yours is\n"
                f"{(B if wrong_B else A).numpy().round(3)}\nand its first entry should be "
                f"{(reference[1][0] if wrong_B else reference[0][0, 0]).item():g}.",
            )
    return "Your matrix is HiPPO's: lower triangular, with the eigenvalues -1, -2, ..., -N."
