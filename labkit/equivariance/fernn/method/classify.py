"""Classifiers of moving scenes: stacked flow cells, and the 3D convolutional baseline (section 5.3, KTH)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.equivariance.actions import shift_channels
from labkit.equivariance.fernn.method.cells import FlowCell
from labkit.equivariance.fernn.method.models import check_frames, pool_velocities


def _block(in_ch: int, out_ch: int, kernel: int) -> nn.Sequential:
    """Convolution, BatchNorm, ReLU; padded with zeros, as the reference."""
    return nn.Sequential(
        nn.Conv2d(in_ch, out_ch, kernel, padding=kernel // 2), nn.BatchNorm2d(out_ch), nn.ReLU()
    )


class FlowClassifier(nn.Module):
    """Reads a clip with stacked flow cells; the last state's maximum over V, averaged over space, gives the class.

    U of the first layer is a small CNN (5x5, 3x3, 3x3, each with BatchNorm and ReLU), W a circular 3x3 convolution, the
    activation tanh. Layer l > 0 reads layer l-1's velocity channels, each with the same U_l.

    hidden      128 in the paper; the first two convolutions have a quarter and a half of it
    velocities  V, tuples (vx, vy)
    layers      how many recurrent layers
    """

    def __init__(self, in_ch: int, hidden: int, velocities: Sequence, classes: int = 6, layers: int = 1):
        super().__init__()
        if layers < 1 or classes < 1:
            raise ValueError(f"layers and classes must be at least 1; got {layers} and {classes}")
        if hidden < 4:
            raise ValueError(f"hidden must be at least 4; got {hidden}")
        lift = nn.Sequential(
            _block(in_ch, hidden // 4, 5), _block(hidden // 4, hidden // 2, 3), _block(hidden // 2, hidden, 3)
        )
        self.first = FlowCell(in_ch, hidden, velocities, activation="tanh", lift=lift)
        self.rest = nn.ModuleList(_UpperLayer(hidden, velocities) for _ in range(layers - 1))
        self.head = nn.Linear(hidden, classes)

    def forward(self, frames: Float[Tensor, "batch time C H W"]) -> Float[Tensor, "batch classes"]:
        """The classes' logits."""
        check_frames(frames, self.first.in_ch, 2)
        states = [None] * (1 + len(self.rest))
        for t in range(frames.shape[1]):
            states[0] = self.first(frames[:, t], states[0], t)
            for number, layer in enumerate(self.rest, start=1):
                states[number] = layer(states[number - 1], states[number])
        return self.head(pool_velocities(states[-1]).mean((-2, -1)))


class _UpperLayer(nn.Module):
    """A recurrent layer whose input has velocity channels already."""

    def __init__(self, hidden: int, velocities: Sequence):
        super().__init__()
        self.cell = FlowCell(hidden, hidden, velocities, activation="tanh")
        self.cell.conv_u = None
        self.lift = _block(hidden, hidden, 3)

    def forward(self, below: Tensor, state: Tensor | None) -> Tensor:
        lifted = self.lift(below.flatten(0, 1)).unflatten(0, below.shape[:2])
        if state is None:
            return torch.tanh(lifted)
        moved = shift_channels(state, self.cell.velocity, 1)
        recurrent = self.cell.conv_h(moved.flatten(0, 1)).unflatten(0, moved.shape[:2])
        return torch.tanh(recurrent + lifted)


class Video3DCNN(nn.Module):
    """The baseline: 3D convolutions 16, 32, 32, 64, 64 with BatchNorm and ReLU, then an average over time and space.

    The first halves time; the second and the fourth halve the image.
    """

    def __init__(self, in_ch: int, classes: int = 6, widths: Sequence[int] = (16, 32, 32, 64, 64)):
        super().__init__()
        strides = [(2, 1, 1), (1, 2, 2), (1, 1, 1), (1, 2, 2), (1, 1, 1)]
        blocks, before = [], in_ch
        for width, stride in zip(widths, strides, strict=True):
            blocks += [
                nn.Conv3d(before, width, 3, stride=stride, padding=1),
                nn.BatchNorm3d(width),
                nn.ReLU(),
            ]
            before = width
        self.in_ch = in_ch
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(before, classes)

    def forward(self, frames: Float[Tensor, "batch time C H W"]) -> Float[Tensor, "batch classes"]:
        """The classes' logits."""
        check_frames(frames, self.in_ch, 2)
        return self.head(self.body(frames.transpose(1, 2)).mean((-3, -2, -1)))
