"""The small systems that the pictures are made of, and the controls that they share."""

from typing import Annotated, Literal

import torch
from annotated_types import Interval, MultipleOf, doc
from torch import Tensor

from labkit.demo import Label, Log
from labkit.state_space.inits import diagonal
from labkit.state_space.matrices import dplr, transition

Init = Annotated[
    Literal["LegS", "LegT", "FouT", "random"],
    doc("LegS: S4's; LegT, FouT: a window; random: poles drawn at random"),
]
Order = Annotated[int, Interval(ge=2, le=64), MultipleOf(2), Label("state size N")]
Timestep = Annotated[
    float,
    Interval(ge=1e-3, le=0.5),
    Log(per_decade=10),
    Label("Δ"),
    doc("the step: memory is about 1/Δ steps"),
]
Seed = Annotated[int, Interval(ge=0, le=20), Label("readout C"), doc("another random readout")]


def readout(N: int, heads: int, seed: int) -> Tensor:
    """Random readouts C for halves of conjugate pairs, (1, heads, N/2)."""
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return torch.randn(1, heads, N // 2, dtype=torch.complex128, generator=generator, device="cpu") / N**0.5


def parts(init: str, N: int, dt: Tensor, seed: int, low_rank: bool = True) -> tuple[Tensor, ...]:
    """(Lambda, P, Q, B, C, Delta) with as many heads as Delta has values."""
    heads = len(dt)
    if init == "random":
        generator = torch.Generator(device="cpu").manual_seed(seed)
        Lambda, B = diagonal("random", N, generator=generator)
        P = torch.randn(1, N // 2, dtype=torch.complex128, generator=generator, device="cpu")
    else:
        Lambda, P, B, _ = dplr(init, N, 2 if init == "LegT" else 1)
        # FouT and LegT have poles on the axis, which the kernel's form wants just inside
        Lambda = torch.complex(Lambda.real.clamp(max=-1e-4), Lambda.imag)
    P = P[:, None].expand(-1, heads, -1) * (1.0 if low_rank else 0.0)
    return Lambda.expand(heads, -1), P, P, B.expand(heads, -1), readout(N, heads, seed), dt


def real_system(init: str, N: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The real (A, B, C) of a HiPPO measure, with a random readout."""
    A, B = transition(init, N)
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return A, B, torch.randn(N, dtype=torch.float64, generator=generator, device="cpu") / N**0.5
