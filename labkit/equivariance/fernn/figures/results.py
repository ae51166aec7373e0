"""Pictures of a Result, and the curves that demos share with them."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float
from torch import Tensor

from labkit.equivariance.figures import error_curve
from labkit.experiment import Result
from labkit.plotting import COLOURS, MUTED, SEQUENTIAL, array, claims_figure, figure, panels, thin

_ORDER = ("G-RNN", "FERNN-V1", "FERNN-V2", "FERNN", "FERNN, cyclic V", "RNN", "G-RNN+", "3D-CNN")
_COLOUR = dict(zip(_ORDER, COLOURS, strict=True))
_READOUT = {"aligned": COLOURS[1], "reference": COLOURS[2]}  # of the one model with both


def colour_of(model: str) -> str:
    """The colour that a model has in all of the paper's pictures."""
    return _COLOUR.get(model.split(", aligned")[0].split(", reference")[0], COLOURS[6])


def length_curves(errors: Mapping[str, Sequence[float]], trained: int, *, title: str) -> go.Figure:
    """Error against the predicted frame, with the trained horizon marked."""
    drawn = figure(title, "predicted frame", "MSE")
    for name, values in errors.items():
        drawn.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour_of(name), "width": 2.5},
        )
    drawn.add_vline(
        x=trained + 0.5, line={"dash": "dot", "color": MUTED}, annotation_text="trained up to here"
    )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def velocity_curves(
    errors: Mapping[str, Mapping[float, float]], *, title: str, trained: Sequence[int] = (), log: bool = False
) -> go.Figure:
    """Error against the stimulus's velocity, with the training velocities shaded."""
    drawn = figure(title, "velocity (pixels a frame)", "MSE")
    for name, values in errors.items():
        dash = "dash" if "reference" in name else "solid"
        colour = _READOUT.get(name.rpartition(", ")[2], colour_of(name))
        drawn.add_scatter(
            x=list(values),
            y=list(values.values()),
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2.5, "dash": dash},
        )
    if trained:
        drawn.add_vrect(
            min(trained) - 0.5,
            max(trained) + 0.5,
            fillcolor=MUTED,
            opacity=0.2,
            line_width=0,
            annotation_text="trained",
        )
    drawn.update_yaxes(type="log" if log else "linear")
    return drawn


def training_curves(losses: Mapping[str, Float[Tensor, " steps"]], *, title: str) -> go.Figure:
    """The smoothed training loss of every model."""
    drawn = figure(title, "step", "training loss (running mean)")
    for name, values in losses.items():
        drawn.add_scatter(
            x=thin(np.arange(len(values)), 200),
            y=thin(values, 200),
            name=name,
            line={"color": colour_of(name), "width": 2.5},
        )
    drawn.update_yaxes(type="log")
    return drawn


def predictions(strips: Mapping[str, Float[Tensor, "time space"]], given: int, *, title: str) -> go.Figure:
    """Space-time pictures of the truth and of each model's prediction; the line is where the prediction begins."""
    drawn = panels(title, list(strips), columns=len(strips), height=420, horizontal_spacing=0.03)
    for column, values in enumerate(strips.values(), start=1):
        drawn.add_heatmap(
            z=array(values.clamp(0, 1)).round(3),
            zmin=0,
            zmax=1,
            colorscale=SEQUENTIAL,
            showscale=False,
            row=1,
            col=column,
        )
        drawn.add_hline(y=given - 0.5, line={"color": COLOURS[1], "width": 2}, row=1, col=column)
        drawn.update_xaxes(title_text="x (pixels)", showgrid=False, row=1, col=column)
        drawn.update_yaxes(
            title_text="time (frames)" if column == 1 else "", autorange="reversed", row=1, col=column
        )
    return drawn


def error_by_model(result: Result) -> go.Figure:
    """Equivariance errors by step, before any training."""
    rows = result.rows("exactness", "relative error")
    lines = {
        f"{model}: {space}": list(group.groupby("step")["value"].mean())
        for (model, space), group in rows.groupby(["model", "space"], sort=False)
    }
    return error_curve(
        list(range(6)),
        lines,
        title="How equivariant before training (float64)",
        x_name="step",
        y_name="relative error |a-b| / (|a|+|b|)",
    )


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    present = set(result.metrics["stage"])
    drawn: dict[str, go.Figure] = {"error_by_model": error_by_model(result)} if "exactness" in present else {}
    if "strips" in present:
        drawn["training"] = training_curves(_losses(result, "strips"), title="Two bars on a ring: learning")
        drawn["length"] = length_curves(
            _curves(result, "strips", "mse by horizon", "step"),
            result.settings["strips"]["predicted"],
            title="Two bars on a ring: how far ahead",
        )
        radius = result.settings["strips"]["radius"]
        drawn["velocity"] = velocity_curves(
            _points(result, "strips", "mse by velocity", "velocity"),
            title="One bar, at every velocity",
            trained=range(-radius, radius + 1),
        )
    if "transfer" in present:
        drawn["transfer"] = velocity_curves(
            _points(result, "transfer", "mse by velocity", "velocity"),
            title="Trained on still bars, tested on moving ones",
            trained=[0],
            log=True,
        )
    for stage, words in (("planes", "Digits on a torus"), ("rotation", "Turning digits")):
        if stage in present:
            drawn[f"{stage}_length"] = length_curves(
                _curves(result, stage, "mse by horizon", "step"),
                result.settings[stage]["predicted"],
                title=f"{words}: how far ahead",
            )
            drawn[f"{stage}_training"] = training_curves(_losses(result, stage), title=f"{words}: learning")
    if "clips" in present:
        drawn["clips"] = _accuracy(result)
    return {**drawn, "claims": claims_figure(result.claims)}


def _accuracy(result: Result) -> go.Figure:
    rows = result.rows("clips", "accuracy by speed")
    drawn = figure("Six actions before a moving camera", "camera's speed (pixels a frame)", "accuracy")
    for name, group in rows.groupby("model", sort=False):
        mean = group.groupby("speed")["value"].mean()
        drawn.add_bar(x=list(mean.index), y=list(mean), name=name, marker_color=colour_of(name))
    drawn.update_layout(barmode="group")
    drawn.update_yaxes(range=[0, 1])
    return drawn


def _curves(result: Result, stage: str, metric: str, by: str) -> dict[str, list[float]]:
    return {name: list(values.values()) for name, values in _points(result, stage, metric, by).items()}


def _points(result: Result, stage: str, metric: str, by: str) -> dict[str, dict[float, float]]:
    rows = result.rows(stage, metric)
    return {
        name: dict(group.groupby(by)["value"].mean()) for name, group in rows.groupby("model", sort=False)
    }


def _losses(result: Result, stage: str) -> dict[str, Tensor]:
    start = f"{stage}/losses/"
    return {name.removeprefix(start): v for name, v in result.tensors.items() if name.startswith(start)}
