"""Exercise 1: the pointer."""

import torch

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _pointer(E, d, W1, W2, v):
    return torch.tanh(E @ W1.T + d @ W2.T) @ v


def _without_tanh(E, d, W1, W2, v):
    return (E @ W1.T + d @ W2.T) @ v


def _blend(E, d, W1, W2, v):
    return _pointer(E, d, W1, W2, v).softmax(-1) @ E


def _over_features(E, d, W1, W2, v):
    return torch.tanh(E @ W1.T + d @ W2.T).softmax(-1) @ v


def _probabilities(E, d, W1, W2, v):
    return _pointer(E, d, W1, W2, v).softmax(-1)


def _swapped(E, d, W1, W2, v):
    return _pointer(E, d, W2, W1, v)


def _transposed(E, d, W1, W2, v):
    return torch.tanh(E @ W1 + d @ W2) @ v


def _close(found, wanted) -> bool:
    return found.shape == wanted.shape and torch.allclose(found.double(), wanted, rtol=1e-4, atol=1e-6)


@exercise(
    "The pointer",
    level="easy",
    points=2,
    solution=_pointer,
    hints=(
        "`E` holds the encoder's states as rows, so $W_1 e_j$ for all $j$ at once is `E @ W1.T`, of shape (n, d).",
        "`d @ W2.T` has the shape (d,): it is added to every row. Then tanh, then one dot product with `v`.",
    ),
    mistakes=(
        Mistake(
            "no tanh",
            _without_tanh,
            "There is no tanh in yours. Without it v^T W2 d is the same for all j and drops out of the softmax: the "
            "pointer would not depend on the decoder's state at all.",
        ),
        Mistake(
            "blending",
            _blend,
            "You returned a context vector of width d, a blend of the inputs, as attention did before; a pointer "
            "returns one score per input.",
        ),
        Mistake(
            "softmax over features",
            _over_features,
            "You take a softmax over the feature axis. A distribution over the inputs comes later, over j; inside is "
            "tanh.",
        ),
        Mistake(
            "probabilities",
            _probabilities,
            "These are already probabilities (they sum to 1). Return the scores u_j: mask and softmax come after "
            "them.",
        ),
        Mistake(
            "W1 and W2 exchanged",
            _swapped,
            "W1 and W2 are exchanged: W1 belongs to the encoder's states e_j, W2 to the decoder's state d.",
        ),
        Mistake(
            "transposed",
            _transposed,
            "Your matrices are transposed: W1 e_j for the rows of E is E @ W1.T.",
        ),
    ),
)
def pointer_logits(answer) -> str:
    r"""Write `pointer_logits(E, d, W1, W2, v)`: the scores of one decoder step, as a tensor of shape `(n,)`,

    $$u_j = v^\top \tanh(W_1 e_j + W_2 d),$$

    for encoder states `E` of shape `(n, d)` (a row an input), a decoder state `d` of shape `(d,)`, matrices `W1`, `W2`
    of shape `(d, d)` and `v` of shape `(d,)`.
    """
    generator = torch.Generator(device="cpu").manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64, device="cpu")

    for n, width in ((5, 4), (3, 6), (40, 4)):
        inputs = draw(n, width), draw(width), draw(width, width), draw(width, width), draw(width)
        found = torch.as_tensor(answer(*inputs), device="cpu")
        wanted = _pointer(*inputs)
        if not _close(found, wanted):
            raise recognise(
                pointer_logits.mistakes,
                lambda mistaken, found=found, inputs=inputs: _close(found, mistaken(*inputs)),
                f"For n = {n} inputs of width {width} there should be {n} scores, first {wanted[0]:.4f}; yours have "
                f"the shape {tuple(found.shape)}"
                + (f" and start with {found.flatten()[0]:.4f}." if found.numel() else "."),
            )
    return "n scores for n inputs, with the same parameters for every n: that is the whole paper."


def check_tensor(found, what: str) -> torch.Tensor:
    """A learner's answer as a tensor of positions; says so when it is none."""
    try:
        return torch.as_tensor(found, device="cpu").long().flatten()
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(
            f"{what} should return positions, as a list or a tensor; yours is {type(found).__name__}."
        ) from None
