"""What one self-attention head can be made to say: an outer bound on its outputs, from its matrices' singular values.

For an imposed row i, with g_i = sum over imposed j of exp(q_i k_j / sqrt(d)) and d_i the same sum over control rows,

    y_i = s_i yhat_i + (1 - s_i) c_i,    s_i = g_i / (g_i + d_i),

where yhat_i is the head's output without control and c_i a convex combination of the controls' values. With all
controls no longer than M_u, d_i <= k e^alpha and |c_i| <= sigma_v M_u, so that the part of y_i orthogonal to yhat_i is
at most beta_i(k) = sigma_v M_u k e^alpha / (g_i + k e^alpha).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from labkit.language_model import LanguageModel
from labkit.language_model.llama import Llama

TIGHTNESS = ("paper", "row", "direction")


@dataclass(frozen=True)
class AttentionHead:
    """Xi(X) = softmax(Q K^T / sqrt(d_k)) V, by rows.

    Attributes:
        Wq, Wk: (d_in, d_k). Wv: (d_in, d_out). causal: whether an imposed row sees only imposed rows up to itself (it
            sees all controls, which stand in front).
        turns: rotary angles' dimension pairs, as a function of positions; None without rotation. Rotations are
            orthogonal, so that norms, and with them the bound, stay as they are.
    """

    Wq: Float[Tensor, "d_in d_k"]
    Wk: Float[Tensor, "d_in d_k"]
    Wv: Float[Tensor, "d_in d_out"]
    causal: bool = False
    turns: Callable[[Tensor], Tensor] | None = None

    def scores(self, X: Float[Tensor, "length d_in"]) -> Float[Tensor, "length length"]:
        """q_i k_j / sqrt(d_k)."""
        q, k = X @ self.Wq, X @ self.Wk
        if self.turns is not None:
            q, k = self.turns(q), self.turns(k)
        return q @ k.T / q.shape[-1] ** 0.5

    def __call__(self, X: Float[Tensor, "length d_in"], controls: int = 0) -> Float[Tensor, "length d_out"]:
        """The head's outputs; the first `controls` rows are controls, which every row sees."""
        logits = self.scores(X)
        if self.causal:
            n = len(X)
            seen = torch.ones(n, n, dtype=torch.bool, device=X.device).tril()
            seen[:, :controls] = True
            logits = logits.masked_fill(~seen, -torch.inf)
        return logits.softmax(-1) @ (X @ self.Wv)


def largest_singular_value(matrix: Float[Tensor, "... rows columns"]) -> Float[Tensor, "..."]:
    """sigma_max."""
    return torch.linalg.matrix_norm(matrix, ord=2)


@dataclass(frozen=True)
class Decomposition:
    """y_i = s_i yhat_i + (1 - s_i) c_i for each imposed row.

    Attributes:
        s: (rows,). c, yhat, y: (rows, d_out). weights: (rows, k), the convex combination that makes c. g, d: (rows,),
            the
            sums over imposed and over control rows.
    """

    s: Tensor
    c: Tensor
    yhat: Tensor
    y: Tensor
    weights: Tensor
    g: Tensor
    d: Tensor


