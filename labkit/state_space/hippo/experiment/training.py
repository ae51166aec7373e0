"""What training makes of each initialisation: the delay, the reference's reconstruction, sequential digits."""

from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part, silent
from labkit.state_space.hippo.experiment.settings import Digits, HippoSettings, Trained
from labkit.state_space.hippo.method import layer_kernels
from labkit.state_space.layers import S4Layer, SequenceModel
from labkit.state_space.optim import parameter_groups
from labkit.state_space.tasks import delay_task, reconstruct_task, sequential_digits
from labkit.training import History, cosine, epochs, fit


def trained_delay(settings: HippoSettings, run: Run) -> None:
    """A linear S4 layer learns to delay white noise, from each initialisation and range of Delta."""
    _train_all(settings.delay, run, "delay")


def trained_reconstruct(settings: HippoSettings, run: Run) -> None:
    """With A and B frozen, a layer learns to give back the last `lag` values at the end of the signal."""
    _train_all(settings.reconstruct, run, "reconstruct")


class LinearS4(nn.Module):
    """Linear map to d_model channels, one S4 layer without its nonlinearity, linear map to the output.

    The timescale is the paper's: a window of mean lag 1, so that Delta = 2e-3 covers exactly 1000 steps.
    `reconstruct` reads only the last output, and gives `outputs` values; `delay` gives one at each step.
    """

    def __init__(self, settings: Trained, init: str, dt: tuple[float, float], outputs: int, last: bool):
        super().__init__()
        self.last = last
        self.encode = nn.Linear(1, settings.d_model)
        self.layer = S4Layer(
            settings.d_model,
            settings.d_state,
            init=init,
            dt_min=dt[0],
            dt_max=dt[1],
            rank=2 if init == "legt" else 1,
            timescale="unit",
            frozen=settings.freeze,
            activation="none",
        )
        self.decode = nn.Linear(settings.d_model, outputs)

    def forward(self, u: Float[Tensor, "batch length 1"]) -> Tensor:
        """(batch, length, 1) for a delay, (batch, outputs) for a reconstruction."""
        y = self.layer(self.encode(u))
        return self.decode(y[:, -1] if self.last else y)


def _train_all(task: Trained, run: Run, kind: str) -> None:
    runs = [(init, name) for init in task.inits for name in task.ranges]
    for position, (init, name) in enumerate(runs):
        report = part(run.progress, position / len(runs), (position + 1) / len(runs), f"{init}, Δ in {name}")
        _train_one(task, run, kind, init, name, report)


def _train_one(task: Trained, run: Run, kind: str, init: str, name: str, progress) -> None:
    seed_everything(run.seed)
    last = kind == "reconstruct"
    model = LinearS4(task, init, task.ranges[name], outputs=task.lag if last else 1, last=last)
    checkpoint = run.checkpoint(f"{init}-{name}".replace(" ", ""))
    history = fit_task(
        model,
        task,
        lambda step: run.generator(1000 + step),
        device=run.device,
        progress=progress,
        checkpoint=checkpoint,
    )
    run.measure("nrmse", history.evaluations[-1][1], init=_NAMES[init], range=name)
    run.keep(f"losses/{init}/{name}", torch.tensor(history.losses, device="cpu"))
    run.keep(f"kernels/{init}/{name}", layer_kernels(model.layer, 2 * task.lag).kernels[0])


@torch.no_grad()
def impulse_response(model: LinearS4, length: int) -> Float[Tensor, " length"]:
    """What a delaying model answers to a single 1, step by step (its answer to silence taken off)."""
    u = torch.zeros(2, length, 1, device=model.encode.weight.device)
    u[0, 0] = 1.0
    answer, silence = model(u)[..., 0]
    return answer - silence


def fit_task(
    model: LinearS4,
    task: Trained,
    draw: Callable[[int], torch.Generator],
    *,
    device: torch.device,
    progress: Progress = silent,
    checkpoint: Path | None = None,
) -> History:
    """Train a layer on white noise: to delay it, or (when the model reads only its last output) to give it back.

    Args:
        draw: the random generator of a step; step -1 draws the batch for the evaluation (NRMSE).
    """
    make = reconstruct_task if model.last else delay_task

    def batch(step: int) -> tuple[Tensor, Tensor]:
        u, wanted = make(task.batch, task.length, task.lag, task.dt, task.freq, generator=draw(step))
        return u.to(device), wanted.to(device)

    def loss(model: nn.Module, pair: tuple[Tensor, Tensor]) -> Tensor:
        u, wanted = pair
        return nn.functional.mse_loss(model(u), wanted)

    def nrmse(model: nn.Module) -> float:
        u, wanted = batch(-1)
        return (nn.functional.mse_loss(model(u), wanted) / wanted.square().mean()).sqrt().item()

    return fit(
        model,
        batch,
        loss,
        torch.optim.AdamW(parameter_groups(model, lr=task.rate, weight_decay=0.0)),
        steps=task.steps,
        device=device,
        schedule=cosine(task.steps),
        evaluate=nrmse,
        progress=progress,
        checkpoint=checkpoint,
    )


_NAMES = {"legs": "LegS", "fout": "FouT", "legt": "LegT", "lagt": "LagT", "random": "random"}


def digits(settings: HippoSettings, run: Run) -> None:
    """S4 with four initialisations on digits that are read pixel by pixel."""
    data = sequential_digits(16)
    run.uses("scikit-learn digits")
    for position, init in enumerate(settings.digits.inits):
        report = part(
            run.progress,
            position / len(settings.digits.inits),
            (position + 1) / len(settings.digits.inits),
            init,
        )
        _train_digits(settings.digits, run, init, data, report)


def _train_digits(task: Digits, run: Run, init: str, data, progress) -> None:
    seed_everything(run.seed)
    x, y, x_test, y_test = (part.to(run.device) for part in data)
    model = SequenceModel(
        d_in=1,
        d_model=task.d_model,
        n_layers=task.layers,
        norm="batch",
        layer=lambda width: S4Layer(width, task.d_state, init=init, rank=2 if init == "legt" else 1),
        pool="mean",
        d_out=10,
    )
    index = epochs(len(x), task.batch, run.seed)
    per_epoch = len(x) // task.batch
    steps = task.epochs * per_epoch

    def batch(step: int) -> tuple[Tensor, Tensor]:
        chosen = index(step).to(run.device)
        return x[chosen], y[chosen]

    def loss(model: nn.Module, pair: tuple[Tensor, Tensor]) -> Tensor:
        return nn.functional.cross_entropy(model(pair[0]), pair[1])

    def accuracy(model: nn.Module) -> float:
        return (model(x_test).argmax(-1) == y_test).float().mean().item()

    optimizer = torch.optim.AdamW(parameter_groups(model, lr=task.rate, weight_decay=0.01))
    history = fit(
        model,
        batch,
        loss,
        optimizer,
        steps=steps,
        device=run.device,
        schedule=cosine(steps),
        evaluate=accuracy,
        evaluate_every=per_epoch,
        progress=progress,
        checkpoint=run.checkpoint(init),
    )
    for step, value in history.evaluations:
        run.measure("test accuracy", value, init=_NAMES[init], epoch=step // per_epoch)
