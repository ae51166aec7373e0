"""The stages that train: the Three-Cell Experiment and digits."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from labkit.datasets import digits as load_digits
from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.ordering.loope.experiment.models import build, decay_groups
from labkit.ordering.loope.experiment.settings import LoopeSettings, Training
from labkit.ordering.loope.three_cell import (
    LABELS,
    draw_cells,
    majority_accuracy,
    render,
    three_cell_accuracy,
    three_cell_labels,
)
from labkit.training import History, cosine, epochs, fit

EVALUATED = 250  # images at a time


def train(
    model: nn.Module,
    task: Training,
    size: int,
    batch: Callable[[Tensor], tuple[Tensor, Tensor]],
    loss: Callable[[Tensor, Tensor], Tensor],
    evaluate: Callable[[nn.Module], float],
    *,
    seed: int,
    device: torch.device,
    progress,
    checkpoint: Path | None = None,
) -> History:
    """Train a network on `size` samples; `batch(indices)` gives those of a step."""
    index = epochs(size, task.batch, seed)
    return fit(
        model,
        lambda step: batch(index(step)),
        lambda net, pair: loss(net(pair[0]), pair[1]),
        torch.optim.AdamW(decay_groups(model, task.weight_decay), lr=task.rate),
        steps=task.steps,
        device=device,
        schedule=cosine(task.steps, task.warmup, task.floor),
        clip=task.clip,
        evaluate=evaluate,
        evaluate_every=max(1, task.steps // task.evaluations),
        progress=progress,
        checkpoint=checkpoint,
    )


def logits_of(model: nn.Module, images: Callable[[slice], Tensor], count: int) -> Tensor:
    """The network's outputs for all samples, a few at a time."""
    return torch.cat([model(images(slice(at, at + EVALUATED))) for at in range(0, count, EVALUATED)])


def three_cells(settings: LoopeSettings, run: Run) -> None:
    """Every host with every embedding, on images in which only where three cells are matters."""
    task = settings.three_cell
    run.uses("three-cell images, generated")
    cells, _ = draw_cells(task.train + task.test, task.grid, run.generator(1))
    cells = cells.to(run.device)
    labels = three_cell_labels(cells, task.grid)
    cells, test_cells = cells[: task.train], cells[task.train :]
    labels, test_labels = labels[: task.train], labels[task.train :]
    for score, value in majority_accuracy(test_labels).items():
        run.measure("accuracy", value, host="majority", pe="majority", score=score, step=task.training.steps)
    plan = [(name, host, pe) for name, host in task.hosts.items() for pe in host.embeddings]
    for position, (name, host, pe) in enumerate(plan):
        seed_everything(run.seed)
        model = build(host, pe, task.grid, task.patch, len(LABELS))
        curve: dict[int, dict[str, float]] = {}

        def batch(index: Tensor) -> tuple[Tensor, Tensor]:
            chosen = index.to(run.device)
            return render(cells[chosen], task.grid, task.patch), labels[chosen]

        def evaluate(net: nn.Module, curve=curve) -> float:
            logits = logits_of(
                net, lambda some: render(test_cells[some], task.grid, task.patch), len(test_cells)
            )
            scores = three_cell_accuracy(logits, test_labels)
            curve[len(curve)] = scores
            return scores["average"]

        history = train(
            model,
            task.training,
            task.train,
            batch,
            lambda logits, wanted: nn.functional.binary_cross_entropy_with_logits(logits, wanted.float()),
            evaluate,
            seed=run.seed,
            device=run.device,
            progress=part(run.progress, position / len(plan), (position + 1) / len(plan), f"{name}, {pe}"),
            checkpoint=run.checkpoint(f"{name}-{pe}"),
        )
        # a training that was resumed has all averages, but only its own single scores
        known = dict(zip(reversed(history.evaluations), reversed(curve.values()), strict=False))
        for step, average in history.evaluations:
            for score, value in known.get((step, average), {"average": average}).items():
                run.measure("accuracy", value, host=name, pe=pe, score=score, step=step)
        if name == "ViT" and host.dim <= 64:  # small enough to keep, for the pictures
            for key, value in model.state_dict().items():
                run.keep(f"weights/{pe}/{key}", value)


def digits(settings: LoopeSettings, run: Run) -> None:
    """Digits: what is left of the difference on natural images."""
    task = settings.digits
    data = load_digits()
    run.uses("scikit-learn digits")
    x, y, x_test, y_test = (
        part.to(run.device) for part in (data.train, data.train_labels, data.test, data.test_labels)
    )
    x, x_test = (images[:, None].expand(-1, 3, -1, -1).contiguous() for images in (x, x_test))
    for position, pe in enumerate(task.host.embeddings):
        seed_everything(run.seed)
        model = build(task.host, pe, 8 // task.patch, task.patch, 10)
        count = len(task.host.embeddings)
        history = train(
            model,
            task.training,
            len(x),
            lambda index: (x[index.to(run.device)], y[index.to(run.device)]),
            nn.functional.cross_entropy,
            lambda net: (net(x_test).argmax(-1) == y_test).double().mean().item(),
            seed=run.seed,
            device=run.device,
            progress=part(run.progress, position / count, (position + 1) / count, pe),
            checkpoint=run.checkpoint(pe),
        )
        for step, value in history.evaluations:
            run.measure("accuracy", value, pe=pe, score="accuracy", step=step)
        if pe == "loope":
            for key, value in model.state_dict().items():
                run.keep(f"weights/{pe}/{key}", value)