def decompose(
    head: AttentionHead,
    U: Float[Tensor, "k d_in"],
    X0: Float[Tensor, "rows d_in"],
    *,
    M_u: float | None = None,
    check: bool = False,
) -> Decomposition:
    """Split each imposed row's output into what it would be without control and what the controls say.

    Args:
        check: refuse controls longer than M_u.

    Raises:
        ValueError: with `check`, a control row longer than M_u.
    """
    if check:
        if M_u is None or not M_u > 0:
            raise ValueError(f"M_u must be above 0 to check the controls against; got {M_u}")
        longest = U.norm(dim=1).max().item() if len(U) else 0.0
        if longest > M_u * (1 + 1e-9):
            raise ValueError(f"U: a control row has the norm {longest:.6g}; at most M_u = {M_u:g} is allowed")
    k = len(U)
    X = torch.cat([U, X0])
    logits = head.scores(X)[k:]
    values = X @ head.Wv
    own = logits[:, k:]
    if head.causal:
        n = len(X0)
        own = own.masked_fill(~torch.ones(n, n, dtype=torch.bool, device=X.device).tril(), -torch.inf)
    g, d = own.exp().sum(1), logits[:, :k].exp().sum(1)
    yhat = own.softmax(-1) @ values[k:]
    weights = logits[:, :k].softmax(-1) if k else logits[:, :0]
    c = weights @ values[:k]
    s = g / (g + d)
    y = s[:, None] * yhat + (1 - s)[:, None] * c
    return Decomposition(s, c, yhat, y, weights, g, d)


def orthogonal_part(
    y: Float[Tensor, "*batch d_out"], yhat: Float[Tensor, "*rows d_out"]
) -> Float[Tensor, "*batch d_out"]:
    """What of y is orthogonal to yhat."""
    e = yhat / yhat.norm(dim=-1, keepdim=True)
    return y - (y * e).sum(-1, keepdim=True) * e


def _check(k: int, M_u: float, tightness: str, form: str) -> None:
    if k < 0:
        raise ValueError(f"k must be at least 0; got {k}")
    if not M_u > 0:
        raise ValueError(f"M_u must be above 0: it bounds the controls' norms; got {M_u}")
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


def sample_controls(
    k: int,
    M_u: float,
    n: int,
    generator: torch.Generator,
    *,
    dim: int,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "n k dim"]:
    """n sets of k control rows, uniform in the ball of radius M_u.

    Raises:
        ValueError: M_u not above 0, or a negative number.
    """
    _check(k, M_u, "paper", "ratio")
    drawn = torch.randn(n, k, dim, generator=generator, dtype=dtype, device="cpu")
    radius = torch.rand(n, k, 1, generator=generator, dtype=dtype, device="cpu") ** (1 / dim)
    return (M_u * radius * drawn / drawn.norm(dim=-1, keepdim=True)).to(device)


def outputs(
    head: AttentionHead, controls: Float[Tensor, "n k d_in"], X0: Float[Tensor, "rows d_in"], row: int
) -> Float[Tensor, "n d_out"]:
    """One imposed row's output under each set of controls (heads without rotation).

    Raises:
        ValueError: the head rotates, or there is no such row.
    """
    if head.turns is not None:
        raise ValueError("head rotates its queries and keys: call decompose for each set of controls")
    if not 0 <= row < len(X0):
        raise ValueError(f"row must be from 0 to {len(X0) - 1}; got {row}")
    root = head.Wq.shape[1] ** 0.5
    q = X0[row] @ head.Wq
    seen = X0[: row + 1] if head.causal else X0
    own = (seen @ head.Wk @ q / root).expand(len(controls), -1)
    logits = torch.cat([controls @ (head.Wk @ q) / root, own], dim=1)
    weights = logits.softmax(-1)
    k = controls.shape[1]
    return torch.einsum("nk,nkd->nd", weights[:, :k], controls @ head.Wv) + weights[:, k:] @ (seen @ head.Wv)


def steer(
    head: AttentionHead,
    X0: Float[Tensor, "rows d_in"],
    target: Float[Tensor, " d_out"],
    k: int,
    M_u: float,
    steps: int = 200,
    restarts: int = 8,
    *,
    row: int = 0,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "k d_in"], Float[Tensor, " d_out"]]:
    """Controls that bring one row's output as near to a target as projected gradient descent finds, and that output.

    Raises:
        ValueError: k below 1, M_u not above 0, or no such row.
    """
    return _ascend(head, X0, k, M_u, steps, restarts, row, generator, lambda y: -(y - target).norm(dim=-1))


