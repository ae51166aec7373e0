"""Which of six actions is it? A stick figure before a moving camera, in place of KTH."""

import torch
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.equivariance.fernn.experiment.settings import FernnSettings
from labkit.equivariance.fernn.method import FlowClassifier, GRNNPlusCell, Video3DCNN, velocity_grid
from labkit.equivariance.moving_images import action_clips
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.training import cosine, fit


def _classifier(name: str, hidden: int, radius: int) -> nn.Module:
    if name == "3D-CNN":
        return Video3DCNN(1)
    model = FlowClassifier(1, hidden, velocity_grid(0 if name == "G-RNN" else radius))
    if name == "G-RNN+":
        plus = GRNNPlusCell(1, hidden, radius, activation="tanh")
        plus.conv_u = model.first.conv_u
        model.first = plus
    return model


def clips(settings: FernnSettings, run: Run) -> None:
    """Accuracy on held-out people, and for each camera speed."""
    task = settings.clips
    run.uses("generated action clips")

    def draw(step: int) -> tuple[Tensor, Tensor]:
        frames, about = action_clips(
            task.batch, task.frames, task.size, task.radius, generator=run.generator(step)
        )
        return frames.to(run.device), about["labels"].to(run.device)

    frames, about = action_clips(
        task.test, task.frames, task.size, task.radius, generator=run.generator(1_000_000)
    )
    speed = about["velocities"].abs().amax(-1)
    for position, (name, rate) in enumerate(task.rates.items()):
        report = part(run.progress, position / len(task.rates), (position + 1) / len(task.rates), name)
        seed_everything(run.seed)
        model = _classifier(name, task.hidden, task.radius)
        fit(
            model,
            draw,
            lambda model, pair: nn.functional.cross_entropy(model(pair[0]), pair[1]),
            torch.optim.Adam(model.parameters(), lr=rate),
            steps=task.steps,
            device=run.device,
            schedule=cosine(task.steps, floor=0.05),
            clip=1.0,
            progress=report,
            checkpoint=run.checkpoint(name),
        )
        with torch.no_grad():
            logits = torch.cat([model(some.to(run.device)).cpu() for some in frames.split(48)])
        right = (logits.argmax(-1) == about["labels"]).double()
        run.measure("accuracy", right.mean().item(), model=name)
        for s in range(task.radius + 1):
            run.measure("accuracy by speed", right[speed == s].mean().item(), model=name, speed=s)
