"""Normals of point clouds, trained in one pose: what is left when the test clouds are turned?"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labkit.datasets import surfaces
from labkit.device import seed_everything
from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.frame_averaging.experiment.settings import FrameSettings, Normals
from labkit.equivariance.frame_averaging.method import (
    DGCNN,
    FADGCNN,
    FALocalPointNet,
    FAPointNet,
    PointNet,
    normal_loss,
    unit,
)
from labkit.equivariance.groups import random_orthogonal
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.training import epochs, fit


class UnitOutput(nn.Module):
    """A network whose vectors are scaled to length 1."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, X: Tensor) -> Tensor:
        return unit(self.network(X))


BUILDERS: dict[str, Callable[[Normals], nn.Module]] = {
    "PointNet": lambda task: UnitOutput(PointNet(divisor=task.divisor)),
    "DGCNN": lambda task: UnitOutput(DGCNN(2 * task.k, task.divisor, "max")),
    "FA-PointNet": lambda task: FAPointNet(task.divisor),
    "FA-DGCNN": lambda task: FADGCNN(2 * task.k, task.divisor),
    "FA-Local-PointNet": lambda task: FALocalPointNet(task.k, task.divisor),
}


def normals(settings: FrameSettings, run: Run) -> None:
    """The loss of every model, trained as the surfaces are made (I): tested likewise (I/I), and turned (I/SO(3))."""
    task = settings.normals
    run.uses("generated surfaces")
    clouds, wanted = surfaces(task.clouds, task.points, run.generator(1))
    X, n = (part.to(run.device) for part in surfaces(task.test, task.points, run.generator(2)))
    R = random_orthogonal(len(X), 3, special=True, generator=run.generator(3), device=run.device)
    for position, name in enumerate(task.models):
        report = part(run.progress, position / len(task.models), (position + 1) / len(task.models), name)
        seed_everything(run.seed)
        model = BUILDERS[name](task)
        indices = epochs(task.clouds, task.batch, run.seed)

        def batch(step: int, indices=indices):
            chosen = indices(step)
            scale = 0.8 + 0.45 * torch.rand(task.batch, 1, 1, generator=run.generator(10_000 + step))
            return (clouds[chosen] * scale).to(run.device), wanted[chosen].to(run.device)

        fit(
            model,
            batch,
            lambda model, pair: normal_loss(model(pair[0]), pair[1]),
            torch.optim.Adam(model.parameters(), lr=task.rate),
            steps=task.steps,
            device=run.device,
            progress=report,
            checkpoint=run.checkpoint(name),
        )
        model.eval()
        with torch.no_grad():
            for protocol, points, truth in (
                ("I/I", X, n),
                ("I/SO(3)", apply_euclidean(X, R), apply_euclidean(n, R)),
            ):
                losses = [
                    normal_loss(model(a), b).item() * len(a)
                    for a, b in zip(points.split(20), truth.split(20), strict=True)
                ]
                run.measure("loss", sum(losses) / len(X), model=name, protocol=protocol)
