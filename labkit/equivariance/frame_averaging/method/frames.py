"""Frames of point clouds from PCA: for each cloud a small set of rotations that turns along with it (section 3.1)."""

import itertools
import warnings
from typing import Literal, NamedTuple, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Group = Literal["E", "SE", "O", "SO"]
GROUPS: tuple[str, ...] = get_args(Group)


class DegenerateFrameWarning(UserWarning):
    """Two eigenvalues are (nearly) equal: the cloud's axes are not determined, and the frame is not equivariant."""


class Frame(NamedTuple):
    """A finite frame, one for each cloud.

    Attributes:
        rotations: (batch, f, d, d); the columns of each are the axes. translation: (batch, 1, d), zero for O and SO.
        eigenvalues: (batch, d), ascending.
    """

    rotations: Float[Tensor, "batch f d d"]
    translation: Float[Tensor, "batch 1 d"]
    eigenvalues: Float[Tensor, "batch d"]

    def apply(self, X: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch f n d"]:
        """rho_1(g)^{-1} X for every g of the frame: (X - 1 t^T) R."""
        return (X - self.translation)[:, None] @ self.rotations

    def apply_to_vectors(self, v: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch f n d"]:
        """v R: vectors are turned, never moved."""
        return v[:, None] @ self.rotations

    def restore_vectors(self, y: Float[Tensor, "batch f n d"]) -> Float[Tensor, "batch f n d"]:
        """rho_2(g) y = y R^T."""
        return y @ self.rotations.transpose(-1, -2)

    def restore_positions(self, y: Float[Tensor, "batch f n d"]) -> Float[Tensor, "batch f n d"]:
        """rho_2(g) y = y R^T + 1 t^T."""
        return self.restore_vectors(y) + self.translation[:, None]


def relative_gap(eigenvalues: Float[Tensor, "batch d"]) -> Float[Tensor, " batch"]:
    """The smallest difference of two neighbouring eigenvalues, as a share of the largest."""
    largest = eigenvalues[:, -1].clamp(min=torch.finfo(eigenvalues.dtype).tiny)
    return eigenvalues.diff(dim=1).amin(1) / largest


def _check(X: Tensor, group: str, mask: Tensor | None) -> None:
    if group not in GROUPS:
        raise ValueError(f"unknown group: {group!r}; choose from {', '.join(GROUPS)}")
    if X.ndim != 3 or X.shape[1] < 2 or X.shape[2] < 2:
        raise ValueError(f"X must have the shape (batch, n, d) with n and d at least 2; got {tuple(X.shape)}")
    if mask is not None and (mask.shape != X.shape[:2] or not mask.any(1).all()):
        raise ValueError(
            f"mask must have the shape {tuple(X.shape[:2])} and leave a point in every cloud; got "
            f"{tuple(mask.shape)} with {mask.sum(-1).tolist()} points"
        )
    if not torch.isfinite(X).all():
        raise ValueError("X must be finite; it holds NaN or infinite values")


def _warn_where_degenerate(eigenvalues: Tensor, tol: float, strict: bool) -> None:
    gap = relative_gap(eigenvalues.detach())
    bad = (gap < tol).nonzero().flatten().tolist()
    if not bad:
        return
    words = (
        f"cloud {bad[0]} of the batch ({len(bad)} in all) has two eigenvalues with the relative gap "
        f"{gap[bad[0]].item():.2g}, below tol = {tol:g}: its axes are not determined, and the average over this "
        "frame is not equivariant there"
    )
    if strict:
        raise ValueError(words)
    warnings.warn(words, DegenerateFrameWarning, stacklevel=3)


def euclidean_frame(
    X: Float[Tensor, "batch n d"],
    group: Group | str = "E",
    mask: Bool[Tensor, "batch n"] | None = None,
    *,
    detach: bool = True,
    tol: float = 1e-6,
    strict: bool = False,
) -> Frame:
    """The PCA frame of clouds whose rows are points (section 3.1).

    E and SE centre the cloud, O and SO do not. E and O have 2^d elements, one for every choice of the axes' signs;
    SE and SO keep the 2^(d-1) of determinant +1.

    Args:
        mask: which points count.
        detach: no gradient flows through the frame (the reference's way).
        tol: the smallest relative gap of eigenvalues that is taken as distinct; 0 does not look.
        strict: raise, rather than warn, where a gap is below tol.

    Raises:
        ValueError: X has not the shape (batch, n, d) with n, d >= 2, or is not finite; an empty mask; an unknown
            group; with `strict`, a degenerate cloud.
    """
    _check(X, group, mask)
    points = X.detach() if detach else X
    weight = torch.ones_like(points[:, :, :1]) if mask is None else mask[:, :, None].to(points.dtype)
    if group in ("E", "SE"):
        t = (points * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True)
    else:
        t = torch.zeros_like(points[:, :1])
    centred = (points - t) * weight
    # C = (X - 1 t^T)^T (X - 1 t^T);  C v_k = lambda_k v_k,  lambda ascending
    eigenvalues, axes = torch.linalg.eigh(centred.transpose(1, 2) @ centred)
    if tol > 0:
        _warn_where_degenerate(eigenvalues, tol, strict)
    d = X.shape[2]
    signs = torch.tensor(list(itertools.product((1.0, -1.0), repeat=d)), dtype=X.dtype, device=X.device)
    if group in ("SE", "SO"):  # first make the axes right-handed; an even number of flips keeps them so
        handed = torch.linalg.det(axes.detach()).sign()
        axes = torch.cat([axes[:, :, :-1], axes[:, :, -1:] * handed[:, None, None]], dim=2)
        signs = signs[signs.prod(1) > 0]
    # F(X) = {([a_1 v_1, ..., a_d v_d], t) : a in {-1, 1}^d}
    return Frame(axes[:, None] * signs[None, :, None, :], t, eigenvalues)
