"""Fitting a filter while you wait, and timing the kernel's algorithms on this machine."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc

from labkit import device as devices
from labkit.demo import Label, Log, demo
from labkit.device import seed_everything
from labkit.experiment.progress import part, silent
from labkit.state_space.kernels.companion import companion_kernel
from labkit.state_space.spacetime import figures
from labkit.state_space.spacetime.experiment.filters import fit_filters, relative_error, targets
from labkit.state_space.spacetime.experiment.settings import Filters
from labkit.state_space.spacetime.method.layers import unit_norm


@demo("Fit a filter: companion against S4D", slow=True)
def filter_fit(
    target: Annotated[
        Literal["difference", "AR(6)", "MA-24 residual", "delay 16"],
        Label("impulse response"),
        doc("to be fitted"),
    ] = "delay 16",
    d: Annotated[int, Interval(ge=8, le=64), MultipleOf(8), Label("state size d")] = 32,
    steps: Annotated[int, Interval(ge=50, le=400), MultipleOf(50), doc("updates of Adam")] = 300,
    rival: Annotated[Literal["S4D-Lin", "S4D-LegS", "S4"], doc("the discretised system")] = "S4D-Lin",
    rate: Annotated[float, Interval(ge=0.01, le=0.3), Log(per_decade=6), Label("learning rate")] = 0.1,
    device: str = "auto",
    progress=silent,
) -> go.Figure:
    """Each system learns one impulse response. The delay of 16 is where they part: the companion and the shift put
    a single tap at 16, S4D rings. Give S4D more steps, or more states: it rings less, and never stops. On six
    taps of AR(6) it does well; look at the lower picture for what is left behind the sixth tap. With d below 16 the
    shift has no tap where the delay needs it, and the companion must feed back.
    """
    place = devices.resolve(device)
    task = Filters(steps=steps, d_state=d)
    wanted = targets(task.length, place)[target]
    rows = wanted.expand(task.draws, -1)
    found, errors = {}, {}
    kinds = ("companion", "shift", rival)
    for i, kind in enumerate(kinds):
        seed_everything(0)
        report = part(progress, i / len(kinds), (i + 1) / len(kinds), kind)
        responses, _ = fit_filters(kind, rows, task, rate, place, report)
        all_errors = relative_error(responses, rows)
        best = int(all_errors.argmin())
        found[kind], errors[kind] = responses[best], all_errors[best].item()
    return figures.fitted(wanted, found, errors, title=f"{target}, d = {d}, after {steps} updates")


@demo("What a kernel costs: FFT against squaring", slow=True)
def cost(
    d: Annotated[int, Interval(ge=16, le=256), Log(per_decade=4), Label("state size d")] = 128,
    length: Annotated[
        int, Interval(ge=128, le=4096), Log(per_decade=4), Unit("steps"), Label("length L")
    ] = 1024,
    device: str = "auto",
    progress=silent,
) -> tuple[go.Figure, go.Figure]:
    """Measured now, on this machine: 16 kernels. On the left d varies at your L, on the right L at your d. Squaring
    the matrix costs d³ for every doubling, so its line is steep in d and nearly flat in L; the FFT's lines rise a
    little with either. The power series pays for having no pole: five times as much at $d = 512$.
    """
    place = devices.resolve(device)
    states = sorted({16, 32, 64, 128, 256, d})
    lengths = sorted({128, 512, 1024, 4096, length})
    total, done = len(states) + len(lengths), 0
    drawn = []
    for axis, points in (("state size d", states), ("length L (steps)", lengths)):
        seconds: dict[str, dict[int, float]] = {}
        for point in points:
            size, L = (point, length) if points is states else (d, point)
            for method, work in _works(size, L, place).items():
                repeats = 1 if method == "doubling" else 5
                seconds.setdefault(method, {})[point] = devices.seconds(work, place, repeats)
            done += 1
            progress(done / total, f"{axis}: {point}")
        fixed = f"L = {length}" if points is states else f"d = {d}"
        drawn.append(figures.cost(seconds, axis, title=f"16 kernels, {fixed}"))
    return tuple(drawn)


def _works(d: int, L: int, device: torch.device) -> dict:
    generator = torch.Generator(device="cpu").manual_seed(0)
    a, b, c = (torch.randn(16, d, device="cpu", generator=generator).to(device) for _ in range(3))
    a = unit_norm(a, 1, "a")
    return {
        "roots (c~ learnt)": lambda: companion_kernel(a, b, c_tilde=c, L=L),
        "series": lambda: companion_kernel(a, b, c, L=L),
        "doubling": lambda: companion_kernel(a, b, c, L=L, method="doubling"),
    }
