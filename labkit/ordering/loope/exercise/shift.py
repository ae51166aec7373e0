"""Exercise 2: the context-shifted embedding."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise
from labkit.ordering.curves import patch_order
from labkit.ordering.loope.method import sinusoid


def _shifted(X_G, u, dim):
    return sinusoid(X_G + 2 * torch.sigmoid(u) - 1, dim)


def _sorted(X_G, u, dim):
    X = X_G + 2 * torch.sigmoid(u) - 1
    return sinusoid(X.argsort(-1).argsort(-1).to(u.dtype) + 1, dim)


def _rounded(X_G, u, dim):
    return sinusoid((X_G + 2 * torch.sigmoid(u) - 1).round(), dim)


def _vector(X_G, u, dim):
    return sinusoid(X_G.expand_as(u), dim) + (2 * torch.sigmoid(u) - 1)[..., None]


def _unsquashed(X_G, u, dim):
    return sinusoid(X_G + u, dim)


def _half(X_G, u, dim):
    return sinusoid(X_G + torch.sigmoid(u), dim)


def _tanh(X_G, u, dim):
    return sinusoid(X_G + torch.tanh(u), dim)


def _inputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator(device="cpu").manual_seed(3)
    X_G = patch_order("gilbert", 3, 4).flatten().double() + 1
    u = torch.randn(5, 12, generator=generator, dtype=torch.float64, device="cpu") * 3
    return X_G, u


def _same(found, wanted) -> bool:
    found = torch.as_tensor(found, device="cpu")
    return found.shape == wanted.shape and torch.allclose(found.double(), wanted, atol=1e-5)


MISTAKES = (
    Mistake(
        "argsort",
        _sorted,
        "You sort the positions and use the ranks: no gradient reaches the network through argsort. Feed the real "
        "numbers X into the sinusoid.",
    ),
    Mistake(
        "rounded",
        _rounded,
        "You round X: positions must stay real. A rounded number has no slope, and the network would never learn.",
    ),
    Mistake(
        "added to E",
        _vector,
        "You add X_C to E: that moves the vector, not the position. Add it to X_G, before the sinusoid.",
    ),
    Mistake(
        "no squash",
        _unsquashed,
        "Your offset is not bounded: the logits u go in as they are, and a patch may fly anywhere. 2 sigmoid(u) - 1 "
        "keeps it in (-1, 1).",
    ),
    Mistake(
        "only forwards",
        _half,
        "Your offset lies in (0, 1): patches can move forwards only, and at u = 0 they have moved by a half. "
        "2 sigmoid(u) - 1 is 0 there.",
    ),
    Mistake(
        "tanh(u)",
        _tanh,
        "You squash by tanh(u), as the paper's text has it; asked for is the code's 2 sigmoid(u) - 1 = tanh(u / 2).",
    ),
)


@exercise(
    "The context-shifted embedding",
    level="key",
    points=4,
    solution=_shifted,
    hints=(
        "$X_C = 2\\,\\sigma(u) - 1$ first; then one sum; then `sinusoid(X, dim)`.",
        "X_G has the shape (N,), u (B, N): the sum broadcasts, and so does the sinusoid.",
        "Nothing is sorted and nothing is rounded: the positions stay real numbers.",
    ),
    mistakes=MISTAKES,
)
def shifted_embedding(answer) -> str:
    r"""Write `embed(X_G, u, dim)`: given the static ranks $X_G$ (`(N,)`, from 1) and the context network's logits $u$
    (`(B, N)`), return the embedding `(B, N, dim)` of the real positions

    $$X = X_G + X_C, \qquad X_C = 2\,\sigma(u) - 1.$$

    `sinusoid(X, dim)` takes real positions. The checker looks at the bound, the gradient, what swaps, and $u = 0$.
    """
    X_G, u = _inputs()
    u = u.requires_grad_(True)
    found = answer(X_G, u, 8)
    if not isinstance(found, Tensor):
        raise Wrong(
            f"embed should return a tensor of shape (B, N, dim); it returned a {type(found).__name__}."
        )
    for mistake in MISTAKES:
        if _same(found.detach(), mistake.answer(X_G, u.detach(), 8)):
            raise Wrong(mistake.message)
    wanted = _shifted(X_G, u.detach(), 8)
    if found.shape != wanted.shape:
        raise Wrong(
            f"embed should return the shape (B, N, dim) = {tuple(wanted.shape)}; yours is {tuple(found.shape)}."
        )
    static = answer(X_G, torch.zeros_like(u), 8)
    if not _same(static.detach(), sinusoid(X_G, 8).expand_as(wanted)):
        raise Wrong(
            "At u = 0 the offset is 0, and the embedding should be the static one, sinusoid(X_G, dim)."
        )
    if not _same(found.detach(), wanted):
        raise Wrong(
            "At u = 0 yours is the static embedding, but elsewhere it is not sinusoid(X_G + 2 sigmoid(u) - 1)."
        )
    if not found.requires_grad:
        raise Wrong("The values are right, but no gradient reaches the network: something detaches u.")
    (slope,) = torch.autograd.grad(found.square().mul(torch.arange(8.0, device="cpu")).sum(), u)
    if not slope.abs().max() > 0:
        raise Wrong("The values are right, but the gradient to u is zero.")
    return "Real positions, bounded, with a gradient: the order can be learned."
