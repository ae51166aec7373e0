"""A small model that learns to continue a signal: for the lesson, in seconds."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s4.method import S4Model
from labkit.training import History, cosine, fit


def waves(
    count: int, seed: int, length: int = 192, device: torch.device | str = "cpu"
) -> Float[Tensor, "count length 1"]:
    """Sums of two sines of fixed rates, 0.11 and 0.29 radians a step, with random phases; between -1 and 1."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    phase = 2 * math.pi * torch.rand(count, 2, 1, generator=generator, device="cpu")
    t = torch.arange(length, device="cpu")
    u = (torch.sin(0.11 * t + phase[:, 0]) + 0.6 * torch.sin(0.29 * t + phase[:, 1])) / 1.6
    return u[..., None].to(device)


def learn_waves(
    steps: int = 150, seed: int = 0, device: torch.device | str = "cpu"
) -> tuple[S4Model, History]:
    """A model that predicts the next sample, trained as a convolution (mean squared error), and its history."""
    seed_everything(seed)
    model = S4Model(1, 1, d_model=16, n_layers=2, d_state=32, pool=None, dt_min=0.01)

    def loss(model: nn.Module, u: Tensor) -> Tensor:
        return nn.functional.mse_loss(model(u[:, :-1]), u[:, 1:])

    history = fit(
        model,
        lambda step: waves(16, step + 1, device=device),
        loss,
        torch.optim.AdamW(parameter_groups(model, lr=1e-2)),
        steps=steps,
        device=torch.device(device),
        schedule=cosine(steps),
    )
    return model, history
