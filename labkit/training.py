"""One training loop for the whole lab, with Lightning Fabric under it: devices, precision, clipping, resuming."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from labkit import checkpoint as files
from labkit.experiment.progress import Progress, silent

Precision = Literal["32-true", "64-true", "bf16-mixed", "16-mixed"]


@dataclass
class History:
    """What a training left: the loss at every step, and the evaluations as (step, value)."""

    losses: list[float] = field(default_factory=list)
    evaluations: list[tuple[int, float]] = field(default_factory=list)


def fit(
    model: nn.Module,
    batch: Callable[[int], Any],
    loss: Callable[[nn.Module, Any], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    device: torch.device,
    schedule: Callable[[int], float] | None = None,
    clip: float | None = None,
    precision: Precision = "32-true",
    evaluate: Callable[[nn.Module], float] | None = None,
    evaluate_every: int = 0,
    progress: Progress = silent,
    checkpoint: Path | None = None,
    checkpoint_every: int = 100,
) -> History:
    """Train a model in place.

    Args:
        batch: the batch of a step. A function of the step alone, so that a training that was killed
            goes on exactly where it was.
        loss: `loss(model, batch)`, a scalar.
        optimizer: over the model's parameters.
        steps: how many updates.
        schedule: the factor on every group's learning rate at a step, in [0, 1]; see `cosine`.
        clip: the largest norm of the gradient.
        evaluate, evaluate_every: `evaluate(model)` every so many steps (in eval mode, without gradient),
            and at the end.
        checkpoint: where to keep the state every `checkpoint_every` steps; removed at the end.

    Raises:
        FloatingPointError: the loss became NaN or infinite; says at which step.
    """
    fabric = Fabric(
        accelerator="cuda" if device.type == "cuda" else "cpu",
        devices=[device.index or 0] if device.type == "cuda" else 1,
        precision=precision,
    )
    model.to(device)
    history = History()
    start = 0
    rates = [group["lr"] for group in optimizer.param_groups]
    if checkpoint is not None and checkpoint.is_file():
        about = files.load_training(checkpoint, model, optimizer)
        start, rates = about["step"], about["rates"]
        history = History(about["losses"], [tuple(pair) for pair in about["evaluations"]])
    wrapped, optimizer = fabric.setup(model, optimizer)
    wrapped.train()
    for step in range(start, steps):
        factor = 1.0 if schedule is None else schedule(step)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        value = loss(wrapped, batch(step))
        if not torch.isfinite(value):
            raise FloatingPointError(
                f"the loss became {value.item()} at step {step}; try a smaller learning rate"
            )
        fabric.backward(value)
        if clip is not None:
            fabric.clip_gradients(wrapped, optimizer, max_norm=clip, error_if_nonfinite=False)
        optimizer.step()
        optimizer.zero_grad()
        history.losses.append(value.item())
        last = step + 1 == steps
        if evaluate is not None and (last or (evaluate_every and (step + 1) % evaluate_every == 0)):
            history.evaluations.append((step + 1, _evaluate(wrapped, evaluate)))
        if checkpoint is not None and not last and (step + 1) % checkpoint_every == 0:
            about = {
                "step": step + 1,
                "rates": rates,
                "losses": history.losses,
                "evaluations": history.evaluations,
            }
            try:
                files.save_training(checkpoint, model, optimizer, about)
            except OSError as error:  # the training is worth more than the means to resume it
                warnings.warn(f"the training goes on, but cannot be resumed: {error}", stacklevel=2)
        progress((step + 1) / steps, f"step {step + 1} of {steps}, loss {value.item():.3g}")
    model.eval()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return history


def _evaluate(model: nn.Module, evaluate: Callable[[nn.Module], float]) -> float:
    model.eval()
    with torch.no_grad():
        value = float(evaluate(model))
    model.train()
    return value


def cosine(steps: int, warmup: int = 0, floor: float = 0.0) -> Callable[[int], float]:
    """A factor that rises linearly over `warmup` steps, then falls along a half cosine to `floor`."""
    import math

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        done = min(1.0, (step - warmup) / max(1, steps - warmup))
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))

    return factor


def epochs(size: int, batch_size: int, generator_seed: int) -> Callable[[int], Tensor]:
    """The indices of a step's batch: a fresh permutation each epoch, a function of the step alone."""
    if not 0 < batch_size <= size:
        raise ValueError(f"batch_size must be from 1 to the data's size {size}; got {batch_size}")
    per_epoch = size // batch_size
    memory: dict[int, Tensor] = {}

    def indices(step: int) -> Tensor:
        epoch, position = divmod(step, per_epoch)
        if epoch not in memory:
            memory.clear()
            generator = torch.Generator(device="cpu").manual_seed(generator_seed * 1_000_003 + epoch)
            memory[epoch] = torch.randperm(size, generator=generator, device="cpu")
        return memory[epoch][position * batch_size : (position + 1) * batch_size]

    return indices
