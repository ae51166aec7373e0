"""Charged particles: where will they be one unit of time from now?"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.frame_averaging.experiment.settings import FrameSettings, NBody
from labkit.equivariance.frame_averaging.method import FAGNN, pair_features
from labkit.equivariance.graph_nets import EGNN, LinearDynamics, PlainGNN
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.nbody import ChargedSystem
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.training import History, cosine, epochs, fit

FRAME_TIME, GIVEN, WANTED = 0.1, 30, 40
MODELS: dict[str, Callable[[NBody], nn.Module]] = {
    "linear": lambda task: LinearDynamics(1.0),
    "GNN": lambda task: PlainGNN(6, task.hidden, task.layers),
    "EGNN": lambda task: EGNN(task.hidden, task.layers),
    "FA-GNN": lambda task: FAGNN(task.hidden, task.layers),
}

Sample = tuple[Tensor, Tensor, Tensor, Tensor]  # positions, velocities, charges; positions to come


def trajectories(task: NBody, count: int, generator: torch.Generator) -> Sample:
    """Positions, velocities and charges at frame 30, and the positions at frame 40."""
    every = round(FRAME_TIME / task.dt)
    found = ChargedSystem(dt=task.dt).sample(count, (WANTED + 1) * every + 1, every, generator=generator)
    return (
        found.x[:, GIVEN].float(),
        found.v[:, GIVEN].float(),
        found.coupling.float(),
        found.x[:, WANTED].float(),
    )


def predict(model: nn.Module, x: Tensor, v: Tensor, charges: Tensor) -> Tensor:
    """A model's prediction, with the invariant features of every pair."""
    return model(x, v, pair_features(x, charges))


def train(name: str, task: NBody, data: Sample, run: Run, report: Callable) -> tuple[nn.Module, History]:
    """Train the model of that name; the linear one has a single parameter, and learns it too."""
    seed_everything(run.seed)
    model = MODELS[name](task)
    indices = epochs(len(data[0]), min(task.batch, len(data[0])), run.seed)

    def batch(step: int) -> Sample:
        chosen = indices(step)
        return tuple(part[chosen].to(run.device) for part in data)

    def loss(model: nn.Module, sample: Sample) -> Tensor:
        x, v, charges, wanted = sample
        return (predict(model, x, v, charges) - wanted).square().mean()

    optimizer = torch.optim.Adam(model.parameters(), lr=task.rate, weight_decay=task.weight_decay)
    history = fit(
        model,
        batch,
        loss,
        optimizer,
        steps=task.steps,
        device=run.device,
        schedule=cosine(task.steps, floor=0.05) if task.cosine else None,
        progress=report,
        checkpoint=run.checkpoint(name),
    )
    return model, history


@torch.no_grad()
def nbody(settings: FrameSettings, run: Run) -> None:
    """Test MSE of every model, as the test set is and turned at random."""
    task = settings.nbody
    run.uses("simulated charged particles")
    data = trajectories(task, task.train, run.generator(1))
    x, v, charges, wanted = (part.to(run.device) for part in trajectories(task, task.test, run.generator(2)))
    R = random_orthogonal(len(x), 3, special=True, generator=run.generator(3), device=run.device)
    for position, name in enumerate(MODELS):
        report = part(run.progress, position / len(MODELS), (position + 1) / len(MODELS), name)
        with torch.enable_grad():
            model, history = train(name, task, data, run, report)
        plain = predict(model, x, v, charges)
        turned = predict(model, apply_euclidean(x, R), apply_euclidean(v, R), charges)
        mse = (plain - wanted).square().mean().item()
        run.measure("test mse", mse, model=name)
        mse_turned = (turned - apply_euclidean(wanted, R)).square().mean().item()
        run.measure("turned mse", mse_turned, model=name)
        losses = torch.tensor(history.losses, dtype=torch.float64, device="cpu")
        run.keep(f"losses/{name}", losses.unfold(0, min(20, len(losses)), 1).mean(-1))
