"""(b) Closed loops on sums of sinusoids: at the horizon they were trained for, and four times beyond."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part, silent
from labkit.state_space.layers import S4Layer, SequenceModel
from labkit.state_space.spacetime.experiment.filters import FREQUENCIES
from labkit.state_space.spacetime.experiment.settings import Sinusoids, SpaceTimeSettings
from labkit.state_space.spacetime.method import SpaceTime, spacetime_loss
from labkit.state_space.spacetime.method.model import rmse
from labkit.training import cosine, fit

TRAINED = ("SpaceTime", "SpaceTime, mixed horizons", "S4D rolled")


def waves(batch: int, length: int, generator: torch.Generator) -> Float[Tensor, "batch length 1"]:
    """Sums of three sinusoids with random amplitudes and phases, of unit variance on average."""
    parts = torch.rand(2, batch, 3, 1, device="cpu", generator=generator)
    w = torch.tensor(FREQUENCIES, dtype=torch.float32, device="cpu")[:, None]
    t = torch.arange(length, dtype=torch.float32, device="cpu")
    return ((0.5 + parts[0]) * torch.sin(w * t + 2 * torch.pi * parts[1])).sum(1)[..., None] * 0.78


def make(name: str, task: Sinusoids) -> nn.Module:
    """A closed loop, or an S4D that predicts the next value. Raises ValueError for another name."""
    if name not in TRAINED:
        raise ValueError(f"name must be one of {', '.join(TRAINED)}; got {name!r}")
    if name.startswith("SpaceTime"):
        return SpaceTime(task.d_model, task.d_state, dropout=0, init=task.init)
    return SequenceModel(
        d_in=1,
        d_model=task.d_model,
        n_layers=2,
        layer=lambda width: S4Layer(width, task.d_state, mode="diag", init="lin"),
        prenorm=True,
        pool=None,
        d_out=1,
    )


@torch.no_grad()
def roll_out(
    model: nn.Module, past: Float[Tensor, "batch lag 1"], horizon: int
) -> Float[Tensor, "batch horizon 1"]:
    """SpaceTime's closed loop; for S4D its own last output as the next input, step by step."""
    if isinstance(model, SpaceTime):
        return model.forecast(past, horizon)
    model.to_recurrent()
    state = model.default_state(len(past))
    y = past[:, 0]
    for u in past.unbind(1):
        y, state = model.step(u, state)
    found = [y]
    for _ in range(horizon - 1):
        y, state = model.step(y, state)
        found.append(y)
    return torch.stack(found, dim=1)


def train_loop(
    name: str, task: Sinusoids, draw, device: torch.device, progress: Progress = silent
) -> nn.Module:
    """Train one; `draw(step)` gives the generator of a step's batch."""
    model = make(name, task)
    horizons = task.mixed if "mixed" in name else (task.horizon,)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        horizon = horizons[step % len(horizons)]
        u = waves(task.batch, task.lag + horizon, draw(step)).to(device)
        return u[:, : task.lag], u[:, task.lag :]

    def loss(wrapped: nn.Module, pair: tuple[Tensor, Tensor]) -> Tensor:
        past, future = pair
        if isinstance(model, SpaceTime):
            return spacetime_loss(wrapped(past, future.shape[1]), past, future, task.d_state)
        whole = torch.cat([past, future], dim=1)
        return rmse(wrapped(whole[:, :-1])[:, task.d_state :], whole[:, 1 + task.d_state :])

    fit(
        model,
        batch,
        loss,
        torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=0.0),
        steps=task.steps,
        device=device,
        schedule=cosine(task.steps),
        clip=1.0,
        progress=progress,
    )
    return model.eval()


def sinusoid_loops(settings: SpaceTimeSettings, run: Run) -> None:
    """Mean squared error of each rollout up to the trained horizon and up to `far`; the loops' radii."""
    task = settings.sinusoids
    u = waves(64, task.lag + task.far, run.generator(30)).to(run.device)
    past, future = u[:, : task.lag], u[:, task.lag :]
    for i, name in enumerate(TRAINED):
        seed_everything(run.seed)
        report = part(run.progress, i / len(TRAINED), (i + 1) / len(TRAINED), name)
        model = train_loop(name, task, lambda step: run.generator(1000 + step), run.device, report)
        found = roll_out(model, past, task.far)
        error = (found - future).square()[..., 0]
        for horizon in (task.horizon, task.far):
            run.measure("MSE", error[:, :horizon].mean().item(), model=name, horizon=horizon)
        run.keep(f"by step/{name}", error.mean(0))
        if isinstance(model, SpaceTime):
            run.measure("largest radius", model.decoder.spectral_radius().max().item(), model=name)
            for key, value in model.state_dict().items():
                run.keep(f"weights/{name}/{key}", value)
