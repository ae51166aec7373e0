"""Rollouts of the trained models, one pixel's state, the memory's length, and the price of a frame."""

import math
from functools import lru_cache
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc
from torch import Tensor

from labkit.datasets import to_unit
from labkit.demo import Label, Log, demo
from labkit.experiment.progress import silent
from labkit.state_space.convs5 import figures
from labkit.state_space.convs5.experiment.costs import frame_cost
from labkit.state_space.convs5.experiment.settings import PAIR, TRANSFORMER
from labkit.state_space.convs5.experiment.trained import VIDEO, trained
from labkit.state_space.convs5.experiment.training import build, clips_of
from labkit.state_space.convs5.method import ConvS5SSM, centroid_error, psnr

Seed = Annotated[int, Interval(ge=0, le=99), Label("clip"), doc("another digit, another path")]
LONGEST = 30


def _clip(seed: int, length: int, n: int = 1) -> Tensor:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return clips_of(VIDEO, "test", n, length, generator)[0]


@lru_cache(maxsize=64)
def _rollout(name: str, seed: int, context: int) -> Tensor:
    clip = _clip(seed, 2 * LONGEST)
    return to_unit(trained(name).generate(clip[:, :context], LONGEST))


@demo("Video player: truth, ConvS5, ConvLSTM")
def video_player(
    context: Annotated[int, Interval(ge=1, le=LONGEST), Unit("frames"), doc("how many the models see")] = 15,
    horizon: Annotated[int, Interval(ge=2, le=LONGEST), Unit("frames"), doc("how many they dream")] = 15,
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Press Play: after the context the models go on alone, each on its own predictions. Shorten the context to one
    frame: no model can know the direction, and both smear. Lengthen the horizon: after a dozen frames both are mist.
    They were trained for 240 steps, not for 300,000. The curves below say which one loses the digit later.
    """
    clip = to_unit(_clip(seed, 2 * LONGEST))
    truth = clip[:, context : context + horizon]
    made = {name: _rollout(name, seed, context)[:, :horizon] for name in PAIR}
    seen = clip[0, :context, 0]
    videos = {"truth": torch.cat([seen, truth[0, :, 0]])}
    for name, video in made.items():
        videos[name] = torch.cat([seen, video[0, :, 0]])
    videos["error of ConvS5"] = (videos["ConvS5"] - videos["truth"]).abs()
    names = [f"seen {t + 1}" for t in range(context)] + [f"dreamt {t + 1}" for t in range(horizon)]
    black = torch.zeros_like(truth)
    last = clip[:, context - 1, None].expand_as(truth)
    compared = {**made, "last frame": last}
    return (
        figures.player(
            videos,
            names,
            title=f"{context} frames seen, {horizon} dreamt",
            opens=context + min(4, horizon - 1),
        ),
        figures.scores(
            {
                **{name: psnr(v, truth)[0].tolist() for name, v in compared.items()},
                "a black frame": psnr(black, truth)[0].tolist(),
            },
            title="How sharp: PSNR of each dreamt frame",
            y="PSNR (dB)",
        ),
        figures.scores(
            {name: centroid_error(v, truth)[0].tolist() for name, v in compared.items()},
            title="How well placed: error of the centroid",
            y="pixels",
        ),
    )


@demo("One pixel is one state-space model")
def pixel_states(
    row: Annotated[int, Interval(ge=0, le=15)] = 7,
    column: Annotated[int, Interval(ge=0, le=15)] = 7,
    k_B: Annotated[Literal["1", "3", "5"], Label("kernel of B"), doc("the patch that enters")] = "3",
    moment: Annotated[int, Interval(ge=0, le=39), Unit("frames")] = 12,
    seed: Seed = 0,
) -> go.Figure:
    """Choose a pixel by its row and column. Its states see the light in its own patch and nothing else, and remember it
    for as long as their Δ says: the quick ones follow the digit, the slow ones still know of its last visit. Take a
    pixel at the border, which the digit seldom visits. Widen the kernel: the patch wakes up earlier.
    """
    k = int(k_B)
    clip = to_unit(_clip(seed, 40))
    ssm = ConvS5SSM(1, 32, k, 1, generator=torch.Generator(device="cpu").manual_seed(1)).requires_grad_(False)
    ssm.B.zero_()
    ssm.B[..., 0] = 1.0  # every mode is fed the light in the patch
    x = ssm.states(clip)[0, :, :, row, column]
    memories = 1 / (ssm.log_dt.exp() * -ssm.eigenvalues().real)
    order = memories.argsort()[[0, 5, 10, 15]]
    shown = x[:, order].real.T
    shown = shown / shown.abs().amax(1, keepdim=True).clamp(min=1e-9)
    drive = torch.nn.functional.conv2d(clip[0], torch.ones(1, 1, k, k, device="cpu"), padding=k // 2)
    return figures.pixel(
        clip[0, :, 0],
        moment,
        row,
        column,
        k,
        drive[:, 0, row, column],
        shown,
        memories[order].tolist(),
        title=f"Pixel ({row}, {column}) and its {k} x {k} patch",
    )


@demo("Memory: eigenvalues, and what Δ makes of them")
def memory(
    init: Annotated[Literal["legs", "random"], Label("start"), doc("HiPPO-LegS, or random")] = "legs",
    P: Annotated[int, Interval(ge=8, le=256), MultipleOf(8), Label("state size P")] = 64,
    blocks: Annotated[Literal["1", "2", "4"], doc("LegS blocks")] = "1",
    dt_min: Annotated[float, Interval(ge=1e-4, le=1e-2), Log(), Label("smallest Δ")] = 1e-3,
    dt_max: Annotated[float, Interval(ge=1e-2, le=1), Log(), Label("largest Δ")] = 0.1,
    length: Annotated[
        int, Interval(ge=10, le=1200), Unit("frames"), doc("of the video: the dotted line")
    ] = 300,
) -> go.Figure:
    """Each dot is a mode. All LegS modes decay alike (Re Λ = -1/2); Δ alone spreads their memories from a few frames to
    thousands: compare them with the video's length, the black dotted line. Modes whose period falls below 2 frames (the
    grey dotted line) turn faster than the video can show. More blocks: fewer fast ones.
    """
    generator = torch.Generator(device="cpu").manual_seed(0)
    ssm = ConvS5SSM(
        1, P, 1, 1, blocks=int(blocks), init=init, dt_min=dt_min, dt_max=dt_max, generator=generator
    ).requires_grad_(False)
    Lambda, dt = ssm.eigenvalues(), ssm.log_dt.exp()
    memories = 1 / (dt * -Lambda.real)
    periods = 2 * math.pi / (dt * Lambda.imag.abs())
    return figures.memory(
        (Lambda.real.tolist(), Lambda.imag.tolist()),
        dt.tolist(),
        memories.tolist(),
        periods.tolist(),
        length,
        title=f"{P // 2} modes, {int((memories > length).sum())} of them remember longer than {length} frames",
    )


@demo("The price of one more frame", slow=True)
def generation_time(
    longest: Annotated[
        int, Interval(ge=20, le=240), MultipleOf(20), Unit("frames"), Label("longest video")
    ] = 120,
    cached: Annotated[
        bool, Label("Transformer keeps keys and values"), doc("or reads all frames again")
    ] = False,
    progress=silent,
) -> tuple[go.Figure, go.Figure]:
    """Measured now, on this machine. ConvS5 and ConvLSTM keep a state of fixed size, and pay the same for every frame.
    A Transformer that reads everything again pays for all frames that came before; with a cache it is quick, but what
    it keeps grows with every frame.
    """
    contexts = sorted({max(1, longest * i // 4) for i in range(1, 5)})
    models = {**PAIR, "Transformer, cached" if cached else "Transformer": TRANSFORMER}
    time: dict[str, dict[int, float]] = {}
    kept: dict[str, dict[int, float]] = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for position, (name, about) in enumerate(models.items()):
            model = build(about, VIDEO, torch.device("cpu")).eval()
            time[name], kept[name] = {}, {}
            for number, context in enumerate(contexts):
                video = 2 * torch.rand(1, context, 1, VIDEO.canvas, VIDEO.canvas, device="cpu") - 1
                ms, numbers = frame_cost(model, video, name != "Transformer", times=8)
                time[name][context], kept[name][context] = ms, numbers
                progress((position + (number + 1) / len(contexts)) / len(models), f"{name}, {context} frames")
    return (
        figures.costs(time, title="Time for one more frame", y="ms"),
        figures.costs(kept, title="What must be kept for it", y="numbers"),
    )
