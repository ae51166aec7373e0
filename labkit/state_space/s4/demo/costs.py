"""Costs, measured on this machine while you wait."""

from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, doc

from labkit.allocation import peak_bytes
from labkit.demo import Label, Step, demo
from labkit.device import resolve, seconds
from labkit.experiment.progress import Progress, silent
from labkit.state_space.kernels import truncate_readout
from labkit.state_space.s4 import figures
from labkit.state_space.s4.experiment.settings import Speed
from labkit.state_space.s4.experiment.speed import (
    KERNELS,
    kernel_work,
    language_models,
    system,
    tokens_per_second,
)


@demo("Cost chart: one kernel, five ways", slow=True)
def cost_chart(
    heads: Annotated[int, Interval(ge=4, le=64), Step(4), Label("systems H")] = 16,
    N: Annotated[int, Interval(ge=8, le=64), MultipleOf(8), Label("state size N")] = 64,
    doublings: Annotated[int, Interval(ge=1, le=5), doc("lengths 128, 256, ... so many times doubled")] = 4,
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> go.Figure:
    """Measured here and now. The loop and the doubling of dense powers cost N² a step; the Cauchy sums cost N, and put
    in conjugate pairs they stay out of memory. The diagonal S4D is cheaper still. On a processor and at small N the
    doubling is a serious rival: what S4 beats by far is the loop.
    """
    place = resolve(device)
    lengths = [128 * 2**i for i in range(doublings + 1)]
    generator = torch.Generator(device="cpu").manual_seed(0)
    parts = system(heads, N, generator, torch.float32, place)
    Lambda, P, Q, _, C, dt = parts
    taken, memory = {name: {} for name in KERNELS}, {name: {} for name in KERNELS}
    for position, L in enumerate(lengths):
        C_hat = truncate_readout(C, Lambda, P, Q, dt, L)
        for name in KERNELS:
            work = kernel_work(name, parts, C_hat, L)
            memory[name][L] = peak_bytes(work) / 2**20
            taken[name][L] = seconds(work, place, repeats=1 if name == "loop" else 3, warmup=0)
        progress((position + 1) / len(lengths), f"length {L}")
    return figures.kernel_costs(taken, memory, title=f"One kernel of {heads} systems, N = {N}, float32")


@demo("Generation race: tokens per second against the context", slow=True)
def generation_race(
    d_model: Annotated[int, Interval(ge=16, le=128), Step(16), Label("width")] = 64,
    layers: Annotated[int, Interval(ge=1, le=6)] = 2,
    batch: Annotated[int, Interval(ge=1, le=16), doc("sequences generated at once")] = 4,
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> go.Figure:
    """Measured here and now, with untrained models of the same width and depth. S4's step costs the same whatever went
    before. A Transformer that reads its context again slows down with every token; with its keys and values kept it
    slows down only little at these lengths, but its memory grows, and S4's does not.
    """
    place = resolve(device)
    contexts = (64, 128, 256, 512)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        models = language_models(Speed(d_model=d_model, layers=layers), place)
    found: dict[str, list[float]] = {}
    for position, context in enumerate(contexts):
        for name, value in tokens_per_second(models, context, batch, place, steps=8).items():
            found.setdefault(name, []).append(value)
        progress((position + 1) / len(contexts), f"context {context}")
    return figures.generation(
        contexts, found, title=f"The generation race: width {d_model}, {layers} layers, batch {batch}"
    )
