"""Training one predictor on one world."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.equivariance.eqmotion.experiment.settings import Task
from labkit.equivariance.eqmotion.method import (
    EqMotion,
    LSTMPredictor,
    PlainPredictor,
    best_of_k,
    displacements,
)
from labkit.experiment import Run
from labkit.experiment.progress import Progress
from labkit.training import History, cosine, epochs, fit


class World(NamedTuple):
    """Scenes (n, agents, past + future, d), and where they are known, their edges and who is there."""

    scenes: Tensor
    edges: Tensor | None = None
    present: Tensor | None = None


def eqmotion(task: Task, *, ablate: tuple[str, ...] = (), tokens: int | None = None) -> EqMotion:
    """EqMotion with a task's settings."""
    return EqMotion(
        task.past,
        task.future,
        task.width,
        task.width,
        task.layers,
        task.categories,
        heads=task.heads,
        agent_tokens=tokens,
        ablate=ablate,
        silent=task.silent,
    )


def baseline(name: str, task: Task, d: int = 3) -> nn.Module:
    """PlainGNN or LSTM, 64 wide."""
    return PlainPredictor(task.past, task.future, d) if name == "PlainGNN" else LSTMPredictor(task.future, d)


def loss_of(
    model: nn.Module,
    task: Task,
    scenes: Tensor,
    edges: Tensor | None,
    present: Tensor | None,
    supervised: float,
) -> Tensor:
    """The mean displacement; with several heads, of the focal agent's best; plus the graph's cross-entropy."""
    past, future = scenes[:, :, : task.past], scenes[:, :, task.past :]
    if task.heads > 1:
        found = model(past, mask=present)[:, 0]
        return displacements(best_of_k(found, future[:, 0]), future[:, 0]).mean()
    if not supervised:
        return displacements(model(past), future).mean()
    found, c = model(past, return_graph=True)
    apart = ~torch.eye(c.shape[1], dtype=torch.bool, device=c.device)
    graph = nn.functional.nll_loss(
        c[:, apart].clamp(min=1e-9).log().flatten(0, 1), edges[:, apart].long().flatten()
    )
    return displacements(found, future).mean() + supervised * graph


def train(
    build: Callable[[], nn.Module],
    task: Task,
    world: World,
    run: Run,
    name: str,
    report: Progress,
    supervised: float = 0.0,
) -> tuple[nn.Module, History]:
    """Train a model on a world's scenes with Adam."""
    seed_everything(run.seed)
    model = build()
    indices = epochs(len(world.scenes), min(task.batch, len(world.scenes)), run.seed)

    def batch(step: int) -> list[Tensor | None]:
        chosen = indices(step)
        return [None if part is None else part[chosen].to(run.device) for part in world]

    history = fit(
        model,
        batch,
        lambda model, sample: loss_of(model, task, *sample, supervised),
        torch.optim.Adam(model.parameters(), lr=task.rate, weight_decay=task.weight_decay),
        steps=task.steps,
        device=run.device,
        schedule=cosine(task.steps, floor=0.05) if task.cosine else None,
        clip=10.0,
        progress=report,
        checkpoint=run.checkpoint(name.replace(" ", "")),
    )
    return model, history


@torch.no_grad()
def predicted(model: nn.Module, past: Tensor, present: Tensor | None = None, batch: int = 100) -> Tensor:
    """A model's predictions, batch by batch."""
    if present is None:
        return torch.cat([model(some) for some in past.split(batch)])
    parts = zip(past.split(batch), present.split(batch), strict=True)
    return torch.cat([model(some, mask=mask) for some, mask in parts])


def smoothed(losses: list[float], window: int = 20) -> Tensor:
    """The running mean over so many steps."""
    values = torch.tensor(losses, dtype=torch.float64, device="cpu")
    return values.unfold(0, min(window, len(values)), 1).mean(-1)
