"""Exercise 2: column attention."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator(device="cpu").manual_seed(5)
    E, H, W = (torch.randn(*shape, generator=g, device="cpu") for shape in ((2, 3, 4), (2, 5, 4), (4, 4)))
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2], device="cpu")
    return E, H, W, mask


def _right(E, H, W, mask):
    v = E @ W @ H.transpose(1, 2)
    w = v.masked_fill(~mask[:, None], float("-inf")).softmax(-1)
    return w @ H, w


def _over_columns(E, H, W, mask):
    v = E @ W @ H.transpose(1, 2)
    w = v.softmax(1) * mask[:, None]
    return w @ H, w


def _no_mask(E, H, W, mask):
    w = (E @ W @ H.transpose(1, 2)).softmax(-1)
    return w @ H, w


def _masked_after(E, H, W, mask):
    w = (E @ W @ H.transpose(1, 2)).softmax(-1) * mask[:, None]
    return w @ H, w


def _transposed_w(E, H, W, mask):
    return _right(E, H, W.T, mask)


def _no_w(E, H, W, mask):
    return _right(E, H, torch.eye(len(W)), mask)


def _swapped(E, H, W, mask):
    read, w = _right(E, H, W, mask)
    return read, w.transpose(1, 2)


def _same(found, wanted) -> bool:
    return all(
        f.shape == w.shape and torch.allclose(f, w, atol=1e-4) for f, w in zip(found, wanted, strict=True)
    )


@exercise(
    "Column attention",
    level="key",
    points=4,
    solution=_right,
    hints=(
        "One matrix product makes all the v at once: the result should have the shape (B, C, L).",
        "`E @ W @ H.transpose(1, 2)`; then `masked_fill(~mask[:, None], -inf)` before the softmax.",
        "The weights are (B, C, L), H is (B, L, d): their product is (B, C, d).",
    ),
    mistakes=(
        Mistake(
            "softmax over columns",
            _over_columns,
            "Your weights add up to one over the columns. Each column distributes its attention over the "
            "*words*: softmax "
            "over the last axis.",
        ),
        Mistake(
            "no mask",
            _no_mask,
            "Your columns read padding: the second question has three words, and your weights beyond them are "
            "not zero.",
        ),
        Mistake(
            "mask after softmax",
            _masked_after,
            "You remove padding after the softmax, so the weights of a short question add up to less than one. "
            "Mask the "
            "scores before it.",
        ),
        Mistake("W transposed", _transposed_w, "You compute E^T W^T H: W is the wrong way round."),
        Mistake("no W", _no_w, "Your scores do not use W: column and question are compared as they are."),
        Mistake(
            "(L, C)",
            _swapped,
            "Your weights have the shape (B, L, C). Columns first, then words: (B, C, L).",
        ),
    ),
)
def column_attention(answer) -> str:
    r"""Write `column_attention(E, H, W, mask)` that returns the pair (reading, weights):

    $$v_{ci} = E_c^\top W H_i, \qquad w_c = \operatorname{softmax}(v_c) \text{ over the words}, \qquad E_{Q|c} =
    \sum_i w_{ci} H_i$$

    `E` is (B, C, d), `H` (B, L, d), `W` (d, d), and `mask` (B, L) is True for real words. Return $E_{Q|col}$ as (B,
    C, d)
    and the weights as (B, C, L). Padding gets no weight.
    """
    E, H, W, mask = _data()
    found = answer(E, H, W, mask)
    if not (isinstance(found, tuple | list) and len(found) == 2):
        raise Wrong("Return two tensors: the reading (B, C, d) and the weights (B, C, L).")
    found = tuple(torch.as_tensor(part, device="cpu") for part in found)
    wanted = _right(E, H, W, mask)
    if not _same(found, wanted):
        shapes = [tuple(f.shape) for f in found]
        raise recognise(
            column_attention.mistakes,
            lambda mistaken: _same(found, mistaken(E, H, W, mask)),
            f"That is not column attention. Yours have the shapes {shapes}; they should be (2, 3, 4) and (2, 3, "
            "5), and "
            f"the first column's first weight {wanted[1][0, 0, 0]:.3f}.",
        )
    return "Each column now reads the question for itself, and padding stays unread."
