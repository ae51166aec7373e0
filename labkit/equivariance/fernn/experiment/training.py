"""Training one predictor: mean squared error of the predicted frames, Adam, gradient clipping."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labkit.equivariance.fernn.experiment.settings import Task
from labkit.equivariance.fernn.method import prediction_loss
from labkit.experiment import Run
from labkit.experiment.progress import Progress
from labkit.training import History, cosine, fit


def train(
    model: nn.Module,
    task: Task,
    draw: Callable[[int], Tensor],
    run: Run,
    name: str,
    progress: Progress,
    steps: int | None = None,
) -> History:
    """Train a model to predict `task.predicted` frames from `task.given`.

    Args:
        draw: the frames (batch, given + predicted, ...) of a step.
        steps: instead of the task's.
    """
    steps = steps or task.steps

    def loss(model: nn.Module, frames: Tensor) -> Tensor:
        return prediction_loss(model(frames[:, : task.given], task.predicted), frames[:, task.given :])

    return fit(
        model,
        lambda step: draw(step).to(run.device),
        loss,
        torch.optim.Adam(model.parameters(), lr=task.rate),
        steps=steps,
        device=run.device,
        schedule=cosine(steps, floor=0.05) if task.cosine else None,
        clip=task.clip,
        progress=progress,
        checkpoint=run.checkpoint(name.replace(" ", "")),
    )


@torch.no_grad()
def squared_errors(model: nn.Module, frames: Tensor, given: int, horizon: int) -> Tensor:
    """The squared error of every predicted frame (batch, horizon), averaged over pixels."""
    predicted = model(frames[:, :given], horizon)
    return (predicted - frames[:, given : given + horizon]).square().flatten(2).mean(-1)


def smoothed(losses: list[float], window: int = 20) -> Tensor:
    """The running mean over so many steps."""
    values = torch.tensor(losses, dtype=torch.float64, device="cpu")
    window = min(window, len(values))
    return values.unfold(0, window, 1).mean(-1)
