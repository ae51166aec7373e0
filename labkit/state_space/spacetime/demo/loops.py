"""Trained closed loops, past the horizon that they were trained for."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, Unit, doc

from labkit.demo import Label, demo
from labkit.state_space.spacetime import figures
from labkit.state_space.spacetime.experiment.loops import waves
from labkit.state_space.spacetime.experiment.shipped import settings, trained


@demo("Open and closed loop, past the training horizon")
def open_and_closed(
    horizon: Annotated[
        int,
        Interval(ge=16, le=512),
        MultipleOf(16),
        Unit("steps"),
        doc("no retraining: only more steps of A + bkᵀ"),
    ] = 192,
    training: Annotated[
        Literal["one horizon", "mixed horizons"],
        Label("trained at"),
        doc("64 steps, or 64, 128 and 256 in turn"),
    ] = "one horizon",
    seed: Annotated[int, Interval(ge=0, le=99), doc("other amplitudes and phases")] = 0,
) -> go.Figure:
    """Press Play. The open loop is shown each true value before it predicts the next: its error stays where it is.
    The closed loop sees nothing after the lag but its own guesses. Draw the horizon past the dashed line: where the
    spectral radius of A + bkᵀ, in the title, is above 1, the error grows without end, slowly or fast. Then take
    the loop that was trained at mixed horizons.
    """
    name = "SpaceTime" if training == "one horizon" else "SpaceTime, mixed horizons"
    model, task = trained(name), settings().sinusoids
    u = waves(1, task.lag + horizon, torch.Generator(device="cpu").manual_seed(seed))
    past, future = u[:, : task.lag], u[:, task.lag :]
    with torch.no_grad():
        closed = model.forecast(past, horizon)[0, :, 0]
        # one step ahead at each moment, from the true values up to it; the level is the lag's mean
        mean = past.mean(1, keepdim=True)
        opened, _ = model.decoder.open_loop(model.encoder(u - mean))
        opened = (model.head(opened) + mean)[0, task.lag - 1 : -1, 0]
    radius = model.decoder.spectral_radius()
    above = int((radius > 1).sum())
    reach = task.horizon if training == "one horizon" else max(task.mixed)
    return figures.open_and_closed(
        past[0, :, 0],
        future[0, :, 0],
        opened,
        closed.clamp(-1e3, 1e3),
        reach,
        title=f"Largest radius of A + bkᵀ: {radius.max():.4f} ({above} of {len(radius)} systems above 1)",
    )
