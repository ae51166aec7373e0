"""(c) ETTh1's oil temperature: SpaceTime against networks, linear forecasters, and repeating yesterday."""

import time

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit import device as devices
from labkit.datasets import Split, etth1_or_generated
from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part, silent
from labkit.state_space.spacetime.experiment.models import best_ridge, build, naive
from labkit.state_space.spacetime.experiment.settings import Forecasting, SpaceTimeSettings
from labkit.state_space.spacetime.method import SpaceTime, spacetime_loss
from labkit.state_space.spacetime.method.model import rmse
from labkit.training import cosine, epochs, fit

NAIVE = {"last value": 1, "yesterday": 24, "last week": 168}
VALIDATION_STRIDE, SHOWN = 8, (0, 700, 1400, 2100)


def predict(model: nn.Module, past: Float[Tensor, "n lag"], horizon: int) -> Float[Tensor, "n horizon"]:
    """The forecasts of many windows, without gradient."""
    found = []
    with torch.no_grad():
        for x in past.split(256):
            x = x[..., None]
            found.append(
                model.forecast(x, horizon) if isinstance(model, SpaceTime) else model(x)[:, :horizon]
            )
    return torch.cat(found)[..., 0]


def train(
    name: str, task: Forecasting, data: Split, seed: int, device: torch.device, progress: Progress = silent
) -> tuple[nn.Module, float, list[float]]:
    """(model with the smallest validation error, seconds an update, losses) after `steps` updates."""
    seed_everything(seed)
    model = build(name, task)
    past, future = (w.float() for w in data.windows("train", task.lag, task.horizon))
    checked = [
        w[::VALIDATION_STRIDE].float().to(device) for w in data.windows("validation", task.lag, task.horizon)
    ]
    index = epochs(len(past), task.batch, seed)
    best: dict = {"error": float("inf"), "weights": None}
    watch = {"evaluating": 0.0}

    def batch(step: int) -> tuple[Tensor, Tensor]:
        chosen = index(step)
        horizon = task.horizons[step % len(task.horizons)] if name == "SpaceTime" else task.horizon
        return past[chosen, :, None].to(device), future[chosen, :horizon, None].to(device)

    def loss(wrapped: nn.Module, pair: tuple[Tensor, Tensor]) -> Tensor:
        x, wanted = pair
        if name == "SpaceTime":
            return spacetime_loss(wrapped(x, wanted.shape[1]), x, wanted, task.d_state)
        return rmse(wrapped(x), wanted)

    def evaluate(_: nn.Module) -> float:
        started = time.perf_counter()
        error = (predict(model, checked[0], task.horizon) - checked[1]).square().mean().item()
        if error < best["error"]:
            best.update(error=error, weights={k: v.clone() for k, v in model.state_dict().items()})
        watch["evaluating"] += time.perf_counter() - started
        return error

    devices.synchronise(device)
    started = time.perf_counter()
    history = fit(
        model,
        batch,
        loss,
        torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=1e-4),
        steps=task.steps,
        device=device,
        schedule=cosine(task.steps),
        clip=1.0,
        evaluate=evaluate,
        evaluate_every=task.every,
        progress=progress,
    )
    devices.synchronise(device)
    spent = (time.perf_counter() - started - watch["evaluating"]) / task.steps
    if best["weights"] is not None:
        model.load_state_dict(best["weights"])
    return model.eval(), spent, history.losses


def forecasting(settings: SpaceTimeSettings, run: Run) -> None:
    """Test error of every forecaster at `horizon`, step by step, and SpaceTime's beyond what it was trained for."""
    task = settings.forecasting
    data = etth1_or_generated(run.generator(70))
    run.uses(data.name)
    past, future = (
        w[:: task.stride].float().to(run.device) for w in data.windows("test", task.lag, task.horizon)
    )
    forecasts = {f"repeat {name}": naive(past, task.horizon, period) for name, period in NAIVE.items()}
    fitting, checking = (
        tuple(w.to(run.device) for w in data.windows(part_of, task.lag, task.horizon))
        for part_of in ("train", "validation")
    )
    for name, level in (("Linear", "none"), ("NLinear", "last")):
        forecasts[name] = best_ridge(level, fitting, checking)(past.double()).float()
    for i, name in enumerate(task.models):
        report = part(run.progress, i / len(task.models), (i + 1) / len(task.models), name)
        model, seconds, losses = train(name, task, data, run.seed, run.device, report)
        forecasts[name] = predict(model, past, task.horizon)
        run.measure("seconds an update", seconds, model=name)
        run.measure("parameters", sum(p.numel() for p in model.parameters()), model=name)
        run.keep(f"losses/{name}", torch.tensor(losses, dtype=torch.float32, device="cpu"))
        if name == "SpaceTime":
            far_past, far = (
                w[:: task.stride].float().to(run.device) for w in data.windows("test", task.lag, task.beyond)
            )
            error = (predict(model, far_past, task.beyond) - far).square().mean(0)
            run.measure("beyond: MSE", error.mean().item(), model=name)
            run.keep(f"beyond/{name}", error)
            run.measure("largest radius", model.decoder.spectral_radius().max().item(), model=name)
    for name, found in forecasts.items():
        error = found - future
        run.measure("MSE", error.square().mean().item(), model=name)
        run.measure("MAE", error.abs().mean().item(), model=name)
        run.measure("RMSE", error.square().mean().sqrt().item(), model=name)
        run.keep(f"by step/{name}", error.square().mean(0))
    shown = [i for i in (s // task.stride for s in SHOWN) if i < len(past)]
    for name in ("NLinear", *task.models):
        run.keep(f"examples/{name}", forecasts[name][shown])
    run.keep("examples/past", past[shown])
    run.keep("examples/future", future[shown])
