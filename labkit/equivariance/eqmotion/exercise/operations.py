"""Exercises 2: which operations are equivariant, and how a linear layer becomes so."""

import torch

from labkit.equivariance.groups import random_orthogonal
from labkit.exercise import Mistake, Wrong, exercise, recognise

OPERATIONS = {
    "mix": "G ← W G: new vectors as weighted sums of an agent's vectors",
    "bias": "G ← W G + b, with one learned number b added to each coordinate",
    "relu": "G ← ReLU(G), on every coordinate",
    "gate": "G ← s(|V|) · G, scaled by a number that is made from speeds",
    "coordinates": "G ← G A, with a learned matrix A that mixes x, y and z",
    "cut": "q ← q − ⟨q, k⟩/|k|² k, with q and k two of the agent's vectors",
}
_RIGHT = frozenset({"mix", "gate", "cut"})
_WHY = {
    "mix": "Weighted sums of vectors turn along with them: W(GR) = (WG)R.",
    "bias": "A bias is a fixed direction in space: turn the scene, and it stays where it is.",
    "relu": "ReLU on coordinates depends on where the axes are: turn the scene half round, and what was kept is cut.",
    "gate": "Speeds do not change under a rotation, so every vector is scaled by the same number as before.",
    "coordinates": "A mixes x, y and z: that is a fixed map of space, and does not commute with rotations.",
    "cut": "⟨q, k⟩ and |k|² are invariant, and q and k turn: the result turns along.",
}


def _form(
    mix: bool = False,
    bias: bool = False,
    relu: bool = False,
    gate: bool = False,
    coordinates: bool = False,
    cut: bool = False,
) -> frozenset[str]:
    chosen = {"mix": mix, "bias": bias, "relu": relu, "gate": gate, "coordinates": coordinates, "cut": cut}
    return frozenset(name for name, on in chosen.items() if on)


@exercise(
    "Which operations are equivariant?",
    level="easy",
    points=2,
    solution=_RIGHT,
    form=_form,
    hints=(
        "Turn the input and apply the operation; or apply it and turn the output. Is it the same?",
        "Numbers that are made from lengths and inner products do not change under rotations.",
        "Three of the six are.",
    ),
    mistakes=(
        Mistake("the bias too", _RIGHT | {"bias"}, _WHY["bias"]),
        Mistake("ReLU too", _RIGHT | {"relu"}, _WHY["relu"]),
        Mistake("a matrix on coordinates too", _RIGHT | {"coordinates"}, _WHY["coordinates"]),
        Mistake("without mixing", _RIGHT - {"mix"}, _WHY["mix"]),
        Mistake("without gating", _RIGHT - {"gate"}, _WHY["gate"]),
        Mistake("without cutting", _RIGHT - {"cut"}, _WHY["cut"]),
    ),
)
def which_are_equivariant(answer) -> str:
    r"""`G` holds a few vectors of an agent, one a row, with coordinates x, y, z. Which of these six operations commute
    with rotations of the scene? Answer with a set of names.

    - `mix`: $G \leftarrow W G$, new vectors as weighted sums of the agent's vectors
    - `bias`: $G \leftarrow W G + b$, with one learned number $b$ added to each coordinate
    - `relu`: $G \leftarrow \mathrm{ReLU}(G)$, on every coordinate
    - `gate`: $G \leftarrow s(|V|)\, G$, scaled by a number that is made from speeds
    - `coordinates`: $G \leftarrow G A$, with a learned matrix $A$ that mixes x, y and z
    - `cut`: $q \leftarrow q - \frac{\langle q, k\rangle}{|k|^2} k$, with q and k two of the agent's vectors
    """
    try:
        chosen = frozenset(answer)
    except TypeError:
        raise Wrong('Answer with a set of names, such as {"mix", "relu"}.') from None
    unknown = chosen - set(OPERATIONS)
    if unknown:
        named = ", ".join(map(repr, sorted(map(str, unknown))))
        raise Wrong(f"There is no operation {named}; there are {', '.join(OPERATIONS)}.")
    wrong = [name for name in OPERATIONS if (name in chosen) != (name in _RIGHT)]
    if wrong:
        more = f" ({len(wrong) - 1} more of the six are not right.)" if len(wrong) > 1 else ""
        raise Wrong(f"Look at {wrong[0]!r} again. {_WHY[wrong[0]]}{more}")
    return "Mix vectors linearly, scale them by invariant numbers, cut them by each other: EqMotion does nothing else."


