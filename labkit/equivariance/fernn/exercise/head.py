"""Exercise 3: a prediction head that is flow equivariant."""

import torch

from labkit.equivariance.actions import shift_channels
from labkit.equivariance.fernn.method import FlowCell, FlowSeq2Seq, flow_equivariance_error, ring_velocities
from labkit.exercise import Mistake, Wrong, exercise

SIZE, PASS = 9, 1e-8


class _Learner(FlowSeq2Seq):
    """The model of the check: decode(pool(the learner's states)), without a repeated frame."""

    def __init__(self, cell, align):
        super().__init__(cell, decoder_layers=1, readout="aligned")
        self.align = align

    def decode(self, state):
        found = self.align(state, [v[0] for v in self.cell.velocities])
        if not isinstance(found, torch.Tensor) or found.shape != state.shape:
            got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
            raise Wrong(
                f"align should return a tensor of the shape {tuple(state.shape)} of h; yours is {got}."
            )
        return self.decoder(found.amax(1))


def _shifted(h, velocities, amount):
    return shift_channels(h, torch.tensor([(v,) for v in velocities], device=h.device), amount)


def _solution(h, velocities):
    return torch.stack([torch.roll(h[:, i], v, dims=-1) for i, v in enumerate(velocities)], dim=1)


def _nothing(h, velocities):
    return h


def _back(h, velocities):
    return _shifted(h, velocities, -1)


def _two(h, velocities):
    return _shifted(h, velocities, 2)


def _alike(h, velocities):
    return torch.roll(h, 1, dims=-1)


def _constant(h, velocities):
    return torch.zeros_like(h)


@exercise(
    "An equivariant head",
    level="open",
    points=3,
    solution=_solution,
    hints=(
        "After frame t the state is aligned with frame t. Where will the target, frame t + 1, be?",
        "Under the flow ν̂ the target is shifted by (t + 1)·ν̂, the state by t·ν̂: one step is missing, and every "
        "channel knows its own.",
        "Do before the maximum over V what the cell does before its convolution.",
    ),
    mistakes=(
        Mistake(
            "nothing done",
            _nothing,
            "That is the reference's head: the state is aligned with the frame it has just seen, while the frame that "
            "it is to predict has moved on by one step.",
        ),
        Mistake(
            "one step back",
            _back,
            "You moved each channel back by its velocity, away from the next frame: now two steps are missing. "
            "Move it forward.",
        ),
        Mistake(
            "two steps",
            _two,
            "You moved each channel two steps ahead; the next frame is one step away.",
        ),
        Mistake(
            "all alike",
            _alike,
            "You moved all channels by the same amount. That commutes with shifts, not with flows: each channel has "
            "its own velocity to go on with.",
        ),
        Mistake(
            "always nothing",
            _constant,
            "Your head ignores the state: it predicts the same whatever it sees. Equivariant, and useless.",
        ),
    ),
)
def equivariant_head(answer) -> str:
    r"""The model predicts `decode(max over ν of align(h))`, where `h` has the shape `(B, V, C, S)` on a ring of S
    pixels and $V$ holds all S velocities. Write `align(h, velocities)` so that the whole model is flow equivariant: the
    relative error of its predictions, `flow_equivariance_error(..., "output")`, must be below $10^{-8}$ for every
    $\hat\nu$.

    For those who want more: find data for which a trained G-RNN is *better* than FERNN, and report it in a cell of its
    own.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = _Learner(FlowCell(1, 4, ring_velocities(SIZE), dims=1), answer).double().requires_grad_(False)
    generator = torch.Generator(device="cpu").manual_seed(2)
    frames = torch.rand(2, 4, 1, SIZE, generator=generator, dtype=torch.float64, device="cpu")
    state = model.encode(frames)[:, -1]
    found = model.decode(state)
    named = {mistake.name: mistake.message for mistake in equivariant_head.mistakes}
    if (found - model.decode(torch.zeros_like(state))).abs().max() < 1e-12:
        raise Wrong(named["always nothing"])
    errors = [
        flow_equivariance_error(model, frames, (nu,), "output", horizon=3).max().item() for nu in range(SIZE)
    ]
    if max(errors) >= PASS or max(errors) != max(errors):
        aligned = answer(state.clone(), list(range(SIZE)))
        for mistake in equivariant_head.mistakes:
            if torch.allclose(aligned, mistake.answer(state, list(range(SIZE))), atol=1e-12):
                raise Wrong(f"The error is {max(errors):.2g}. {mistake.message}")
        raise Wrong(
            f"The predictions' relative error is {max(errors):.2g}; it must be below {PASS:g}. Compare where a state "
            "and the frame that it is to predict stand under a flow."
        )
    return f"The largest error over all velocities is {max(errors):.1g}: the model is flow equivariant end to end."
