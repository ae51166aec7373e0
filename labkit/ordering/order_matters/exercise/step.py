"""Exercise 2: one step of the process block."""

import torch
from torch import nn

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _step(cell, memory, q_star, h, c):
    h, c = cell(q_star, (h, c))
    a = torch.einsum("bnd,bd->bn", memory, h).softmax(-1)
    return torch.cat([h, torch.einsum("bn,bnd->bd", a, memory)], -1), h, c


def _over_features(cell, memory, q_star, h, c):
    h, c = cell(q_star, (h, c))
    a = (memory * h[:, None]).softmax(-1)
    return torch.cat([h, (a * memory).sum(1)], -1), h, c


def _over_the_batch(cell, memory, q_star, h, c):
    h, c = cell(q_star, (h, c))
    a = torch.einsum("bnd,bd->bn", memory, h).softmax(0)
    return torch.cat([h, torch.einsum("bn,bnd->bd", a, memory)], -1), h, c


def _reads_in_order(cell, memory, q_star, h, c):
    x = torch.cat([memory[:, 0], q_star[:, memory.shape[-1] :]], -1)
    return _step(cell, memory, x, h, c)


def _no_read(cell, memory, q_star, h, c):
    h, c = cell(q_star, (h, c))
    return torch.cat([h, h], -1), h, c


def _swapped(cell, memory, q_star, h, c):
    made, h, c = _step(cell, memory, q_star, h, c)
    d = h.shape[-1]
    return torch.cat([made[:, d:], made[:, :d]], -1), h, c


def _old_query(cell, memory, q_star, h, c):
    a = torch.einsum("bnd,bd->bn", memory, h).softmax(-1)
    new, c = cell(q_star, (h, c))
    return torch.cat([new, torch.einsum("bn,bnd->bd", a, memory)], -1), new, c


def _sum(cell, memory, q_star, h, c):
    h, c = cell(q_star, (h, c))
    a = torch.einsum("bnd,bd->bn", memory, h)
    return torch.cat([h, torch.einsum("bn,bnd->bd", a, memory)], -1), h, c


def _case(batch: int, n: int, d: int):
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(n)
        cell = nn.LSTMCell(2 * d, d).double().requires_grad_(False)
    generator = torch.Generator(device="cpu").manual_seed(n)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64, device="cpu")

    return cell, draw(batch, n, d), draw(batch, 2 * d), draw(batch, d), draw(batch, d)


def _same(found, wanted) -> bool:
    return all(
        isinstance(f, torch.Tensor) and f.shape == w.shape and torch.allclose(f.double(), w, atol=1e-6)
        for f, w in zip(found, wanted, strict=True)
    )


@exercise(
    "One process step",
    level="key",
    points=3,
    solution=_step,
    hints=(
        "`h, c = cell(q_star, (h, c))` is the whole LSTM: its input is what the last step ended with.",
        "Scores: one dot product of each memory with the new `h`; `torch.einsum('bnd,bd->bn', memory, h)`.",
        "The softmax runs over the n elements, `dim=-1` of the scores; the read is the weighted sum of the memories.",
    ),
    mistakes=(
        Mistake(
            "softmax over features",
            _over_features,
            "Your weights are normalised over the feature axis. There is one weight for an element, and weights must "
            "sum to 1 over the elements.",
        ),
        Mistake(
            "softmax over the batch",
            _over_the_batch,
            "Your softmax runs over the batch: sets would look at each other. It runs over each set's elements.",
        ),
        Mistake(
            "no softmax",
            _sum,
            "There is no softmax: your weights do not sum to 1, and a larger set gives a larger read.",
        ),
        Mistake(
            "an element as input",
            _reads_in_order,
            "You feed an element to the LSTM. The process LSTM has no inputs; your result changes when the set "
            "is shuffled.",
        ),
        Mistake(
            "the read-out is missing",
            _no_read,
            "The read r is missing from your q*: the LSTM would talk to itself, and never learn what the set answered.",
        ),
        Mistake(
            "parts exchanged",
            _swapped,
            "The parts of your q* are exchanged: first the query q, then the read r.",
        ),
        Mistake(
            "the old query",
            _old_query,
            "You attend with the state of before the step. The new state is the question; ask with it.",
        ),
    ),
)
def process_step(answer) -> str:
    r"""Write `process_step(cell, memory, q_star, h, c)`, one step of the process block:

    $$q = \mathrm{LSTM}(q^*), \quad a_i = \mathrm{softmax}_i(m_i \cdot q), \quad r = \sum_i a_i m_i, \quad
    q^* \leftarrow [q;\, r]$$

    `cell` is an `nn.LSTMCell(2 * d, d)`, `memory` has the shape `(batch, n, d)`, `q_star` `(batch, 2 * d)`, `h` and `c`
    `(batch, d)`. Return the new `(q_star, h, c)`.
    """
    for size in ((2, 5, 4), (3, 3, 6), (1, 8, 4)):
        case = _case(*size)
        found, wanted = answer(*case), _step(*case)
        if not (isinstance(found, tuple | list) and len(found) == 3):
            raise Wrong("process_step should return three tensors: the new q_star, h and c.")
        if not _same(found, wanted):
            shapes = [tuple(getattr(part, "shape", ())) for part in found]
            raise recognise(
                process_step.mistakes,
                lambda mistaken, found=found, case=case: _same(found, mistaken(*case)),
                f"For a memory of shape {size} the new q_star should start with "
                f"{[round(v, 4) for v in wanted[0][0, :3].tolist()]}; the shapes of yours are {shapes}.",
            )
        cell, memory, *rest = case
        order = torch.arange(memory.shape[1] - 1, -1, -1, device="cpu")
        if not torch.allclose(answer(cell, memory[:, order], *rest)[0], found[0], atol=1e-6):
            raise Wrong("Your result changes when the set is shuffled.")
    return "Shuffle the set as you like: the questions and the answers stay."
