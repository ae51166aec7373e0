"""Next-frame prediction: bars on a ring, digits on a torus, turning digits; and transfer from still to moving."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labkit.datasets import digit_source, mnist_source
from labkit.device import seed_everything
from labkit.equivariance.actions import flow
from labkit.equivariance.fernn.experiment.settings import FernnSettings, Rotation, Task
from labkit.equivariance.fernn.experiment.training import smoothed, squared_errors, train
from labkit.equivariance.fernn.method import (
    FlowCell,
    FlowSeq2Seq,
    RotationFlowCell,
    flow_equivariance_error,
    grnn_cell,
    ring_velocities,
    velocity_grid,
)
from labkit.equivariance.moving_images import rotating_sequences, strip_sequences, translating_sequences
from labkit.experiment import Run
from labkit.experiment.progress import part


def name_of(radius: int) -> str:
    """What the paper calls the model with V of that radius."""
    return "G-RNN" if radius == 0 else f"FERNN-V{radius}"


def exactness(settings: FernnSettings, run: Run) -> None:
    """How equivariant each model is before any training, with nu^ = (1, -2), in double precision."""
    seed_everything(run.seed)
    frames = torch.rand(2, 6, 1, 11, 11, generator=run.generator(), dtype=torch.float64, device="cpu").to(
        run.device
    )
    models = {"G-RNN": grnn_cell(1, 6), "FERNN-V2": FlowCell(1, 6, velocity_grid(2))}
    for name, cell in models.items():
        model = FlowSeq2Seq(cell).double().to(run.device)
        spaces = ("pooled",) if name == "G-RNN" else ("hidden", "pooled")
        for space in spaces:
            for t, value in enumerate(flow_equivariance_error(model, frames, (1, -2), space).tolist()):
                run.measure("relative error", value, model=name, space=space, step=t)
    strips = torch.rand(2, 6, 1, 12, generator=run.generator(1), dtype=torch.float64, device="cpu").to(
        run.device
    )
    for readout in ("aligned", "reference"):
        ring = (
            FlowSeq2Seq(FlowCell(1, 6, ring_velocities(12), dims=1), readout=readout).double().to(run.device)
        )
        errors = flow_equivariance_error(ring, strips, (3,), "output", horizon=6)
        for t, value in enumerate(errors.tolist()):
            run.measure("relative error", value, model="FERNN, cyclic V", space=f"output, {readout}", step=t)


def strips(settings: FernnSettings, run: Run) -> None:
    """Two bars on a ring, each with its own velocity: G-RNN against FERNN with part and with all of the velocities."""
    task = settings.strips
    run.uses("generated strips")

    def draw(step: int) -> Tensor:
        made = strip_sequences(
            task.batch,
            task.given + task.predicted,
            task.size,
            task.radius,
            task.things,
            generator=run.generator(step),
        )
        return made[0]

    longest = 3 * task.predicted
    test = strip_sequences(
        task.test,
        task.given + longest,
        task.size,
        task.radius,
        task.things,
        generator=run.generator(1_000_000),
    )[0].to(run.device)
    target = None
    for position, radius in enumerate(task.radii):
        name = name_of(radius)
        report = part(run.progress, position / len(task.radii), (position + 1) / len(task.radii), name)
        seed_everything(run.seed)
        model = FlowSeq2Seq(FlowCell(1, task.hidden, velocity_grid(radius, 1), dims=1))
        history = train(model, task, draw, run, name, report)
        errors = squared_errors(model, test, task.given, longest)
        run.measure("test mse", errors[:, : task.predicted].mean().item(), model=name)
        run.measure(
            "beyond", errors[:, task.predicted : 2 * task.predicted].mean().item(), model=name, reach=2
        )
        run.measure("beyond", errors[:, 2 * task.predicted :].mean().item(), model=name, reach=3)
        for step, value in enumerate(errors.mean(0).tolist(), start=1):
            run.measure("mse by horizon", value, model=name, step=step)
        for v in range(-task.radius - 2, task.radius + 3):
            moved = strip_sequences(
                32, task.given + task.predicted, task.size, [v], 1, generator=run.generator(2_000_000)
            )[0].to(run.device)
            value = squared_errors(model, moved, task.given, task.predicted).mean().item()
            run.measure("mse by velocity", value, model=name, velocity=v)
        losses = smoothed(history.losses)
        run.keep(f"losses/{name}", losses)
        if radius == 0:
            target = losses[-1]
        elif target is not None:
            reached = (losses <= target).nonzero()
            steps = int(reached[0]) + 1 if len(reached) else task.steps
            run.measure("share of steps", steps / task.steps, model=name)


def transfer(settings: FernnSettings, run: Run) -> None:
    """Trained on still strips only: what happens when they move?"""
    task = settings.transfer
    run.uses("generated strips")
    length = task.given + task.predicted

    def draw(step: int) -> Tensor:
        return strip_sequences(task.batch, length, task.size, [0], 1, generator=run.generator(step))[0]

    still = strip_sequences(32, length, task.size, [0], 1, generator=run.generator(1_000_000))[0]
    ring = ring_velocities(task.size)
    runs = {
        "FERNN, cyclic V, aligned": (lambda: FlowCell(1, task.hidden, ring, dims=1), "aligned", task.steps),
        "FERNN, cyclic V, reference": (
            lambda: FlowCell(1, task.hidden, ring, dims=1),
            "reference",
            task.steps,
        ),
        "G-RNN": (lambda: grnn_cell(1, task.hidden, dims=1), "reference", settings.transfer_steps),
    }
    for position, (name, (cell, readout, steps)) in enumerate(runs.items()):
        report = part(run.progress, position / len(runs), (position + 1) / len(runs), name)
        seed_everything(run.seed)
        model = FlowSeq2Seq(cell(), readout=readout)
        train(model, task, draw, run, name.replace(",", ""), report, steps)
        model = model.double()
        for v in settings.transfer_velocities:
            frames = flow(still, (v,)).double().to(run.device)
            value = squared_errors(model, frames, task.given, task.predicted).mean().item()
            run.measure("mse by velocity", value, model=name, velocity=v)


def _source(task: Task, split: str):
    return mnist_source(split) if task.source == "mnist" else digit_source(8, split)


def _compare(
    task: Task, run: Run, builders: dict[str, Callable[[], nn.Module]], make
) -> dict[str, nn.Module]:
    """Train each model on `make(split, n, length, stream)`, measure its error by horizon, and return them trained."""
    models = {}
    longest = 2 * task.predicted
    test = make("test", task.test, task.given + longest, 1_000_000).to(run.device)
    for position, (name, build) in enumerate(builders.items()):
        report = part(run.progress, position / len(builders), (position + 1) / len(builders), name)
        seed_everything(run.seed)
        model = build()
        history = train(
            model,
            task,
            lambda step: make("train", task.batch, task.given + task.predicted, step),
            run,
            name,
            report,
        )
        errors = torch.cat([squared_errors(model, some, task.given, longest) for some in test.split(32)])
        run.measure("test mse", errors[:, : task.predicted].mean().item(), model=name)
        for step, value in enumerate(errors.mean(0).tolist(), start=1):
            run.measure("mse by horizon", value, model=name, step=step)
        run.keep(f"losses/{name}", smoothed(history.losses))
        models[name] = model
    return models


def planes(settings: FernnSettings, run: Run) -> None:
    """Digits on a torus, each with its own velocity."""
    task = settings.planes
    sources = {split: _source(task, split) for split in ("train", "test")}
    run.uses(sources["train"].name)

    def make(split: str, n: int, length: int, stream: int) -> Tensor:
        return translating_sequences(
            sources[split], n, length, task.size, task.radius, task.things, generator=run.generator(stream)
        )[0]

    builders = {
        name_of(r): lambda r=r: FlowSeq2Seq(FlowCell(1, task.hidden, velocity_grid(r))) for r in task.radii
    }
    for name, model in _compare(task, run, builders, make).items():
        for vx, vy in velocity_grid(task.radius + 1):
            frames = translating_sequences(
                sources["test"],
                8,
                task.given + task.predicted,
                task.size,
                [(vx, vy)],
                1,
                generator=run.generator(2_000_000),
            )[0].to(run.device)
            value = squared_errors(model, frames, task.given, task.predicted).mean().item()
            run.measure("mse by velocity", value, model=name, vx=vx, vy=vy)


def rotation(settings: FernnSettings, run: Run) -> None:
    """Digits that turn about the centre, each with its own angular velocity."""
    task: Rotation = settings.rotation
    sources = {split: _source(task, split) for split in ("train", "test")}
    run.uses(sources["train"].name)

    def make(split: str, n: int, length: int, stream: int) -> Tensor:
        return rotating_sequences(
            sources[split],
            n,
            length,
            task.size,
            task.velocities,
            task.things,
            generator=run.generator(stream),
        )[0]

    builders = {
        name: lambda v=v: FlowSeq2Seq(RotationFlowCell(1, task.hidden, v, task.orientations))
        for name, v in {"G-RNN": (0.0,), "FERNN": task.velocities}.items()
    }
    _compare(task, run, builders, make)