def largest_displacement(
    head: AttentionHead,
    X0: Float[Tensor, "rows d_in"],
    k: int,
    M_u: float,
    steps: int = 200,
    restarts: int = 8,
    *,
    row: int = 0,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "k d_in"], Float[Tensor, " d_out"]]:
    """Controls that push one row's output as far from the line of yhat as projected gradient ascent finds."""
    yhat = decompose(head, X0[:0], X0).yhat[row]
    return _ascend(
        head, X0, k, M_u, steps, restarts, row, generator, lambda y: orthogonal_part(y, yhat).norm(dim=-1)
    )


def _ascend(head, X0, k, M_u, steps, restarts, row, generator, gain) -> tuple[Tensor, Tensor]:
    _check(k, M_u, "paper", "ratio")
    if k < 1:
        raise ValueError(f"k must be at least 1 to steer; got {k}")
    start = sample_controls(k, M_u, restarts, generator, dim=X0.shape[1], dtype=X0.dtype, device=X0.device)
    U = start.clone().requires_grad_(True)
    momentum = torch.zeros_like(start)
    with torch.enable_grad():
        for step in range(steps):
            (gradient,) = torch.autograd.grad(gain(outputs(head, U, X0, row)).sum(), U)
            size = gradient.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]
            momentum = 0.8 * momentum + gradient / size
            moved = U.detach() + 0.3 * M_u * (1 - step / steps) * momentum
            # back into the ball of each control
            length = moved.norm(dim=-1, keepdim=True).clamp(min=1e-12)
            U = (moved * (M_u / length).clamp(max=1.0)).requires_grad_(True)
    with torch.no_grad():
        found = outputs(head, U, X0, row)
        best = int(gain(found).argmax())
    return U.detach()[best], found[best]


def head_from_layer(lm: LanguageModel, layer: int, head: int, *, rotate: bool = False) -> AttentionHead:
    """One head of a Llama's layer, on the layer's normed inputs. Heads that share keys and values get their group's.

    Args:
        rotate: turn queries and keys by their positions, as the model does.

    Raises:
        ValueError: the model is not one of our Llamas, or has no such layer or head.
    """
    if not isinstance(lm.model, Llama):
        raise ValueError(f"{lm.name} is not one of the lab's Llamas, whose heads can be taken out")
    config = lm.model.config
    for name, value, size in (
        ("layer", layer, config.num_hidden_layers),
        ("head", head, config.num_attention_heads),
    ):
        if not 0 <= value < size:
            raise ValueError(f"{name} must be from 0 to {size - 1}; got {value}")
    attention, d = lm.model.model.layers[layer].self_attn, config.head_dim
    group = head // (config.num_attention_heads // config.num_key_value_heads)
    turns = None
    if rotate:
        from labkit.language_model.llama import rotate as turn
        from labkit.language_model.llama import rotation

        def turns(x: Tensor) -> Tensor:
            places = torch.arange(len(x), device=x.device)[None]
            return turn(x[None, None], *rotation(places, d, config.rope_theta))[0, 0]

    return AttentionHead(
        attention.q_proj.weight[head * d : (head + 1) * d].T,
        attention.k_proj.weight[group * d : (group + 1) * d].T,
        attention.v_proj.weight[group * d : (group + 1) * d].T,
        causal=True,
        turns=turns,
    )


@torch.no_grad()
def inputs_of_layer(lm: LanguageModel, ids: Tensor, layer: int) -> Float[Tensor, "length width"]:
    """What a layer's attention reads when the model reads these ids: the normed residual stream.

    Raises:
        ValueError: as `head_from_layer`.
    """
    head_from_layer(lm, layer, 0)
    kept: list[Tensor] = []
    hook = lm.model.model.layers[layer].input_layernorm.register_forward_hook(
        lambda _m, _i, out: kept.append(out)
    )
    try:
        lm.logits(ids[None], last_only=True)
    finally:
        hook.remove()
    return kept[0][0]
