"""From states to predictions: the sequence-to-sequence model with both read-outs, and the pixel RNN (section 5)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.equivariance.fernn.method.cells import CONV

POOLS = ("max", "mean", "sum")
READOUTS = ("reference", "aligned")


def check_frames(frames: Tensor, channels: int, dims: int) -> None:
    """Refuse frames that are not (batch, time, channels, *space); the message gives the shape."""
    space = "W" if dims == 1 else "H, W"
    if frames.ndim != 3 + dims or frames.shape[1] < 1:
        raise ValueError(f"frames must have the shape (B, T, C, {space}); got {tuple(frames.shape)}")
    if frames.shape[2] != channels:
        raise ValueError(
            f"frames have {frames.shape[2]} channels; the cell takes {channels}; got {tuple(frames.shape)}"
        )


def check_horizon(horizon: int) -> None:
    """Refuse a horizon below 1."""
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1; got {horizon}")


def pool_velocities(states: Tensor, pool: str = "max", dim: int = 1) -> Tensor:
    """The maximum, mean or sum over the velocity channels (axis `dim`)."""
    if pool not in POOLS:
        raise ValueError(f"unknown pool: {pool!r}; choose from {', '.join(POOLS)}")
    return {"max": torch.amax, "mean": torch.mean, "sum": torch.sum}[pool](states, dim)


class FlowSeq2Seq(nn.Module):
    """Reads T frames with a flow cell and predicts the frames after them.

    The decoder is `decoder_layers` x (convolution 3, ReLU) and a convolution to the frame's channels; no bias.
    Predictions are detached before they are fed back.

    readout     "reference": decode(pool(h)), and the last input frame is fed once more before the first prediction,
                as in the public code. h is aligned with the frame it has just seen, while the target has moved on:
                the model as a whole is not flow equivariant.
                "aligned" (this lab's): decode(pool(psi_1(nu) . h(nu))), no repeated frame. The model is flow
                equivariant end to end, exactly so when V is cyclic.
    """

    def __init__(
        self, cell: nn.Module, decoder_layers: int = 4, pool: str = "max", readout: str = "reference"
    ):
        super().__init__()
        if pool not in POOLS:
            raise ValueError(f"unknown pool: {pool!r}; choose from {', '.join(POOLS)}")
        if readout not in READOUTS:
            raise ValueError(f"unknown readout: {readout!r}; choose from {', '.join(READOUTS)}")
        if decoder_layers < 0:
            raise ValueError(f"decoder_layers must be at least 0; got {decoder_layers}")
        self.cell, self.pool, self.readout = cell, pool, readout
        options = {"padding": 1, "padding_mode": "circular", "bias": False}
        conv, hidden = CONV[cell.dims], cell.hidden
        layers = [
            layer for _ in range(decoder_layers) for layer in (conv(hidden, hidden, 3, **options), nn.ReLU())
        ]
        self.decoder = nn.Sequential(*layers, conv(hidden, cell.in_ch, 3, **options))

    def encode(self, frames: Tensor) -> Tensor:
        """The laboratory states (batch, time, |V|, hidden, *space); those after frame t stand at time t.

        Raises:
            ValueError: frames of another shape than (B, T, C, *space), or with other channels than the cell's.
        """
        check_frames(frames, self.cell.in_ch, self.cell.dims)
        state, states = None, []
        for t in range(frames.shape[1]):
            state = self.cell(frames[:, t], state, t)
            states.append(self.cell.lab(state, t))
        return torch.stack(states, dim=1)

    def decode(self, state: Tensor) -> Tensor:
        """The frame that the read-out sees in a laboratory state (batch, |V|, ...)."""
        if self.readout == "aligned":
            state = self.cell.ahead(state)
        return self.decoder(self.cell.image(pool_velocities(state, self.pool)))

    def forward(self, frames: Tensor, horizon: int, return_states: bool = False):
        """The next `horizon` frames (batch, horizon, C, *space); with `return_states` also the states behind them.

        States of many velocities and frames fill the memory: they are kept only when asked for.

        Raises:
            ValueError: as `encode` does, and for a horizon below 1.
        """
        check_frames(frames, self.cell.in_ch, self.cell.dims)
        check_horizon(horizon)
        state, step, states, predictions = None, 0, [], []
        for t in range(frames.shape[1]):
            state = self.cell(frames[:, t], state, step)
            step += 1
        fed = frames[:, -1] if self.readout == "reference" else None
        for _ in range(horizon):
            if fed is not None:
                state = self.cell(fed, state, step)
                step += 1
            lab = self.cell.lab(state, step - 1)
            predictions.append(self.decode(lab))
            fed = predictions[-1].detach()
            if return_states:
                states.append(lab)
        predicted = torch.stack(predictions, dim=1)
        return (predicted, torch.stack(states, dim=1)) if return_states else predicted


class PixelRNN(nn.Module):
    """The flat baseline: `nn.RNNCell` on the pixels, linear read-out; it knows nothing of space."""

    def __init__(self, channels: int, size: Sequence[int], hidden: int):
        super().__init__()
        self.channels, self.size, self.hidden, self.dims = channels, tuple(size), hidden, len(size)
        pixels = channels * int(torch.Size(size).numel())
        self.cell = nn.RNNCell(pixels, hidden)
        self.out = nn.Linear(hidden, pixels)

    def _check(self, frames: Tensor) -> None:
        check_frames(frames, self.channels, self.dims)
        if tuple(frames.shape[3:]) != self.size:
            raise ValueError(f"frames must be of the size {self.size}; got {tuple(frames.shape[3:])}")

    def encode(self, frames: Tensor) -> Float[Tensor, "batch time hidden"]:
        """The states after each frame."""
        self._check(frames)
        state, states = None, []
        for t in range(frames.shape[1]):
            state = self.cell(frames[:, t].flatten(1), state)
            states.append(state)
        return torch.stack(states, dim=1)

    def forward(self, frames: Tensor, horizon: int) -> Tensor:
        """The next `horizon` frames; the last frame is fed once more, then the predictions."""
        check_horizon(horizon)
        state, fed, predictions = self.encode(frames)[:, -1], frames[:, -1], []
        for _ in range(horizon):
            state = self.cell(fed.flatten(1), state)
            predictions.append(self.out(state).view(fed.shape))
            fed = predictions[-1].detach()
        return torch.stack(predictions, dim=1)


def prediction_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared error over the predicted frames only (section 5).

    Raises:
        ValueError: the two have different shapes.
    """
    if predicted.shape != wanted.shape:
        raise ValueError(f"predicted has the shape {tuple(predicted.shape)}, wanted {tuple(wanted.shape)}")
    return (predicted - wanted).square().mean()
