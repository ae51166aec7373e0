"""The rotation model: states over C_N x grid, and how exact a rotation of a picture can be."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import doc

from labkit.datasets import digit_source
from labkit.demo import Label, demo
from labkit.equivariance.actions import rotate, rotate_regular
from labkit.equivariance.fernn import figures
from labkit.equivariance.fernn.demo.worlds import Seed
from labkit.equivariance.fernn.figures.wheel import orientation_wheel
from labkit.equivariance.fernn.method import RotationFlowCell
from labkit.equivariance.group_conv import LiftingConv2d
from labkit.equivariance.metrics import relative_error
from labkit.equivariance.moving_images import rotating_sequences

LENGTH, SIZE = 8, 16


@demo("Rotating states: grid and orientation turn together")
def rotating_states(
    N: Annotated[Literal["4", "8", "12"], Label("orientations N"), doc("4: all quarter turns, exact")] = "12",
    turn: Annotated[
        Literal["-1", "0", "1"], Label("steps of 360°/N a frame"), doc("the stimulus's angular velocity")
    ] = "1",
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """The same idea for rotations: every channel turns its grid *and* rolls its orientations. The movie shows each
    channel's energy; the wheel shows, for the channel that matches, how much each orientation holds at the last frame;
    the curve is the error of turning a picture against turning its features. It vanishes at multiples of 90 degrees
    alone: elsewhere pixels must be interpolated.

    Weights are random: the symmetry does not come from training.
    """
    n, velocity = int(N), int(turn) * 360 / int(N)
    generator = torch.Generator(device="cpu").manual_seed(seed)
    frames, _ = rotating_sequences(
        digit_source(10, "test"), 1, LENGTH, SIZE, [velocity], 1, start=0, generator=generator
    )
    V = (-360 / n, 0.0, 360 / n)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        cell = RotationFlowCell(1, 4, V, n).eval().requires_grad_(False)
        lift = LiftingConv2d(1, 4, 5, n).requires_grad_(False)
    state, states = None, []
    for t in range(LENGTH):
        state = cell(frames[:, t], state, t)
        states.append(state[0])
    h = torch.stack(states)  # (time, |V|, hidden, N, H, W)
    energy = h.square().sum((2, 3)).transpose(0, 1)
    tiles = torch.stack([frames[0, :, 0].expand(3, -1, -1, -1), energy], dim=1)
    match = V.index(velocity)
    movie = figures.movie_grid(
        tiles,
        [f"{v:+.0f}° a frame" for v in V],
        ["input", "energy of the state"],
        title=f"C{n} × grid, a digit that turns by {velocity:+.0f}° a frame",
        row_name="velocity channel",
        highlight=match,
    )
    wheel = orientation_wheel(
        h[-1, match].square().sum((0, 2, 3)),
        title=f"Energy of each orientation, channel {velocity:+.0f}°, last frame",
    )
    picture, features = frames[:, 0], lift(frames[:, 0])
    angles = [k * 360 / n for k in range(n // 2 + 1)]
    errors = [
        relative_error(lift(rotate(picture, a)).flatten(), rotate_regular(features, a, n).flatten(), 0).item()
        for a in angles
    ]
    curve = figures.error_curve(
        angles,
        {"lifting convolution": errors},
        title=f"Turn, then convolve; or convolve, then turn (C{n})",
        x_name="angle (degrees)",
        y_name="relative error |a−b| / (|a|+|b|)",
        log=False,
    )
    return movie, wheel, curve
