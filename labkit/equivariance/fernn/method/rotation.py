"""The rotation model: a FERNN on C_N x grid, whose flows are rotations by nu degrees a frame (section 4)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.equivariance.actions import orientation_steps, rotate_regular
from labkit.equivariance.fernn.method.cells import ACTIVATIONS, check_frame
from labkit.equivariance.group_conv import GroupConv2d, LiftingConv2d


class RotationFlowCell(nn.Module):
    """h_{t+1}(nu) = sigma( W * [psi_1(nu) . h_t(nu)] + U * f_t ), psi_1(nu) the rotation by nu degrees.

    State (batch, |V|, hidden, N, H, W). Exact for N dividing 4 and multiples of 90 degrees; else bilinear.

    angular_velocities  V, in degrees a frame; nu N / 360 must be whole
    N                   orientations
    padding             "zeros" as the reference, or "circular"

    Raises ValueError for an empty V, a velocity that stands twice, or one that is no whole number of orientations.
    """

    dims = 2

    def __init__(
        self,
        in_ch: int,
        hidden: int,
        angular_velocities: Sequence[float | int],
        N: int,
        kernel: int = 3,
        activation: str = "relu",
        padding: str = "zeros",
    ):
        super().__init__()
        found = tuple(float(v) for v in angular_velocities)
        if not found:
            raise ValueError("angular_velocities is empty; V must hold at least one, such as 0")
        for v in found:
            if found.count(v) > 1:
                raise ValueError(f"angular_velocities: {v:g} stands there twice")
            orientation_steps(v, N)
        if activation not in ACTIVATIONS:
            raise ValueError(f"unknown activation: {activation!r}; choose from {', '.join(ACTIVATIONS)}")
        self.velocities = found
        self.in_ch, self.hidden, self.N, self.activation = in_ch, hidden, N, activation
        self.conv_u = LiftingConv2d(in_ch, hidden, kernel, N, padding)
        self.conv_h = GroupConv2d(hidden, hidden, kernel, N, padding)

    def start(self, frame: Tensor) -> Tensor:
        """The state h_0 = 0 before a frame."""
        return frame.new_zeros(len(frame), len(self.velocities), self.hidden, self.N, *frame.shape[2:])

    def forward(
        self, frame: Float[Tensor, "batch C H W"], state: Tensor | None = None, step: int = 0
    ) -> Float[Tensor, "batch channels hidden N H W"]:
        """The state after one more frame; `step` is not needed and kept for the same call as `FlowCell`."""
        check_frame(frame, self.in_ch, 2)
        state = self.start(frame) if state is None else state
        moved = self.ahead(state)
        recurrent = self.conv_h(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])
        return ACTIVATIONS[self.activation](recurrent + self.conv_u(frame)[:, None])

    def ahead(self, state: Tensor) -> Tensor:
        """psi_1(nu) . h(nu) for every channel: its grid rotated, its orientations rolled."""
        return torch.stack(
            [rotate_regular(state[:, i], v, self.N) for i, v in enumerate(self.velocities)], dim=1
        )

    def lab(self, state: Tensor, step: int) -> Tensor:
        """The state itself: it is kept in the laboratory's frame."""
        return state

    @staticmethod
    def image(pooled: Tensor) -> Tensor:
        """The maximum over orientations: what a decoder of images sees."""
        return pooled.amax(-3)


def predict_rotated_states(
    states: Float[Tensor, "batch time channels hidden N H W"],
    angular_velocities: Sequence[float | int],
    nu: float | int,
    N: int,
) -> tuple[Tensor, Tensor]:
    """The theorem's right-hand side for rotations: psi_t(nu^) . h_{t+1}(nu - nu^), and which channels it is valid for.

    Raises:
        ValueError: V holds no pair nu', nu' - nu^.
    """
    index = {v % 360: i for i, v in enumerate(angular_velocities)}
    found = [index.get((v - nu) % 360) for v in angular_velocities]
    if all(i is None for i in found):
        raise ValueError(
            f"V does not contain any pair nu, nu - nu^ for nu^ = {nu:g}; V is {list(angular_velocities)}"
        )
    picked = states[:, :, [i or 0 for i in found]]
    moved = torch.stack([rotate_regular(picked[:, t], t * nu, N) for t in range(states.shape[1])], dim=1)
    return moved, torch.tensor([i is not None for i in found], device="cpu")
