"""What flow equivariance says of the states, and by how much a model misses it (sections 3 and 4)."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from labkit.equivariance.actions import flow, shift_channels
from labkit.equivariance.fernn.method.models import pool_velocities
from labkit.equivariance.fernn.method.velocities import check_velocities, partners
from labkit.equivariance.metrics import relative_error


def predict_shifted_states(
    states: Float[Tensor, "batch time channels hidden *space"], velocities: Sequence, nu: Sequence[int] | int
) -> tuple[Float[Tensor, "batch time channels hidden *space"], Bool[Tensor, " channels"]]:
    """The states that the flowed input will leave, from those that the still one left: the theorem's right-hand side.

    Args:
        states: h_{t+1}[f], which has consumed f_0 .. f_t, at time t.
        velocities: V, one for each channel.
        nu: the velocity nu^ that is given to the input.

    Returns:
        psi_t(nu^) . h_{t+1}[f](nu - nu^) for every channel nu, and the mask of the channels for which V has nu - nu^
        (elsewhere the value stands for nothing). On a ring velocities count modulo its size.

    Raises:
        ValueError: V holds no pair nu, nu - nu^; or bad velocities.
    """
    dims = states.ndim - 4
    velocities = check_velocities(velocities, dims)
    (nu,) = check_velocities([nu], dims)
    index, mask = partners(velocities, nu, states.shape[4:])
    # h_{t+1}[psi(nu^).f](nu) = psi_t(nu^) . h_{t+1}[f](nu - nu^)
    return flow(states[:, :, index], nu), mask.to(states.device)


def moving_frame(states: Float[Tensor, "batch time channels hidden *space"], velocities: Sequence) -> Tensor:
    """g_{t+1}(nu) = psi_t(nu)^{-1} . h_{t+1}(nu): every channel seen from the frame that moves with its velocity."""
    found = check_velocities(velocities, states.ndim - 4)
    velocity = torch.tensor(found, dtype=torch.long, device=states.device)
    return torch.stack([shift_channels(states[:, t], velocity, -t) for t in range(states.shape[1])], dim=1)


def flow_equivariance_error(
    model: nn.Module,
    frames: Tensor,
    nu: Sequence[int] | int,
    space: str = "hidden",
    horizon: int = 6,
) -> Float[Tensor, " time"]:
    """The relative error |a - b| / (|a| + |b|) of Phi[psi(nu^).f] against psi(nu^).Phi[f], at every step.

    Args:
        space: "hidden": all states, on the channels that V allows; "pooled": their pool over V, all of it;
            "output": the predictions, whose first frame stands at time T.
        horizon: how many frames are predicted, for "output".

    Raises:
        ValueError: an unknown space, or V without any pair nu, nu - nu^ (hidden).
    """
    if space not in ("hidden", "pooled", "output"):
        raise ValueError(f"unknown space: {space!r}; choose from hidden, pooled, output")
    (nu,) = check_velocities([nu], frames.ndim - 3)
    if space == "output":
        wanted = flow(model(frames, horizon), nu, start=frames.shape[1])
        found = model(flow(frames, nu), horizon)
    else:
        states, found = model.encode(frames), model.encode(flow(frames, nu))
        if space == "hidden":
            wanted, mask = predict_shifted_states(states, model.cell.velocities, nu)
            wanted, found = wanted[:, :, mask], found[:, :, mask]
        else:
            wanted = flow(pool_velocities(states, model.pool, dim=2), nu)
            found = pool_velocities(found, model.pool, dim=2)
    return relative_error(found.transpose(0, 1).flatten(1), wanted.transpose(0, 1).flatten(1), dim=-1)
