"""Sequences to classes: digits, ablations, ListOps, Pathfinder, MNIST, and the change of sampling rate."""

import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor, nn

from labkit.datasets import Missing, mnist
from labkit.datasets.listops import TOKENS, listops
from labkit.datasets.pathfinder import pathfinder
from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part
from labkit.state_space.layers import SequenceModel
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s4.experiment.models import build, parameters, rate_of
from labkit.state_space.s4.experiment.settings import S4Settings, Training
from labkit.state_space.tasks import sequential_digits
from labkit.training import cosine, epochs, fit


class Split(NamedTuple):
    """Sequences (features or tokens) with their classes, and how long each is where they are padded."""

    x: Tensor
    y: Int[Tensor, " n"]
    lengths: Int[Tensor, " n"] | None = None

    def to(self, device: torch.device) -> "Split":
        return Split(*(None if part is None else part.to(device) for part in self))


def accuracy(model: nn.Module, data: Split, rate: float = 1.0, batch: int = 200) -> float:
    """The share of sequences whose class is the likeliest."""
    right = 0
    for start in range(0, len(data.y), batch):
        rows = slice(start, start + batch)
        options = {} if rate == 1 else {"rate": rate}
        if data.lengths is not None:
            options["lengths"] = data.lengths[rows]
        right += int((model(data.x[rows], **options).argmax(-1) == data.y[rows]).sum())
    return right / len(data.y)


def train(
    name: str, task: Training, run: Run, data: tuple[Split, Split], classes: int, progress: Progress
) -> SequenceModel | None:
    """Train one model; write its accuracy after each epoch, its size and its cost. None if it diverged."""
    seed_everything(run.seed)
    learn, test = (split.to(run.device) for split in data)
    tokens = not learn.x.is_floating_point()
    d_in = TOKENS if tokens else learn.x.shape[-1]
    model = build(name, task, d_in, classes, embedding=tokens)
    index = epochs(len(learn.y), task.batch, run.seed)
    per_epoch = len(learn.y) // task.batch
    steps = task.epochs * per_epoch

    def batch(step: int) -> Split:
        chosen = index(step).to(run.device)
        return Split(*(None if part is None else part[chosen] for part in learn))

    def loss(model: nn.Module, batch: Split) -> Tensor:
        options = {} if batch.lengths is None else {"lengths": batch.lengths}
        return nn.functional.cross_entropy(model(batch.x, **options), batch.y)

    groups = parameter_groups(model, lr=rate_of(name, task), ssm_lr=task.ssm_rate, weight_decay=task.decay)
    started = time.process_time()
    try:
        history = fit(
            model,
            batch,
            loss,
            torch.optim.AdamW(groups),
            steps=steps,
            device=run.device,
            schedule=cosine(steps, warmup=per_epoch // 2),
            evaluate=lambda model: accuracy(model, test),
            evaluate_every=per_epoch,
            progress=progress,
            checkpoint=run.checkpoint(name.replace(" ", "-")),
        )
    except FloatingPointError:
        # a dense A may learn its way out of the left half-plane: its powers then overflow
        run.measure("test accuracy", 1 / classes, model=name, epoch=task.epochs, diverged=True)
        return None
    for step, value in history.evaluations:
        run.measure("test accuracy", value, model=name, epoch=step // per_epoch)
    run.measure("parameters", parameters(model), model=name)
    run.measure("processor seconds per epoch", (time.process_time() - started) / task.epochs, model=name)
    return model


def _train_all(
    task: Training,
    run: Run,
    data: tuple[Split, Split],
    classes: int,
    after: Callable[[str, SequenceModel], None] = lambda name, model: None,
) -> None:
    for position, name in enumerate(task.models):
        ends = position / len(task.models), (position + 1) / len(task.models)
        model = train(name, task, run, data, classes, part(run.progress, *ends, name))
        if model is not None:
            after(name, model)


def _digits(settings: S4Settings, task: Training, run: Run) -> tuple[Split, Split]:
    data = sequential_digits(settings.side, task.train)
    run.uses("digits")
    return Split(data.train, data.train_labels), Split(data.test[: task.test], data.test_labels[: task.test])


def digits(settings: S4Settings, run: Run) -> None:
    """Digits read pixel by pixel; then every second pixel, with Delta doubled and with Delta as it was."""
    task = settings.digits
    data = _digits(settings, task, run)
    test = data[1].to(run.device)
    slower = Split(test.x[:, ::2], test.y)

    def transfer(name: str, model: SequenceModel) -> None:
        if name not in ("S4", "S4D", "random NPLR"):
            return
        with torch.no_grad():
            run.measure("accuracy at half the rate", accuracy(model, slower, rate=2.0), model=name, rate=2)
            run.measure("accuracy at half the rate", accuracy(model, slower), model=name, rate=1)
        if name == "S4":
            run.keep("kernels", model.layers[0].kernel(settings.side**2)[0].detach())

    _train_all(task, run, data, 10, transfer)


def ablation(settings: S4Settings, run: Run) -> None:
    """The same digits for what the paper exchanges: dense A, random A, rank 2, frozen A and B."""
    _train_all(settings.ablation, run, _digits(settings, settings.ablation, run), 10)


def list_operations(settings: S4Settings, run: Run) -> None:
    """ListOps from its grammar: nested minima, maxima, medians and sums modulo 10."""
    task = settings.listops
    length = settings.listops_length
    data = listops(task.train + task.test, length // 4, length, seed=run.seed)
    parts = (slice(0, task.train), slice(task.train, None))
    learn, test = (Split(data.tokens[p], data.values[p], data.lengths[p]) for p in parts)
    # what always guessing the commonest value would get
    commonest = learn.y.bincount(minlength=10).argmax()
    run.measure("commonest value", float((test.y == commonest).float().mean()))
    _train_all(task, run, (learn, test), 10)


def paths(settings: S4Settings, run: Run) -> None:
    """Pathfinder, pixel by pixel: do the two dots end one line?"""
    task = settings.pathfinder
    data = pathfinder(
        task.train + task.test,
        settings.pathfinder_side,
        gap=settings.pathfinder_gap,
        distractors=settings.pathfinder_distractors,
        seed=run.seed,
    )
    pixels = data.images.flatten(1)[..., None]
    parts = (slice(0, task.train), slice(task.train, None))
    _train_all(task, run, tuple(Split(pixels[p], data.joined[p]) for p in parts), 2)


def sequential_mnist(settings: S4Settings, run: Run) -> None:
    """MNIST pixel by pixel, where its files are here. Without the training images the test images are split."""
    task = settings.mnist
    try:
        images, labels = mnist("train")
        held_out = mnist("test")
        run.uses("mnist-train-images")
    except Missing:
        try:
            images, labels = mnist("test")
        except Missing:
            return  # the ledger's list of data says whether the run had it
        held_out = images[-task.test :], labels[-task.test :]
        images, labels = images[: -task.test], labels[: -task.test]
    run.uses("mnist-test-images")
    chosen = torch.randperm(len(labels), generator=run.generator(5), device="cpu")[: task.train]

    def sequence(images: Tensor, labels: Tensor) -> Split:
        small = nn.functional.adaptive_avg_pool2d(images[:, None], settings.mnist_side)
        return Split(small.flatten(1)[..., None], labels)

    test = sequence(held_out[0][: task.test], held_out[1][: task.test])
    _train_all(task, run, (sequence(images[chosen], labels[chosen]), test), 10)
