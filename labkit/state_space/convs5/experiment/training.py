"""Training models of video on the same clips, and rolling them out far beyond what they were trained on."""

import time

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.datasets import MovingDigits, digit_source, mnist_source, to_unit
from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part, silent
from labkit.state_space.convs5.experiment.settings import ConvS5Settings, Model, Video
from labkit.state_space.convs5.method import (
    VideoModel,
    centroid_error,
    mse,
    next_frame_loss,
    psnr,
    ssim,
    video_model,
)
from labkit.training import History, cosine, epochs, fit


def build(about: Model, video: Video, device: torch.device) -> VideoModel:
    """The untrained model."""
    return video_model(
        about.kind,
        video.canvas,
        video.d_model,
        about.layers or video.layers,
        video.depths,
        device=device,
        **about.core,
    )


def parameter_count(model: torch.nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(parameter.numel() for parameter in model.parameters())


def clips_of(
    video: Video, split: str, n: int, length: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n length 1 H W"], str]:
    """(clips in [-1, 1], the data's name); train and test never share a digit."""
    source = mnist_source(split) if video.source == "mnist" else digit_source(8, split)
    moving = MovingDigits(source, video.digits, video.canvas)
    return moving.sample(n, length, generator=generator)[0], f"moving digits from {source.name}"


def train(
    model: VideoModel,
    clips: Tensor,
    video: Video,
    steps: int,
    run: Run,
    name: str,
    progress: Progress = silent,
) -> History:
    """Next-frame training with the paper's optimiser: AdamW (0.9, 0.95), warm-up, cosine."""
    index = epochs(len(clips), video.batch, run.seed)

    def batch(step: int) -> Tensor:
        return clips[index(step)].to(run.device)

    def loss(model, frames: Tensor) -> Tensor:
        predicted, _ = model(frames[:, :-1])
        return next_frame_loss(predicted, frames[:, 1:])

    return fit(
        model,
        batch,
        loss,
        torch.optim.AdamW(model.parameters(), lr=video.rate, betas=(0.9, 0.95), weight_decay=video.decay),
        steps=steps,
        device=run.device,
        schedule=cosine(steps, warmup=min(video.warmup, steps // 4)),
        progress=progress,
        checkpoint=run.checkpoint("".join(c for c in name if c.isalnum())),
    )


@torch.no_grad()
def held_out_loss(model: VideoModel, clips: Tensor, batch: int = 8) -> float:
    """The next-frame loss on clips that were not trained on."""
    values = [next_frame_loss(model(c[:, :-1])[0], c[:, 1:]) * len(c) for c in clips.split(batch)]
    return float(sum(values) / len(clips))


def _trained(about: Model, settings: ConvS5Settings, clips, steps, run, name, report):
    seed_everything(run.seed)
    model = build(about, settings.video, run.device)
    start = time.perf_counter()
    history = train(model, clips, settings.video, steps, run, name, report)
    return model.eval(), history, (time.perf_counter() - start) / steps


def prediction(settings: ConvS5Settings, run: Run) -> None:
    """Train every model on the same clips in the same order; held-out loss, and rollouts step by step."""
    video = settings.video
    clips, data = clips_of(video, "train", video.clips, video.length, run.generator(1))
    run.uses(data)
    length = video.context + video.rollout
    test = clips_of(video, "test", video.test, length, run.generator(2))[0].to(run.device)
    context, truth = test[:, : video.context], to_unit(test[:, video.context :])
    count = len(settings.models)
    rollouts = {"last frame": to_unit(test[:, video.context - 1, None]).expand_as(truth)}
    for position, (name, about) in enumerate(settings.models.items()):
        report = part(run.progress, position / count, (position + 0.9) / count, name)
        model, history, seconds = _trained(about, settings, clips, video.steps, run, name, report)
        run.measure("parameters", parameter_count(model), model=name)
        run.measure("seconds a step", seconds, model=name)
        run.measure("held-out loss", held_out_loss(model, test[:, : video.length]), model=name)
        for step in range(0, video.steps, max(1, video.steps // 60)):
            recent = history.losses[max(0, step - 4) : step + 1]
            run.measure("training loss", sum(recent) / len(recent), model=name, step=step + 1)
        rollouts[name] = to_unit(model.generate(context, video.rollout))
        run.progress((position + 1) / count, name)
    run.keep("truth", test[0, :, 0].add(1).div(2))
    for name, made in rollouts.items():
        run.keep(name, made[0, :, 0])
        scores = {"MSE": mse(made, truth), "PSNR": psnr(made, truth), "SSIM": ssim(made, truth)}
        scores["centroid error"] = centroid_error(made, truth)
        for metric, values in scores.items():
            for step, value in enumerate(values.mean(0).tolist()):
                run.measure(metric, value, model=name, ahead=step + 1)


def ablation(settings: ConvS5Settings, run: Run) -> None:
    """ConvS5 with one thing changed, fewer steps each: the start, the kernels, the nonlinearity."""
    video = settings.video
    clips, data = clips_of(video, "train", video.clips, video.length, run.generator(1))
    run.uses(data)
    test = clips_of(video, "test", video.test, video.length, run.generator(3))[0].to(run.device)
    count = len(settings.ablations)
    for position, (name, about) in enumerate(settings.ablations.items()):
        report = part(run.progress, position / count, (position + 1) / count, name)
        model, _, _ = _trained(about, settings, clips, settings.ablation_steps, run, name, report)
        run.measure("parameters", parameter_count(model), variant=name)
        run.measure("held-out loss", held_out_loss(model, test), variant=name)
