"""One self-attention head, and its output as a mixture of its own and the controls'."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


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
