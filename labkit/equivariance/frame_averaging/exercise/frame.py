"""Exercise 1: the PCA frame of a cloud."""

import itertools

import torch

from labkit.equivariance.groups import random_orthogonal
from labkit.exercise import Mistake, Wrong, exercise, recognise


def _signs(d):
    return torch.tensor(list(itertools.product((1.0, -1.0), repeat=d)), dtype=torch.float64, device="cpu")


def _axes(X):
    C = X - X.mean(0)
    return torch.linalg.eigh(C.T @ C)[1]


def _solution(X):
    return _axes(X) * _signs(X.shape[1])[:, None, :]


def _rows(X):
    """The eigenvectors as rows: R^T."""
    return _solution(X).transpose(1, 2)


def _rows_scaled(X):
    """The right axes as columns, but the signs over rows."""
    return _axes(X) * _signs(X.shape[1])[:, :, None]


def _not_centred(X):
    axes = torch.linalg.eigh(X.T @ X)[1]
    return axes * _signs(X.shape[1])[:, None, :]


def _one(X):
    return _axes(X)[None]


def _rotations_only(X):
    found = _solution(X)
    return found[torch.linalg.det(found) > 0]


def _some_flipped(X):
    """The last axis keeps its sign."""
    signs = _signs(X.shape[1])
    return _axes(X) * signs[signs[:, -1] > 0][:, None, :].repeat(2, 1, 1)


def _faces(X, R):
    """The framed copies (X - 1 t^T) R, as a sorted set, rounded."""
    copies = (X - X.mean(0)) @ R
    return torch.tensor(sorted(copies.flatten(1).tolist()), dtype=torch.float64, device="cpu")


def _same(X, found, wanted) -> bool:
    return (
        isinstance(found, torch.Tensor)
        and found.shape == wanted.shape
        and torch.allclose(_faces(X, found), _faces(X, wanted), atol=1e-8)
    )


@exercise(
    "The PCA frame",
    level="easy",
    points=2,
    solution=_solution,
    hints=(
        "`torch.linalg.eigh(C)` returns the eigenvalues, ascending, and a matrix whose *columns* are the eigenvectors.",
        "C = (X - 1 t^T)^T (X - 1 t^T), with t the mean of the rows.",
        "To flip axes, multiply the *columns* of V by signs: `V * signs[:, None, :]` for signs of shape (2^d, d).",
    ),
    mistakes=(
        Mistake(
            "eigenvectors as rows",
            _rows,
            "Your copies (X − 1tᵀ)R are not the same for X and for a turned X: the axes must be the columns of R, and "
            "yours are its rows.",
        ),
        Mistake(
            "signs over rows",
            _rows_scaled,
            "You multiplied the rows of V by the signs; that is no change of the axes' directions. The axes are its "
            "columns.",
        ),
        Mistake(
            "not centred",
            _not_centred,
            "Your axes are those of the uncentred cloud: shift it, and they turn. Subtract the mean of the points "
            "before you build C.",
        ),
        Mistake(
            "one element",
            _one,
            "You return one choice of signs. Which one is an accident of the algorithm: a frame must hold all of them, "
            "or it is not equivariant as a set.",
        ),
        Mistake(
            "rotations only",
            _rotations_only,
            "You kept the elements with determinant +1: that is the frame of SE(d), with 2^(d−1) elements. E(d) has "
            "the reflections too.",
        ),
        Mistake(
            "an axis that keeps its sign",
            _some_flipped,
            "One of your axes always has the same sign, and every element comes twice: all 2^d choices of signs are "
            "wanted.",
        ),
    ),
)
def pca_frame(answer) -> str:
    r"""Write `pca_frame(X)`: the rotations of the $E(d)$ frame of one cloud `X` of the shape `(n, d)`, whose rows are
    points.

    Return a tensor `(2**d, d, d)`: $[\alpha_1 v_1, \dots, \alpha_d v_d]$ for all signs $\alpha$, where the $v_k$ are
    the principal axes, as **columns**, in the order of ascending eigenvalues. (Centre the cloud first.)
    """
    generator = torch.Generator(device="cpu").manual_seed(4)
    for d in (3, 2):
        X = torch.randn(7, d, generator=generator, dtype=torch.float64, device="cpu") + 1.5
        wanted, found = _solution(X), answer(X.clone())
        if not isinstance(found, torch.Tensor):
            raise Wrong(f"pca_frame should return a tensor; yours returned a {type(found).__name__}.")
        if not _same(X, found, wanted):
            raise recognise(
                pca_frame.mistakes,
                lambda mistaken, X=X, found=found: _same(X, found, mistaken(X)),
                f"For a cloud of {len(X)} points in {d} dimensions, the {2**d} copies (X − 1tᵀ)R are not those that "
                f"they should be; your frame has the shape {tuple(found.shape)}. Do R·Rᵀ = 1 and RᵀCR = diag(λ) hold?",
            )
        R = random_orthogonal(1, d, generator=generator, dtype=torch.float64)[0]
        turned = X @ R.T + 3
        if not torch.allclose(_faces(turned, answer(turned)), _faces(X, found), atol=1e-7):
            raise Wrong(
                "For a cloud that was moved, your frame gives other copies: it depends on more than the cloud."
            )
    return "X and gX now look the same, seen along their own axes: as a set, the copies never change."
