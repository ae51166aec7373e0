"""(a) Which filters can a system be? Each kind is fitted to four finite impulse responses."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part, silent
from labkit.state_space.layers import S4Layer
from labkit.state_space.spacetime.experiment.settings import Filters, SpaceTimeSettings
from labkit.state_space.spacetime.method import CompanionSSM, from_ar, pascal, residual_taps, sinusoid_ar
from labkit.training import cosine, fit

KINDS = ("companion", "shift", "S4D-Lin", "S4D-LegS", "S4")
FREQUENCIES = (0.31, 0.83, 1.7)  # radians a step, of the AR(6)
CONTEXT, ROLLED = 200, 100


def ar6(dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Float[Tensor, "6"]:
    """phi of the AR(6) that continues three sinusoids."""
    return sinusoid_ar(torch.tensor(FREQUENCIES, dtype=dtype, device=device))


def sinusoids(t: Float[Tensor, " length"]) -> Float[Tensor, " length"]:
    """One signal that it continues."""
    w = torch.tensor(FREQUENCIES, dtype=t.dtype, device=t.device)[:, None]
    return torch.sin(w * t + 5 * w).sum(0)


def targets(length: int, device: torch.device | str = "cpu") -> dict[str, Float[Tensor, " length"]]:
    """The impulse responses to be fitted, in float64, padded with zeros."""
    delay = torch.zeros(17, dtype=torch.float64, device=device)
    delay[16] = 1
    taps = {
        "difference": pascal(1, device=device),
        "AR(6)": ar6(device=device),
        "MA-24 residual": residual_taps(24, device=device),
        "delay 16": delay,
    }
    return {name: nn.functional.pad(t, (0, length - len(t))) for name, t in taps.items()}


class Kernels(nn.Module):
    """`count` independent systems of one kind and d states, as their impulse responses."""

    def __init__(self, kind: str, count: int, d_state: int):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
        self.kind = kind
        if kind in ("companion", "shift"):
            self.system = CompanionSSM(count, count, d_state, skip=False, kind=kind, init="xavier")
        else:
            mode, init = {"S4D-Lin": ("diag", "lin"), "S4D-LegS": ("diag", "legs"), "S4": ("dplr", "legs")}[
                kind
            ]
            self.system = S4Layer(count, d_state, mode=mode, init=init, activation="none")

    def forward(self, length: int) -> Float[Tensor, "count length"]:
        """Each system's answer to a unit impulse; S4's and S4D's include their D."""
        if self.kind in ("companion", "shift"):
            return self.system.kernel(length)
        k = self.system.kernel(length)[0]
        return torch.cat([k[:, :1] + self.system.D[:, None], k[:, 1:]], dim=1)


def relative_error(
    found: Float[Tensor, "count length"], wanted: Float[Tensor, "count length"]
) -> Float[Tensor, " count"]:
    """|found - wanted|^2 / |wanted|^2 of each row."""
    return (found - wanted).square().sum(-1) / wanted.square().sum(-1)


def fit_filters(
    kind: str,
    wanted: Float[Tensor, "count length"],
    task: Filters,
    rate: float,
    device: torch.device,
    progress: Progress = silent,
) -> tuple[Float[Tensor, "count length"], list[float]]:
    """The fitted responses, and the losses. Rows do not touch each other: Adam treats each parameter alone."""
    model = Kernels(kind, len(wanted), task.d_state)
    target = wanted.float().to(device)
    history = fit(
        model,
        lambda step: target,
        lambda model, target: relative_error(model(target.shape[-1]), target).sum(),
        torch.optim.Adam(model.parameters(), lr=rate),
        steps=task.steps,
        device=device,
        schedule=cosine(task.steps),
        progress=progress,
    )
    with torch.no_grad():
        return model(target.shape[-1]).double(), history.losses


def roll(kernel: Float[Tensor, " length"], past: Float[Tensor, " lag"], horizon: int) -> Tensor:
    """The filter as an autoregression, u_{t+1} = sum_l K_l u_{t-l}, fed with its own predictions."""
    u = past
    for _ in range(horizon):
        n = min(len(kernel), len(u))
        u = torch.cat([u, (kernel[:n] * u[-n:].flip(0)).sum()[None]])
    return u[len(past) :]


def filters(settings: SpaceTimeSettings, run: Run) -> None:
    """The fit of every kind to every response, the best of draws and rates; the fitted AR(6) is then rolled out."""
    task = settings.filters
    wanted = targets(task.length, run.device)
    names = [name for name in wanted for _ in range(task.draws)]
    rows = torch.stack([wanted[name] for name in names])
    t = torch.arange(CONTEXT + ROLLED, dtype=torch.float64, device=run.device)
    truth = sinusoids(t)
    runs = [(kind, rate) for kind in KINDS for rate in task.rates]
    best: dict[tuple[str, str], tuple[float, Tensor]] = {}
    for i, (kind, rate) in enumerate(runs):
        seed_everything(run.seed)
        report = part(run.progress, i / len(runs), (i + 1) / len(runs), kind)
        found, _ = fit_filters(kind, rows, task, rate, run.device, report)
        for name, error, response in zip(names, relative_error(found, rows).tolist(), found, strict=True):
            if (name, kind) not in best or error < best[name, kind][0]:
                best[name, kind] = error, response
    for (name, kind), (error, response) in best.items():
        run.measure("relative squared error", error, kind=kind, target=name)
        run.keep(f"{name}/{kind}", response.float())
        if name == "AR(6)":
            rolled = roll(response, truth[:CONTEXT], ROLLED)
            error = (rolled - truth[CONTEXT:]).square().mean() / truth.square().mean()
            run.measure("rolled", error.item(), kind=kind, target=name)
            run.keep(f"rolled/{kind}", rolled.float())
    for name, taps in wanted.items():
        run.keep(f"{name}/wanted", taps.float())
    run.keep("rolled/wanted", truth[CONTEXT:].float())


def autoregression(settings: SpaceTimeSettings, run: Run) -> None:
    """The AR(6) written down as a closed loop continues its sinusoids to rounding."""
    t = torch.arange(CONTEXT + ROLLED, dtype=torch.float64, device=run.device)
    truth = sinusoids(t)
    found = from_ar(ar6(device=run.device)).forecast(truth[None, :CONTEXT], ROLLED)[0]
    run.measure("largest error", (found - truth[CONTEXT:]).abs().max().item())
