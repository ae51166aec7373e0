"""Signals to stream: generated, drawn by hand, and real."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from labkit.datasets import series
from labkit.state_space.hippo.method import OrthogonalSSM, white_signal

LENGTH = 1200
DRAWN = tuple(round(math.sin(i / 24 * 9.5) * (1 - i / 36), 2) for i in range(25))


def arange(count: int) -> Tensor:
    return torch.arange(count, dtype=torch.float64, device="cpu")


def signal_of(name: str, freq: float, drawn: tuple[float, ...], seed: int) -> tuple[Tensor, Tensor, str, str]:
    """Times, values, and the axes' names."""
    steps = arange(LENGTH)
    about = "time (steps)", "u"
    if name == "white noise":
        generator = torch.Generator(device="cpu").manual_seed(seed)
        u = white_signal(LENGTH * 1e-3, 1e-3, freq, generator=generator, dtype=torch.float64)[0, :LENGTH]
    elif name == "chirp":
        u = 0.8 * torch.sin(2 * math.pi * freq * 1e-3 * steps * (0.2 + steps / LENGTH))
    elif name == "step":
        u = torch.where(steps >= LENGTH / 4, 1.0, 0.0).to(torch.float64)
    elif name == "two bursts":
        phase = torch.sin(2 * math.pi * 2 * freq * 1e-3 * steps)
        bump = [torch.exp(-0.5 * ((steps - centre) / 45) ** 2) for centre in (260, 840)]
        u = phase * (bump[0] + 0.6 * bump[1])
    elif name == "drawn":
        u = stretch(torch.tensor(drawn, dtype=torch.float64, device="cpu"), LENGTH)
    else:
        found = series(name)
        u = found.standardised()[-LENGTH:]
        return arange(len(u)) * found.step, u, f"time ({found.time_unit})", f"{found.title}, standardised"
    return steps, u, *about


def stretch(values: Tensor, length: int) -> Tensor:
    return torch.nn.functional.interpolate(
        values[None, None], size=length, mode="linear", align_corners=True
    )[0, 0]


@lru_cache(maxsize=256)
def discrete_kernels(measure: str, N: int, dt: float, length: int) -> Tensor:
    """Abar^l Bbar for lags l < length: what each past sample gives each coefficient."""
    ssm = OrthogonalSSM(measure, N, dt)
    impulse = torch.zeros(1, length, dtype=torch.float64, device="cpu")
    impulse[0, 0] = 1.0
    return ssm.forward(impulse)[0].T.contiguous()
