"""S4, its variants and the baselines, behind one name each: sequences in, classes out."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.recurrent import RecurrentMixer
from labkit.nn.transformer import Transformer
from labkit.state_space.layers import SequenceModel
from labkit.state_space.s4.experiment.settings import Training
from labkit.state_space.s4.method import VARIANTS, S4Model

BASELINES = ("LSTM", "Transformer", "CNN")
MODELS = (*VARIANTS, *BASELINES)


class DilatedConvolution(nn.Module):
    """Causal convolutions of width 3, dilated by 1, 2, 4, ...: it sees as far as the last one reaches (WaveNet)."""

    def __init__(self, d_model: int, depth: int = 4):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv1d(d_model, d_model, 3, dilation=2**i) for i in range(depth))

    def forward(self, u: Float[Tensor, "batch length channels"]) -> Float[Tensor, "batch length channels"]:
        h = u.mT
        for convolution in self.convolutions:
            before = 2 * convolution.dilation[0]
            h = h + nn.functional.gelu(convolution(nn.functional.pad(h, (before, 0))))
        return h.mT


class Bidirectional(nn.Module):
    """One mixer forwards and one backwards over the sequence, added: what a bidirectional S4 layer is to one."""

    def __init__(self, forwards: nn.Module, backwards: nn.Module):
        super().__init__()
        self.forwards, self.backwards = forwards, backwards

    def forward(self, u: Tensor) -> Tensor:
        return self.forwards(u) + self.backwards(u.flip(1)).flip(1)


def build(name: str, task: Training, d_in: int, classes: int, embedding: bool = False) -> SequenceModel:
    """The model of that name, with the task's sizes: mean pool over time, then `classes` outputs.

    Raises ValueError for an unknown name.
    """
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}; got {name!r}")
    common = {"pool": "mean", "d_out": classes, "dropout": task.dropout, "embedding": embedding}
    if name in VARIANTS:
        return S4Model(
            d_in,
            d_model=task.d_model,
            n_layers=task.layers,
            variant=name,
            norm=task.norm,
            d_state=task.d_state,
            bidirectional=task.bidirectional,
            **common,
        )
    if name == "Transformer":
        return SequenceModel(
            d_in,
            task.d_model,
            1,
            lambda width: Transformer(
                width, task.layers, 2, 2, dropout=task.dropout, causal=not task.bidirectional
            ),
            norm="none",
            residual=False,
            **common,
        )
    mixer = RecurrentMixer if name == "LSTM" else DilatedConvolution

    def layer(width: int) -> nn.Module:
        return Bidirectional(mixer(width), mixer(width)) if task.bidirectional else mixer(width)

    return SequenceModel(d_in, task.d_model, task.layers, layer, norm=task.norm, **common)


def parameters(model: nn.Module) -> int:
    """How many numbers it learns."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def rate_of(name: str, task: Training) -> float:
    """The learning rate: a Transformer wants a smaller one than the recurrent and convolutional models."""
    return min(task.rate, 3e-3) if name == "Transformer" else task.rate


def device_of(model: nn.Module) -> torch.device:
    """Where its parameters are."""
    return next(model.parameters()).device
