"""The experiment's Results as pictures."""

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import claims_figure, figure
from labkit.state_space.hippo.figures.errors import delay_errors
from labkit.state_space.hippo.figures.style import colour_of


def reconstruction_by_order(result: Result) -> go.Figure:
    """Error of the reconstruction against the state size, one line a measure."""
    rows = result.rows("reconstruction", "weighted error")
    drawn = figure("Reconstruction of the history", "state size N", "relative error, weighted by the measure")
    for measure, group in rows.groupby("measure", sort=False):
        mean = group.groupby("N")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index),
            y=list(mean),
            name=measure,
            mode="lines+markers",
            line={"color": colour_of(measure)},
        )
    drawn.update_xaxes(type="log", tickvals=sorted(rows["N"].unique()))
    drawn.update_yaxes(type="log")
    return drawn


def memory_by_age(result: Result) -> go.Figure:
    """Error of the reconstruction against how long ago: graceful decay, sharp windows, even coarseness."""
    rows = result.rows("reconstruction", "error by age")
    largest = rows[rows["N"] == rows["N"].max()]
    drawn = figure(
        f"What is left of the past (N = {int(rows['N'].max())})", "age of the memory (s)", "relative error"
    )
    for measure, group in largest.groupby("measure", sort=False):
        mean = group.groupby("age")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index),
            y=list(mean),
            name=measure,
            mode="lines+markers",
            line={"color": colour_of(measure)},
        )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def delay_by_delta(result: Result) -> go.Figure:
    """The delay task with a ridge readout: every measure against Delta times lag (the largest N, all lags)."""
    rows = result.rows("delay", "nrmse")
    rows = rows[rows["N"] == 64]
    mean = rows.groupby(["measure", "product"], sort=False)["value"].mean().unstack("product")
    errors = {name: list(values) for name, values in mean.iterrows()}
    return delay_errors(errors, [float(p) for p in mean.columns])


def trained_delay(result: Result) -> go.Figure:
    """The trained delay: loss of each initialisation for each range of Delta."""
    rows = result.rows("trained_delay", "nrmse")
    drawn = figure(
        "A trained S4 layer learns a delay", "range of Δ · lag at initialisation", "NRMSE after training"
    )
    for name, group in rows.groupby("init", sort=False):
        mean = group.groupby("range", sort=False)["value"].mean()
        drawn.add_bar(x=list(mean.index), y=list(mean), name=name, marker_color=colour_of(name))
    drawn.update_layout(barmode="group")
    return drawn


def digits(result: Result) -> go.Figure:
    """Accuracy on sequential digits after each epoch, one line an initialisation."""
    rows = result.rows("digits", "test accuracy")
    drawn = figure("Sequential digits: S4 with four initialisations", "epoch", "test accuracy")
    for name, group in rows.groupby("init", sort=False):
        mean = group.groupby("epoch")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index), y=list(mean), name=name, mode="lines+markers", line={"color": colour_of(name)}
        )
    drawn.update_yaxes(range=[0, 1.02])
    return drawn


def real_series(result: Result) -> go.Figure:
    """Error of the reconstruction of real series over the memory's length."""
    rows = result.rows("real_series", "weighted error")
    drawn = figure("Real series, streamed", "series", "relative error, weighted by the measure")
    for measure, group in rows.groupby("measure", sort=False):
        drawn.add_bar(
            x=list(group["series"]), y=list(group["value"]), name=measure, marker_color=colour_of(measure)
        )
    drawn.update_layout(barmode="group")
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "reconstruction": (reconstruction_by_order, memory_by_age),
        "delay": (delay_by_delta,),
        "real_series": (real_series,),
        "trained_delay": (trained_delay,),
        "digits": (digits,),
    }
    present = set(result.metrics["stage"])
    drawn = {
        make.__name__: make(result) for stage, made in makers.items() if stage in present for make in made
    }
    return {**drawn, "claims": claims_figure(result.claims)}
