"""What a scan and a generated frame cost: rounds that wait for each other, seconds, and numbers to be kept."""

import time

import torch
from torch import Tensor

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.state_space.convs5.experiment.settings import ConvS5Settings
from labkit.state_space.convs5.experiment.training import build
from labkit.state_space.convs5.method import ConvLSTMLayer, ConvS5SSM, VideoModel, scan_rounds


def scan(settings: ConvS5Settings, run: Run) -> None:
    """Parallel against frame by frame: the same numbers, the rounds of each, and seconds against ConvLSTM's."""
    U = settings.scan_channels
    exact = ConvS5SSM(3, 8, dtype=torch.float64, device=run.device, generator=run.generator(4))
    u = torch.randn(2, 100, 3, 6, 6, dtype=torch.float64, device="cpu", generator=run.generator(5))
    u = u.to(run.device)
    run.measure("parallel - sequential", (exact(u)[0] - exact(u, mode="sequential")[0]).abs().max().item())
    layers = {
        "ConvS5": ConvS5SSM(U, 2 * U, device=run.device),
        "ConvLSTM": ConvLSTMLayer(U, device=run.device),
    }
    for T in settings.scan_lengths:
        run.measure("rounds", scan_rounds(T), T=T, model="ConvS5")
        run.measure("rounds", T, T=T, model="ConvLSTM")
        frames = torch.randn(1, T, U, 8, 8, device="cpu", generator=run.generator(6)).to(run.device)
        for name, layer in layers.items():
            run.measure("seconds forward and backward", _timed(layer, frames), T=T, model=name)


def _timed(layer, frames: Tensor, times: int = 3) -> float:
    seconds = []
    for _ in range(times + 1):
        _wait(frames)
        start = time.perf_counter()
        layer(frames)[0].sum().backward()
        _wait(frames)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def _wait(x: Tensor) -> None:
    if x.is_cuda:
        torch.cuda.synchronize(x.device)


def _numbers(state) -> int:
    """How many real numbers a state holds."""
    if isinstance(state, Tensor):
        return state.numel() * (2 if state.is_complex() else 1)
    if hasattr(state, "keys") and hasattr(state, "length"):  # the filled part of a cache of keys and values
        return 2 * state.keys[:, :, : state.length].numel()
    return sum(_numbers(part) for part in state)


@torch.no_grad()
def generation(settings: ConvS5Settings, run: Run) -> None:
    """Milliseconds for one more frame after so many, and the numbers that must be kept; untrained, as time is time."""
    seed_everything(run.seed)
    for position, (name, about) in enumerate(settings.timed.items()):
        model = build(about, settings.video, run.device).eval()
        for context in settings.contexts:
            video = (
                2
                * torch.rand(
                    1, context, 1, *[settings.video.canvas] * 2, device="cpu", generator=run.generator(7)
                ).to(run.device)
                - 1
            )
            ways = {name: True} if name != "Transformer" else {f"{name}, cached": True, name: False}
            for label, keeps in ways.items():
                milliseconds, numbers = frame_cost(model, video, keeps)
                run.measure("ms a frame", milliseconds, model=label, context=context)
                run.measure("numbers kept", numbers, model=label, context=context)
        run.progress((position + 1) / len(settings.timed), name)


@torch.no_grad()
def frame_cost(model: VideoModel, video: Tensor, keeps_state: bool, times: int = 15) -> tuple[float, int]:
    """(milliseconds for the next frame at best, numbers kept) after a video: a busy machine only makes it slower.

    With `keeps_state` one step from the state; without it, as a Transformer without a cache must, the core reads all
    latents again (the latents themselves are kept, so that no frame is encoded twice).
    """
    shape = video.shape[-1] // model.shrink
    seconds = []
    z = model.encode(video)
    for k in range(times):
        states = model.core.default_state(len(video), shape, shape, video.shape[1] + 1)
        if keeps_state and video.shape[1] > 1:
            _, states = model.core(z[:, :-1], states)
        _wait(video)
        start = time.perf_counter()
        last = model.encode(video[:, -1:])
        if keeps_state:
            out, after = model.core.step(last[:, 0], states)
            model.decode(out[:, None])
        else:
            out, after = model.core(torch.cat([z[:, :-1], last], dim=1), states)
            model.decode(out[:, -1:])
        _wait(video)
        if k:
            seconds.append(time.perf_counter() - start)
    return 1e3 * min(seconds), _numbers(after) if keeps_state else z.numel()
