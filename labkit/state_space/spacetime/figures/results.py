"""The experiment's Results as pictures."""

import pandas as pd
import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import MUTED, TRUTH, array, claims_figure, figure, panels
from labkit.state_space.spacetime.figures import filters as pictures
from labkit.state_space.spacetime.figures.loops import by_step
from labkit.state_space.spacetime.figures.style import colour_of

NAMED = ("repeat last value", "repeat yesterday", "repeat last week")


def filter_fit(result: Result) -> go.Figure:
    """Squared error of every kind at every response (the mean over seeds), logarithmic."""
    rows = result.rows("filters", "relative squared error")
    drawn = figure("Which filters can each system learn?", "impulse response", "squared error, relative")
    for kind, group in rows.groupby("kind", sort=False):
        mean = group.groupby("target", sort=False)["value"].mean()
        drawn.add_bar(x=list(mean.index), y=list(mean), name=kind, marker_color=colour_of(kind))
    drawn.update_yaxes(type="log")
    drawn.update_layout(barmode="group")
    return drawn


def rolled(result: Result) -> go.Figure:
    """The fitted AR(6), fed with its own predictions."""
    drawn = figure("The fitted AR(6) forecasts 100 steps on its own predictions", "steps ahead", "u")
    truth = array(result.tensors["filters/rolled/wanted"])
    drawn.add_scatter(y=truth, name="three sinusoids", line={"color": TRUTH, "width": 3})
    for kind in ("companion", "shift", "S4D-Lin", "S4"):
        values = array(result.tensors[f"filters/rolled/{kind}"])
        drawn.add_scatter(y=values, name=kind, line={"color": colour_of(kind), "width": 1.5})
    bound = 1.6 * float(abs(truth).max())
    drawn.update_yaxes(range=[-bound, bound])
    return drawn


def cost(result: Result) -> go.Figure:
    """Time of the kernel's three algorithms against d."""
    rows = result.rows("cost", "seconds")
    return pictures.cost(
        _times(rows[rows["L"] == 1024], "d"), "state size d", title="16 kernels of 1024 steps"
    )


def cost_by_length(result: Result) -> go.Figure:
    """... and against L."""
    rows = result.rows("cost", "seconds")
    return pictures.cost(_times(rows[rows["d"] == 64], "L"), "length L (steps)", title="16 kernels, d = 64")


def sinusoid_loops(result: Result) -> go.Figure:
    """Error of the closed loops at and beyond their training horizon."""
    curves = _kept(result, "sinusoid_loops/by step/")
    trained = result.settings["sinusoids"]["horizon"]
    title = "Closed loops on three sinusoids: step by step"
    drawn = by_step(curves, trained, title=title, colours={name: colour_of(name) for name in curves})
    drawn.update_yaxes(type="log")
    return drawn


def forecast_errors(result: Result) -> go.Figure:
    """Test MSE of every forecaster on the oil temperature: a dot a seed, a bar at the mean."""
    rows = result.rows("forecasting", "MSE")
    mean = rows.groupby("model", sort=False)["value"].mean().sort_values(ascending=False)
    task = result.settings["forecasting"]
    drawn = figure(
        f"{result.data[0]}: {task['horizon']} hours from the last {task['lag']}",
        "test MSE (standardised)",
        "",
        height=160 + 40 * len(mean),
    )
    drawn.add_bar(
        x=list(mean),
        y=list(mean.index),
        orientation="h",
        marker_color=[colour_of(name) for name in mean.index],
        showlegend=False,
        text=[f"{value:.4f}" for value in mean],
        textposition="inside",
    )
    drawn.add_scatter(
        x=list(rows["value"]),
        y=list(rows["model"]),
        mode="markers",
        name="one seed",
        marker={"color": TRUTH, "size": 7, "symbol": "line-ns-open"},
    )
    drawn.update_layout(margin_l=150)
    return drawn


def forecast_by_step(result: Result) -> go.Figure:
    """Error of every step of the forecast."""
    curves = {k: v for k, v in _kept(result, "forecasting/by step/").items() if k not in NAMED[::2]}
    title = f"{result.data[0]}: error against how far ahead (first seed)"
    return by_step(curves, 0, title=title, colours={name: colour_of(name) for name in curves})


def forecast_examples(result: Result) -> go.Figure:
    """Four windows of the test part: the last week, what came, and what was forecast."""
    tensors = result.tensors
    past, future = array(tensors["forecasting/examples/past"]), array(tensors["forecasting/examples/future"])
    names = ["NLinear", *result.settings["forecasting"]["models"]]
    drawn = panels(
        f"{result.data[0]}: four windows of the test part",
        [""] * len(past),
        rows=2,
        height=620,
        horizontal_spacing=0.12,
    )
    for i in range(len(past)):
        at = {"row": i // 2 + 1, "col": i % 2 + 1}
        shown = past[i][-120:]
        drawn.add_scatter(
            x=list(range(-len(shown), 0)), y=shown, line_color=MUTED, name="past", showlegend=i == 0, **at
        )
        drawn.add_scatter(
            y=future[i], line={"color": TRUTH, "width": 2.5}, name="what came", showlegend=i == 0, **at
        )
        for name in names:
            drawn.add_scatter(
                y=array(tensors[f"forecasting/examples/{name}"])[i],
                name=name,
                line={"color": colour_of(name), "width": 1.5},
                showlegend=i == 0,
                **at,
            )
        drawn.update_xaxes(title_text="hours from now", row=at["row"], col=at["col"])
        drawn.update_yaxes(title_text="temperature (std)", row=at["row"], col=at["col"])
    return drawn


def _kept(result: Result, prefix: str) -> dict:
    return {
        name.removeprefix(prefix): array(values)
        for name, values in result.tensors.items()
        if name.startswith(prefix)
    }


def _times(rows: pd.DataFrame, axis: str) -> dict[str, dict[int, float]]:
    return {
        method: {int(x): s for x, s in group.groupby(axis)["value"].mean().items()}
        for method, group in rows.groupby("method", sort=False)
    }


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "filters": (filter_fit, rolled),
        "cost": (cost, cost_by_length),
        "sinusoid_loops": (sinusoid_loops,),
        "forecasting": (forecast_errors, forecast_by_step, forecast_examples),
    }
    present = set(result.metrics["stage"])
    drawn = {
        make.__name__: make(result) for stage, made in makers.items() if stage in present for make in made
    }
    return {**drawn, "claims": claims_figure(result.claims)}
