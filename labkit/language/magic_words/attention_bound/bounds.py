"""The bounds on how far controls can push a head's output, and the theorems that exclude outputs."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from labkit.language.magic_words.attention_bound.head import (
    AttentionHead,
    decompose,
    largest_singular_value,
    orthogonal_part,
)

TIGHTNESS = ("paper", "row", "direction")


def check_size(k: int, M_u: float) -> None:
    """Refuse a negative number of controls, or controls of no length.

    Raises:
        ValueError: names the argument, its value and what is allowed.
    """
    if k < 0:
        raise ValueError(f"k must be at least 0; got {k}")
    if not M_u > 0:
        raise ValueError(f"M_u must be above 0: it bounds the controls' norms; got {M_u}")


def _check(k: int, M_u: float, tightness: str, form: str) -> None:
    check_size(k, M_u)
    if tightness not in TIGHTNESS:
        raise ValueError(f"tightness: {tightness!r} is not allowed; choose from {', '.join(TIGHTNESS)}")
    if form not in ("ratio", "linear"):
        raise ValueError(f"form: {form!r} is not allowed; choose from ratio, linear")


def alpha(
    head: AttentionHead, X0: Float[Tensor, "rows d_in"], M_u: float, tightness: str = "paper"
) -> Float[Tensor, " rows"]:
    """The largest logit between a control and each imposed row.

    paper: sigma_q sigma_k M_u M_x / sqrt(d_k), the same for all rows. Else the row's own: M_u |W_k q_i| / sqrt(d_k),
    which a control parallel to W_k q_i attains.
    """
    root = head.Wq.shape[1] ** 0.5
    if tightness == "paper":
        M_x = X0.norm(dim=1).max()
        value = largest_singular_value(head.Wq) * largest_singular_value(head.Wk) * M_u * M_x / root
        return value.expand(len(X0))
    q = X0 @ head.Wq
    if (
        head.turns is not None
    ):  # a rotation of q_i by any angle may meet the control: take the norm that none exceeds
        return M_u * largest_singular_value(head.Wk) * q.norm(dim=1) / root
    return M_u * (q @ head.Wk.T).norm(dim=1) / root


def beta(
    head: AttentionHead,
    X0: Float[Tensor, "rows d_in"],
    k: int,
    M_u: float,
    form: str = "ratio",
    tightness: str = "paper",
) -> Float[Tensor, " rows"]:
    """The bound on the part of each imposed row's output orthogonal to what it would be without control.

    Args:
        k: how many control rows. M_u: their largest norm.
        form: `ratio`, or the weaker `linear` of the later version, k sigma_v M_u e^alpha / g_i.
        tightness: `paper`; `row` with each row's own alpha; `direction` also with the largest singular value of
            W_v (I - e e^T), e = yhat_i / |yhat_i|.

    Raises:
        ValueError: k below 0, M_u not above 0, or an unknown name.
    """
    _check(k, M_u, tightness, form)
    parts = decompose(head, X0[:0], X0)
    log_d = alpha(head, X0, M_u, tightness)  # of one control's exp(alpha)
    if tightness == "direction":
        e = parts.yhat / parts.yhat.norm(dim=1, keepdim=True)
        eye = torch.eye(e.shape[1], dtype=e.dtype, device=e.device)
        sigma_v = largest_singular_value(head.Wv @ (eye - e[:, :, None] * e[:, None, :]))
    else:
        sigma_v = largest_singular_value(head.Wv).expand(len(X0))
    if k == 0:
        return torch.zeros_like(log_d)
    relative = (
        log_d + torch.log(torch.tensor(float(k), dtype=log_d.dtype, device=log_d.device)) - parts.g.log()
    )
    if form == "linear":
        return sigma_v * M_u * relative.exp()
    # k e^alpha / (g + k e^alpha), without overflow
    return sigma_v * M_u * relative.sigmoid()


def is_excluded(
    Y_star: Float[Tensor, "rows d_out"],
    head: AttentionHead,
    X0: Float[Tensor, "rows d_in"],
    k: int,
    M_u: float,
    *,
    theorem: str = "orthogonal",
    tightness: str = "paper",
    form: str = "ratio",
    as_printed: bool = False,
) -> Bool[Tensor, " rows"]:
    """Whether the theorem proves a wanted output unreachable, row by row (one such row is enough).

    Args:
        theorem: `orthogonal`: the part orthogonal to yhat_i exceeds beta_i. `first`: the earlier theorem,
            <y*_i, yhat_i> <= 0 and |y*_i - s_min yhat_i| > sigma_v M_u with s_min = g_i / (g_i + k e^alpha).
        as_printed: the `first` theorem with the two misprints of version 3, sigma_q for sigma_v and <= for >. It is
            false: it excludes outputs that were just produced.

    Raises:
        ValueError: as `beta`; or Y_star has another shape than the outputs.
    """
    _check(k, M_u, tightness, form)
    parts = decompose(head, X0[:0], X0)
    if Y_star.shape != parts.yhat.shape:
        raise ValueError(f"Y_star must have the shape {tuple(parts.yhat.shape)}; got {tuple(Y_star.shape)}")
    if theorem == "orthogonal":
        return orthogonal_part(Y_star, parts.yhat).norm(dim=1) > beta(head, X0, k, M_u, form, tightness)
    if theorem != "first":
        raise ValueError(f"theorem: {theorem!r} is not allowed; choose from orthogonal, first")
    against = (Y_star * parts.yhat).sum(1) <= 0
    s_min = parts.g / (parts.g + k * alpha(head, X0, M_u, tightness).exp())
    far = (Y_star - s_min[:, None] * parts.yhat).norm(dim=1)
    if as_printed:
        return against & (far <= largest_singular_value(head.Wq) * M_u)
    return against & (far > largest_singular_value(head.Wv) * M_u)
