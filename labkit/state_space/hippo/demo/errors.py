"""How much is left of the past: the error map."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor

from labkit.demo import Label, Log, Step, demo
from labkit.state_space.hippo import figures
from labkit.state_space.hippo.demo.controls import Frequency, Measure
from labkit.state_space.hippo.demo.signals import LENGTH, arange, discrete_kernels
from labkit.state_space.hippo.method import OrthogonalSSM, white_signal

_ORDERS = (4, 8, 16, 32, 64)
_DELTAS = tuple(round(10 ** (-4 + i / 4), 6) for i in range(13))


@demo("Error map: how much is left, of when")
def error_map(
    measure: Measure = "LegS",
    across: Annotated[
        Literal["lag", "Δ"],
        Label("across"),
        doc("the lag at one Δ, or Δ at one lag (with the line 1/Δ = lag)"),
    ] = "lag",
    dt: Annotated[float, Interval(ge=5e-4, le=0.1), Log(per_decade=10), Label("Δ")] = 0.004,
    lag: Annotated[int, Interval(ge=10, le=900), Step(10), Unit("steps")] = 250,
    frequency: Frequency = 8.0,
) -> go.Figure:
    """Dark is remembered, bright is lost (a relative error of 1 is no memory at all). Across the lag: LegS fades,
    the windows are sharp. Across Δ: the dashed line is the Δ whose memory 1/Δ is just as long as the lag; right of it
    a window has forgotten, far left of it N is too small for so long a memory.
    """
    generator = torch.Generator(device="cpu").manual_seed(1)
    u = white_signal(LENGTH * 1e-3, 1e-3, frequency, batch=24, generator=generator, dtype=torch.float64)[
        :, :LENGTH
    ]
    history = u.flip(-1)
    if across == "lag":
        edges = torch.linspace(0, 1000, 41, device="cpu").round().long()
        errors = torch.stack([_error_by_lag(OrthogonalSSM(measure, N, dt), history, edges) for N in _ORDERS])
        return figures.error_map(
            ((edges[1:] + edges[:-1]) / 2).tolist(),
            _ORDERS,
            errors,
            title=f"{measure}, Δ = {dt:g}: error of the reconstruction",
            x_name="lag (steps)",
            marker=1 / dt if 1 / dt <= 1000 else None,
            marker_name="lag = 1/Δ",
        )
    edges = torch.tensor([max(0, lag - 5), lag + 5], device="cpu")
    errors = torch.stack(
        [
            torch.stack(
                [_error_by_lag(OrthogonalSSM(measure, N, delta), history, edges)[0] for delta in _DELTAS]
            )
            for N in _ORDERS
        ]
    )
    return figures.error_map(
        _DELTAS,
        _ORDERS,
        errors,
        title=f"{measure}: error of the reconstruction {lag} steps ago",
        x_name="Δ",
        log_x=True,
        marker=1 / lag,
        marker_name="1/Δ = lag",
    )


def _error_by_lag(ssm: OrthogonalSSM, history: Tensor, edges: Tensor) -> Tensor:
    """The relative error between consecutive edges, at the end of every signal."""
    lags = arange(int(edges[-1])) + 0.5
    state = history @ discrete_kernels(ssm.measure_name, ssm.N, ssm.dt, history.shape[-1]).T
    read = ssm.reconstruct(state, lags)
    truth = history[:, : len(lags)]
    missed, size = (read - truth).square().sum(0), truth.square().sum(0)
    parts = [
        (missed[a:b].sum() / size[a:b].sum().clamp(min=1e-12)).sqrt()
        for a, b in edges.unfold(0, 2, 1).tolist()
    ]
    return torch.stack(parts)
