"""Exercise 3: an order of one's own."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise
from labkit.ordering.curves import order_path, patch_order
from labkit.ordering.loope.method import sinusoid
from labkit.ordering.loope.pesi import occupancy_ceiling, pesi

SIDE, DIM, BUCKETS = 12, 128, 60


def score(rank: Tensor) -> float:
    """M_U + M_D(60) / ceiling - A_SU of a 12 x 12 order at D = 128."""
    found = pesi(sinusoid(rank.double() + 1, DIM), BUCKETS)
    return found["M_U"] + found["M_D"] / occupancy_ceiling((SIDE, SIDE), BUCKETS) - found["A_SU"]


def _rasterlike() -> Tensor:
    return patch_order("snake", SIDE, SIDE)


MISTAKES = (
    Mistake(
        "path instead of rank",
        order_path(_rasterlike()),
        "You returned which cell comes n-th; the rank grid says when each cell is visited. Turn it inside out.",
    ),
    Mistake(
        "from 1",
        _rasterlike() + 1,
        "Your ranks begin at 1. A rank grid begins at 0; the embedding adds the 1 itself.",
    ),
    Mistake(
        "a distance, not an order",
        torch.arange(SIDE, device="cpu")[:, None] + torch.arange(SIDE, device="cpu"),
        "Two cells have the same rank: they could not be told apart. An order is a permutation.",
    ),
    Mistake(
        "Gilbert itself",
        patch_order("gilbert", SIDE, SIDE),
        "That is Gilbert's own order; it does not beat itself.",
    ),
    Mistake(
        "random",
        patch_order("random", SIDE, SIDE),
        "Neighbours must stay near each other along the walk. Look at the metrics of the named orders first.",
    ),
)


@exercise(
    "An order that beats Gilbert",
    level="open",
    points=3,
    solution=_rasterlike(),
    hints=(
        "Compute the three metrics of all named orders first: `pesi(sinusoid(rank + 1, 128))`. Which part of the score "
        "does Gilbert lose?",
        "Directed monotonicity likes orders whose neighbours are met in the same way everywhere.",
        "The best of the named orders is no space-filling curve at all. Can you do better still?",
    ),
    mistakes=MISTAKES,
)
def own_order(answer) -> str:
    r"""Design an order of $12 \times 12$ patches whose score

    $$M_U + M_D(60)/\text{ceiling} - A_{SU}$$

    at $D = 128$ is higher than Gilbert's. Answer with the rank grid, an integer tensor of shape (12, 12) that holds
    each of $0 \dots 143$ once. The score is recomputed here; how far up can you get?
    """
    named = {mistake.name: mistake.message for mistake in MISTAKES}
    if not isinstance(answer, Tensor):
        raise Wrong(
            f"Answer with the rank grid, a tensor of shape (12, 12); yours is a {type(answer).__name__}."
        )
    if tuple(answer.shape) == (SIDE * SIDE, 2):
        raise Wrong(named["path instead of rank"])
    if tuple(answer.shape) != (SIDE, SIDE):
        raise Wrong(f"The grid has the shape (12, 12); yours has {tuple(answer.shape)}.")
    rank = answer.detach().cpu().long()
    values = rank.flatten().sort().values
    if torch.equal(values, torch.arange(1, SIDE * SIDE + 1, device="cpu")):
        raise Wrong(named["from 1"])
    if len(values.unique()) < SIDE * SIDE:
        raise Wrong(named["a distance, not an order"])
    if not torch.equal(values, torch.arange(SIDE * SIDE, device="cpu")):
        raise Wrong(f"The ranks are 0 .. 143, each once; yours run from {values[0]} to {values[-1]}.")
    gilbert = patch_order("gilbert", SIDE, SIDE)
    if torch.equal(rank, gilbert):
        raise Wrong(named["Gilbert itself"])
    found, best = score(rank), score(gilbert)
    if found <= best:
        raise Wrong(f"Your order scores {found:.4f}, Gilbert's {best:.4f}. {named['random']}")
    return f"Your order scores {found:.4f}, Gilbert's {best:.4f}."