def _solution(weight, bias):
    def op(G):
        mean = G.mean((0, 1), keepdim=True)
        return weight @ (G - mean) + mean

    return op


def _unchanged(weight, bias):
    return lambda G: weight @ G + bias[:, None]


def _centred_with_bias(weight, bias):
    def op(G):
        mean = G.mean((0, 1), keepdim=True)
        return weight @ (G - mean) + bias[:, None] + mean

    return op


def _no_mean(weight, bias):
    return lambda G: weight @ G


def _not_added_back(weight, bias):
    return lambda G: weight @ (G - G.mean((0, 1), keepdim=True))


def _coordinates(weight, bias):
    def op(G):
        mean = G.mean((0, 1), keepdim=True)
        return (G - mean) @ weight[:3, :3] + mean

    return op


def _mean_of_coordinates(weight, bias):
    """The mean over x, y, z too."""

    def op(G):
        mean = G.mean()
        return weight @ (G - mean) + mean

    return op


@exercise(
    "Make a linear layer equivariant",
    level="key",
    points=4,
    solution=_solution,
    hints=(
        "`weight @ G` mixes the channels of every agent and leaves x, y, z alone: rotations are fine then.",
        "A shift t adds t to every vector, but weight @ G would get (sum of a row of weight) t. What if the vectors "
        "are taken about their mean?",
        "Subtract the mean over agents and channels, mix without bias, add the mean back.",
    ),
    mistakes=(
        Mistake(
            "the layer as it was",
            _unchanged,
            "A bias is a fixed direction in space: it does not turn with the scene. And shifts are scaled by the rows "
            "of the weight.",
        ),
        Mistake(
            "with the bias",
            _centred_with_bias,
            "You took the mean out and back in, but kept the bias: a bias is a fixed direction in space. Drop it.",
        ),
        Mistake(
            "not centred",
            _no_mean,
            "Rotations are fine, shifts are not: a shift t of the scene comes out as t times the sums of the weight's "
            "rows. Mix what is left after the mean is taken out.",
        ),
        Mistake(
            "mean not added back",
            _not_added_back,
            "Your output does not shift along with the scene: add the mean back at the end.",
        ),
        Mistake(
            "x, y, z mixed",
            _coordinates,
            "You mixed x, y, z instead of channels: `weight @ G`, not `G @ weight`.",
        ),
        Mistake(
            "one mean for x, y and z",
            _mean_of_coordinates,
            "Your mean is one number, over x, y and z as well: that is the same for all axes, a fixed direction. Take "
            "it over agents and channels only.",
        ),
    ),
)
def make_equivariant(answer) -> str:
    r"""Write `make_equivariant(weight, bias)`. It is given the weight `(out, channels)` and the bias `(out,)` of a
    linear layer, and returns a function `op(G)` from the vectors `G` of a scene, `(agents, channels, d)`, to vectors
    `(agents, out, d)`. It uses the weight to mix channels, and is equivariant to rotations, reflections and shifts.

    Subtract what shifts, drop what does not turn, add back what shifts.
    """
    generator = torch.Generator(device="cpu").manual_seed(8)
    weight = torch.randn(4, 4, generator=generator, dtype=torch.float64, device="cpu")
    bias = torch.randn(4, generator=generator, dtype=torch.float64, device="cpu")
    G = torch.randn(3, 4, 3, generator=generator, dtype=torch.float64, device="cpu") + 1
    op = answer(weight, bias)
    if not callable(op):
        raise Wrong(f"make_equivariant should return a function of G; yours returned a {type(op).__name__}.")
    found, wanted = op(G.clone()), _solution(weight, bias)(G)
    if not isinstance(found, torch.Tensor) or found.shape != wanted.shape:
        got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        raise Wrong(f"op(G) should have the shape {tuple(wanted.shape)}; yours is {got}.")
    R = random_orthogonal(1, 3, generator=generator, dtype=torch.float64)[0]
    t = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64, device="cpu")
    turned = (op(G @ R.T) - found @ R.T).abs().max().item()
    shifted = (op(G + t) - found - t).abs().max().item()
    if not torch.allclose(found, wanted, atol=1e-9) or max(turned, shifted) > 1e-9:
        raise recognise(
            make_equivariant.mistakes,
            lambda mistaken: torch.allclose(found, mistaken(weight, bias)(G), atol=1e-9),
            f"When the scene is turned your output is wrong by {turned:.2g}, when it is shifted by {shifted:.2g}; and "
            "it should be the mean plus the weight times what is left.",
        )
    return "Every geometric layer of EqMotion has this form."
