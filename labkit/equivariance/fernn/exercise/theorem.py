"""Exercise 2: the theorem's right-hand side."""

import torch

from labkit.equivariance.actions import flow
from labkit.equivariance.fernn.method import FlowCell, FlowSeq2Seq, predict_shifted_states, velocity_grid
from labkit.exercise import Mistake, Wrong, exercise, recognise


def _predict(states, velocities, nu_hat, *, sign=1, late=0, channels=True, time=True):
    index = {v: i for i, v in enumerate(velocities)}
    partners = [index.get((v[0] - sign * nu_hat[0], v[1] - sign * nu_hat[1])) for v in velocities]
    expected = torch.zeros_like(states)
    valid = torch.tensor([p is not None for p in partners], device=states.device)
    for i, p in enumerate(partners):
        if not channels:
            p = i
        if p is None:
            continue
        for t in range(states.shape[1]):
            lag = (t + late) if time else 1
            expected[:, t, i] = torch.roll(states[:, t, p], (lag * nu_hat[1], lag * nu_hat[0]), dims=(-2, -1))
    return expected, valid


def _solution(states, velocities, nu_hat):
    return _predict(states, velocities, nu_hat)


def _plus(states, velocities, nu_hat):
    return _predict(states, velocities, nu_hat, sign=-1)


def _late(states, velocities, nu_hat):
    return _predict(states, velocities, nu_hat, late=1)


def _no_mask(states, velocities, nu_hat):
    expected, valid = _predict(states, velocities, nu_hat)
    return expected, torch.ones_like(valid)


def _same_channel(states, velocities, nu_hat):
    return _predict(states, velocities, nu_hat, channels=False)


def _one_step(states, velocities, nu_hat):
    return _predict(states, velocities, nu_hat, time=False)


def _agree(found, wanted, mask) -> bool:
    return found.shape == wanted.shape and torch.allclose(found[:, :, mask], wanted[:, :, mask], atol=1e-10)


@exercise(
    "The theorem",
    level="key",
    points=4,
    solution=_solution,
    hints=(
        "What moves with ν̂ looks, to the channel ν, like what the channel ν − ν̂ sees of the still input.",
        "`states[:, t]` has consumed frames 0 to t, and frame t was shifted by t·ν̂: roll by t times ν̂.",
        "Make a dictionary from velocity to index; where ν − ν̂ is not in it, the mask is False.",
    ),
    mistakes=(
        Mistake(
            "channel nu + nu^",
            _plus,
            "You changed the sign: you read channel ν + ν̂. The channel that sees a still image is ν = 0 before, and "
            "ν = ν̂ after the flow, so channel ν must read from ν − ν̂.",
        ),
        Mistake(
            "lag t + 1",
            _late,
            "You are one step late: the state after frame t is aligned with frame t, which was shifted by t·ν̂, not "
            "(t + 1)·ν̂.",
        ),
        Mistake(
            "no mask",
            _no_mask,
            "Your states are right, but the mask is not: channels whose ν − ν̂ is outside V have no prediction. "
            "Mask them.",
        ),
        Mistake(
            "same channel",
            _same_channel,
            "You shift the states but read each channel from itself. Changing the input's velocity re-indexes the "
            "channels, too.",
        ),
        Mistake(
            "one step only",
            _one_step,
            "You shift every state by ν̂ once. The flow grows with time: the state at time t is shifted by t·ν̂.",
        ),
    ),
)
def predict_states(answer) -> str:
    r"""Write `predict_states(states, velocities, nu_hat)`: from the states that the input $f$ left, what will the
    states of the flowing input $\psi(\hat\nu) f$ be?

    `states` is $h_{t+1}[f](\nu)$ with the shape `(B, T, V, C, H, W)`: `states[:, t]` has consumed frames 0 to t.
    `velocities` is a list of `(vx, vy)`. Return the pair `(expected, valid)`: the right-hand side of

    $$h_{t+1}[\psi(\hat\nu) f](\nu) = \psi_t(\hat\nu)\, h_{t+1}[f](\nu - \hat\nu)$$

    with the shape of `states`, and a boolean tensor `(V,)` of the channels for which $\nu - \hat\nu$ is in $V$.

    The check runs a hidden cell with random weights on a still and on a flowing input.
    """
    V, nu = velocity_grid(1), (1, -1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        model = FlowSeq2Seq(FlowCell(1, 3, V)).double().requires_grad_(False)
    generator = torch.Generator(device="cpu").manual_seed(4)
    frames = torch.rand(1, 5, 1, 6, 7, generator=generator, dtype=torch.float64, device="cpu")
    states, truth = model.encode(frames), model.encode(flow(frames, nu))
    mask = predict_shifted_states(states, V, nu)[1]
    found = answer(states.clone(), list(V), nu)
    if not isinstance(found, tuple) or len(found) != 2 or not all(isinstance(x, torch.Tensor) for x in found):
        raise Wrong("predict_states should return the pair (expected, valid) of tensors.")
    expected, valid = found
    if expected.shape != states.shape or valid.shape != (len(V),):
        raise Wrong(
            f"expected should have the shape {tuple(states.shape)} and valid ({len(V)},); "
            f"yours have {tuple(expected.shape)} and {tuple(valid.shape)}."
        )

    def behaves_like(mistaken) -> bool:
        other, other_valid = mistaken(states, V, nu)
        return torch.equal(valid.bool().cpu(), other_valid.cpu()) and _agree(expected, other, other_valid)

    if not torch.equal(valid.bool().cpu(), mask.cpu()) or not _agree(expected, truth, mask):
        raise recognise(
            predict_states.mistakes,
            behaves_like,
            "Your prediction does not match the states of the flowing input. At t = 0 nothing has moved yet: "
            "expected[:, 0, i] should be states[:, 0] of the channel ν − ν̂, unshifted.",
        )
    return "To the last digits, for a cell you have never seen: the theorem asks nothing of the weights."
