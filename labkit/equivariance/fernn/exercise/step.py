"""Exercise 1: move every channel with its own velocity."""

import torch

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _solution(h, velocities):
    moved = [torch.roll(h[:, i], (vy, vx), dims=(-2, -1)) for i, (vx, vy) in enumerate(velocities)]
    return torch.stack(moved, dim=1)


def _backwards(h, velocities):
    return _solution(h, [(-vx, -vy) for vx, vy in velocities])


def _swapped(h, velocities):
    return _solution(h, [(vy, vx) for vx, vy in velocities])


def _all_alike(h, velocities):
    return _solution(h, [velocities[0]] * len(velocities))


def _twice(h, velocities):
    return _solution(h, [(2 * vx, 2 * vy) for vx, vy in velocities])


def _still(h, velocities):
    return h


def _by_hand(h, velocities):
    """One pixel at a time."""
    out = torch.zeros_like(h)
    H, W = h.shape[-2:]
    for i, (vx, vy) in enumerate(velocities):
        for y in range(H):
            for x in range(W):
                out[:, i, :, (y + vy) % H, (x + vx) % W] = h[:, i, :, y, x]
    return out


def _same(found, wanted) -> bool:
    return isinstance(found, torch.Tensor) and found.shape == wanted.shape and torch.equal(found, wanted)


@exercise(
    "One step of the flow",
    level="easy",
    points=2,
    solution=_solution,
    hints=(
        "`torch.roll(x, (a, b), dims=(-2, -1))` moves rows by a and columns by b.",
        "x runs along the last axis: velocity (vx, vy) is a roll by vy over the rows and by vx over the columns.",
        "Take the channels one by one, `h[:, i]`, and `torch.stack` them along axis 1.",
    ),
    mistakes=(
        Mistake(
            "wrong way",
            _backwards,
            "Your map moves left when νx = +1: the content has to move to larger x. (shift(h, ν))[p] = h[p − ν].",
        ),
        Mistake(
            "x and y swapped",
            _swapped,
            "You swapped x and y: velocities are listed as (vx, vy), while the axes of h are (..., H, W). "
            "vx moves along the last axis.",
        ),
        Mistake(
            "all channels alike",
            _all_alike,
            "All your channels moved with the same velocity. Channel i moves with velocities[i].",
        ),
        Mistake(
            "more than one step",
            _twice,
            "Your channels moved by a multiple of ν. This is one step, ψ_1(ν): the shifts of earlier steps are in h "
            "already, so do not shift by t·ν.",
        ),
        Mistake("nothing moved", _still, "Nothing moved: the state comes back as it was."),
    ),
)
def flow_step(answer) -> str:
    r"""Write `flow_step(h, velocities)`: $\psi_1(\nu)\,h(\nu)$ for every velocity channel, the heart of a FERNN's step.

    `h` has the shape `(B, V, C, H, W)` on a torus, `velocities` is a list of `(vx, vy)` in pixels; x runs along the
    last axis. Channel `i` is shifted by `velocities[i]`, circularly: $(\psi_1(\nu) h)[p] = h[p - \nu]$.
    """
    generator = torch.Generator(device="cpu").manual_seed(3)
    h = torch.rand(2, 4, 3, 5, 7, generator=generator, dtype=torch.float64, device="cpu")
    velocities = [(1, 0), (0, 1), (2, -1), (-1, 3)]
    wanted = _by_hand(h, velocities)
    found = answer(h.clone(), list(velocities))
    if not isinstance(found, torch.Tensor):
        raise Wrong(
            f"flow_step should return a tensor of the shape of h; yours returned a {type(found).__name__}."
        )
    if found.shape != wanted.shape:
        raise Wrong(f"flow_step should keep the shape {tuple(wanted.shape)}; yours is {tuple(found.shape)}.")
    if not _same(found, wanted):
        raise recognise(
            flow_step.mistakes,
            lambda mistaken: _same(found, mistaken(h, velocities)),
            "The channels do not move as they should. Try h with a single pixel at (y, x) = (0, 0): channel i should "
            "hold it at row vy and column vx.",
        )
    return "Each channel drifts with its own velocity: that loop, and nothing else, is what a G-RNN lacks."
