"""HiPPO's pictures: tensors and results in, Plotly figures out. Nothing is computed or trained here."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.experiment import Result
from labkit.plotting import (
    COLOURS,
    DIVERGING,
    ESTIMATE,
    MEASURE,
    MUTED,
    SEQUENTIAL,
    TRUTH,
    animate,
    array,
    claims_figure,
    figure,
    panels,
    thin,
)

MEASURE_COLOURS = dict(
    zip(("LegS", "LegT", "FouT", "LagT", "scaled LegS", "LMU", "random"), COLOURS, strict=False)
)
POINTS = 600
FRAMES = 120


def colour_of(measure: str) -> str:
    """The colour that a measure has in all of the paper's pictures."""
    for name, colour in MEASURE_COLOURS.items():
        if measure == name:
            return colour
    return MEASURE_COLOURS["random"]


# ---------------------------------------------------------------- bases, warp, spectrum


def basis(
    lags: Float[Tensor, " lag"],
    curves: Float[Tensor, "order lag"],
    names: Sequence[str],
    measure: Float[Tensor, " lag"],
    *,
    title: str,
    y: str,
) -> go.Figure:
    """Basis functions or kernels against the lag, with the measure as a filled area behind them."""
    drawn = figure(title, "lag: how long ago (steps)", y, height=460)
    x = thin(lags, POINTS)
    drawn.add_scatter(
        x=x,
        y=thin(measure, POINTS),
        name="measure w",
        fill="tozeroy",
        mode="lines",
        line={"color": MEASURE, "width": 1},
        fillcolor="rgba(0,158,115,0.15)",
    )
    for index, (name, curve) in enumerate(zip(names, curves, strict=True)):
        colour = COLOURS[index % len(COLOURS)]
        drawn.add_scatter(
            x=x, y=thin(curve, POINTS), name=name, mode="lines", line={"color": colour, "width": 2}
        )
    drawn.add_hline(y=0, line={"color": MUTED, "width": 1})
    return drawn


def warp(
    lags: Float[Tensor, " lag"],
    positions: Float[Tensor, " lag"],
    curves: Float[Tensor, "order lag"],
    names: Sequence[str],
    *,
    title: str,
    position_name: str,
) -> go.Figure:
    """The same functions twice: against time, and against the warped time, where they are plain polynomials."""
    drawn = panels(title, ("against the lag t", f"against {position_name}"), horizontal_spacing=0.09)
    for index, (name, curve) in enumerate(zip(names, curves, strict=True)):
        line = {"color": COLOURS[index % len(COLOURS)], "width": 2}
        drawn.add_scatter(
            x=thin(lags, POINTS), y=thin(curve, POINTS), name=name, legendgroup=name, line=line, row=1, col=1
        )
        drawn.add_scatter(
            x=thin(positions, POINTS),
            y=thin(curve, POINTS),
            name=name,
            legendgroup=name,
            showlegend=False,
            line=line,
            row=1,
            col=2,
        )
    drawn.update_xaxes(title_text="lag t (units of 1/Δ)", row=1, col=1)
    drawn.update_xaxes(title_text=position_name, row=1, col=2)
    drawn.update_yaxes(title_text="p_n", row=1, col=1)
    drawn.update_yaxes(title_text="p_n", row=1, col=2)
    return drawn


def spectrum(
    continuous: Complex[Tensor, " order"],
    discrete: Complex[Tensor, " order"],
    *,
    title: str,
    aliased: Sequence[bool],
) -> go.Figure:
    """Eigenvalues of A in the left half-plane, and of the discretised A against the unit circle."""
    drawn = panels(title, ("A: continuous time", "Ā: one step"), height=480, horizontal_spacing=0.1)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = {"color": TRUTH, "width": 1, "dash": "dot"}
    drawn.add_scatter(
        x=np.cos(angle),
        y=np.sin(angle),
        mode="lines",
        line=circle,
        name="unit circle",
        hoverinfo="skip",
        row=1,
        col=2,
    )
    inside = discrete.abs() <= 1 + 1e-9
    for label, chosen, colour in (
        ("stable", [bool(i) and not a for i, a in zip(inside, aliased, strict=True)], COLOURS[0]),
        ("aliased: Δ|Im λ| > π", [bool(i) and a for i, a in zip(inside, aliased, strict=True)], COLOURS[4]),
        ("outside the circle: explodes", [not bool(i) for i in inside], ESTIMATE),
    ):
        keep = np.array(chosen, dtype=bool)
        for column, values in ((1, continuous), (2, discrete)):
            points = values.detach().cpu().numpy()[keep]
            drawn.add_scatter(
                x=points.real,
                y=points.imag,
                mode="markers",
                name=label,
                legendgroup=label,
                showlegend=column == 1,
                marker={"color": colour, "size": 8, "line": {"color": "white", "width": 1}},
                hovertemplate="%{x:.4g} + %{y:.4g}i<extra></extra>",
                row=1,
                col=column,
            )
    for column, names in ((1, ("Re λ (1/time)", "Im λ (1/time)")), (2, ("Re", "Im"))):
        drawn.update_xaxes(title_text=names[0], row=1, col=column)
        drawn.update_yaxes(title_text=names[1], row=1, col=column)
    drawn.update_xaxes(scaleanchor="y2", scaleratio=1, row=1, col=2)
    return drawn


# ---------------------------------------------------------------- streaming


def streaming(
    times: Float[Tensor, " length"],
    signal: Float[Tensor, " length"],
    moments: Sequence[int],
    pasts: Sequence[Float[Tensor, " past"]],
    reconstructions: Sequence[Float[Tensor, " past"]],
    measures: Sequence[Float[Tensor, " past"]],
    states: Float[Tensor, "frame order"],
    *,
    title: str,
    time_name: str,
    signal_name: str,
    errors: Sequence[float],
) -> go.Figure:
    """A signal streaming past: at each moment the reconstruction of its history, the measure, the state.

    Args:
        moments: the indices into `times` that are "now", one a frame.
        pasts, reconstructions, measures: for each frame, times before now, the history read back from
            the state there, and the measure there.
        errors: for each frame, the error weighted by the measure.
    """
    drawn = panels(
        title,
        ("history, and what the state says it was", "state x_n", ""),
        rows=2,
        columns=2,
        height=580,
        column_widths=[0.76, 0.24],
        row_heights=[0.74, 0.26],
        shared_xaxes=True,
        vertical_spacing=0.06,
        horizontal_spacing=0.08,
        specs=[[{}, {"rowspan": 2}], [{}, None]],
    )
    x, u = thin(times, POINTS), thin(signal, POINTS)
    low, high = float(u.min()), float(u.max())
    pad = 0.25 * (high - low) or 1.0
    bound = max(float(states.abs().max()), 1e-6) * 1.05
    top = max(max(float(m.max()) for m in measures), 1e-6) * 1.1
    orders = list(range(states.shape[1]))

    def traces(index: int) -> list[dict]:
        upto = x <= float(times[moments[index]]) + 1e-9
        return [
            {"type": "scatter", "x": x[upto], "y": u[upto], "xaxis": "x", "yaxis": "y"},
            {
                "type": "scatter",
                "x": array(pasts[index]),
                "y": array(reconstructions[index]),
                "xaxis": "x",
                "yaxis": "y",
            },
            {
                "type": "scatter",
                "x": array(pasts[index]),
                "y": array(measures[index]),
                "xaxis": "x3",
                "yaxis": "y3",
            },
            {"type": "bar", "x": orders, "y": array(states[index]), "xaxis": "x2", "yaxis": "y2"},
        ]

    last = len(moments) - 1
    first = traces(last)
    drawn.add_scatter(x=x, y=u, name="still to come", line={"color": "#D9DEE4", "width": 1.5}, row=1, col=1)
    drawn.add_scatter(
        x=first[0]["x"], y=first[0]["y"], name="signal u", line={"color": TRUTH, "width": 2}, row=1, col=1
    )
    drawn.add_scatter(
        x=first[1]["x"],
        y=first[1]["y"],
        name="read back from the state",
        line={"color": ESTIMATE, "width": 2.5},
        row=1,
        col=1,
    )
    drawn.add_scatter(
        x=first[2]["x"],
        y=first[2]["y"],
        name="measure w",
        fill="tozeroy",
        line={"color": MEASURE, "width": 1},
        fillcolor="rgba(0,158,115,0.25)",
        row=2,
        col=1,
    )
    drawn.add_bar(
        x=orders, y=first[3]["y"], marker_color=COLOURS[0], showlegend=False, name="state", row=1, col=2
    )
    drawn.update_xaxes(range=[float(x[0]), float(x[-1])], row=1, col=1)
    drawn.update_xaxes(title_text=time_name, range=[float(x[0]), float(x[-1])], row=2, col=1)
    drawn.update_yaxes(title_text=signal_name, range=[low - pad, high + pad], row=1, col=1)
    drawn.update_yaxes(title_text="weight", range=[0, top], row=2, col=1)
    drawn.update_xaxes(title_text="n", row=1, col=2)
    drawn.update_yaxes(range=[-bound, bound], row=1, col=2)
    digits = 0 if float(times[-1]) > 100 else 1
    frames = [
        {
            "name": f"{float(times[moment]):.{digits}f} (error {errors[index]:.2f})",
            "data": traces(index),
            "traces": [1, 2, 3, 4],
        }
        for index, moment in enumerate(moments)
    ]
    animate(drawn, frames, label="now:", milliseconds=80)
    drawn.layout.sliders[0].active = last
    return drawn


def trajectories(
    times: Float[Tensor, " length"],
    states: Float[Tensor, "length order"],
    *,
    title: str,
    time_name: str,
    lines: int = 8,
) -> go.Figure:
    """The first coefficients as lines over time, and all of them as a heat map."""
    drawn = panels(
        title,
        (f"x_0 to x_{min(lines, states.shape[1]) - 1}", "all coefficients"),
        rows=2,
        height=600,
        shared_xaxes=True,
        vertical_spacing=0.1,
    )
    x = thin(times, POINTS)
    values = thin(states.T, POINTS)
    for n in range(min(lines, values.shape[0])):
        drawn.add_scatter(
            x=x,
            y=values[n],
            name=f"x_{n}",
            line={"width": 1.8, "color": COLOURS[n % len(COLOURS)]},
            row=1,
            col=1,
        )
    bound = float(np.abs(values).max()) or 1.0
    drawn.add_heatmap(
        x=x,
        y=list(range(values.shape[0])),
        z=values,
        colorscale=DIVERGING,
        reversescale=True,
        zmin=-bound,
        zmax=bound,
        colorbar={"title": "x_n", "len": 0.46, "y": 0.22},
        row=2,
        col=1,
    )
    drawn.update_xaxes(title_text=time_name, row=2, col=1)
    drawn.update_yaxes(title_text="coefficient", row=1, col=1)
    drawn.update_yaxes(title_text="n", row=2, col=1)
    return drawn


# ---------------------------------------------------------------- error maps, delays, kernels


def error_map(
    x: Sequence[float],
    orders: Sequence[int],
    errors: Float[Tensor, "order x"],
    *,
    title: str,
    x_name: str,
    log_x: bool = False,
    marker: float | None = None,
    marker_name: str = "",
) -> go.Figure:
    """A heat map of the relative error: state size against lag, or against Delta."""
    drawn = figure(title, x_name, "state size N", height=440)
    drawn.add_heatmap(
        x=list(x),
        y=[str(order) for order in orders],
        z=array(errors),
        zmin=0,
        zmax=1.2,
        colorscale=SEQUENTIAL,
        colorbar={"title": "relative error"},
        hovertemplate=f"{x_name}: %{{x:.4g}}<br>N = %{{y}}<br>error %{{z:.3f}}<extra></extra>",
    )
    if log_x:
        drawn.update_xaxes(type="log")
    drawn.update_yaxes(type="category")
    if marker is not None:
        drawn.add_vline(x=marker, line={"color": ESTIMATE, "width": 3, "dash": "dash"})
        # at the foot, so that it never meets the title
        place = np.log10(marker) if log_x else marker
        drawn.add_annotation(
            x=place,
            y=0.03,
            yref="paper",
            text=marker_name,
            showarrow=False,
            font={"color": "white"},
            xanchor="left",
            xshift=6,
            bgcolor="rgba(31,41,51,0.65)",
        )
    return drawn


def delay(
    times: Float[Tensor, " length"],
    signal: Float[Tensor, " length"],
    target: Float[Tensor, " length"],
    output: Float[Tensor, " length"],
    lags: Float[Tensor, " lag"],
    kernel: Float[Tensor, " lag"],
    lag: float,
    *,
    title: str,
) -> go.Figure:
    """A delay network: its impulse response sharpening at the lag, and the signal it delays."""
    drawn = panels(
        title,
        ("impulse response", "signal, its delayed copy, the output"),
        rows=2,
        height=620,
        vertical_spacing=0.22,
    )
    drawn.add_scatter(
        x=thin(lags, POINTS), y=thin(kernel, POINTS), name="kernel", line={"color": COLOURS[0]}, row=1, col=1
    )
    drawn.add_vline(x=lag, line={"color": TRUTH, "dash": "dot"}, row=1, col=1)
    for values, name, line in (
        (signal, "input u", {"color": "#C3CAD2", "width": 1.5}),
        (target, "u delayed: the truth", {"color": TRUTH, "width": 2}),
        (output, "output", {"color": ESTIMATE, "width": 2, "dash": "dash"}),
    ):
        drawn.add_scatter(x=thin(times, POINTS), y=thin(values, POINTS), name=name, line=line, row=2, col=1)
    drawn.update_xaxes(title_text="lag (steps)", row=1, col=1)
    drawn.update_xaxes(title_text="time (steps)", row=2, col=1)
    drawn.update_yaxes(title_text="weight per step", row=1, col=1)
    drawn.update_yaxes(title_text="value", row=2, col=1)
    return drawn


def delay_errors(
    errors: Mapping[str, Sequence[float]],
    products: Sequence[float],
    *,
    chosen: str | None = None,
    position: float | None = None,
    title: str = "How well each state tells the input of some time ago",
) -> go.Figure:
    """Normalised error of the best linear readout against Delta times the lag, one line a measure."""
    drawn = figure(title, "Δ · lag (memory's length is 1)", "NRMSE of the delayed input", height=420)
    for name, values in errors.items():
        heavy = chosen is None or name == chosen
        drawn.add_scatter(
            x=list(products),
            y=list(values),
            name=name,
            mode="lines+markers",
            opacity=1.0 if heavy else 0.35,
            line={"color": colour_of(name), "width": 3 if name == chosen else 2},
        )
    if position is not None:
        drawn.add_vline(x=position, line={"color": TRUTH, "dash": "dot"})
    drawn.update_xaxes(type="log", tickvals=list(products), ticktext=[f"{p:g}" for p in products])
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def fitted_kernel(
    lags: Float[Tensor, " lag"],
    kernel: Float[Tensor, " lag"],
    fits: Mapping[str, Float[Tensor, " lag"]],
    *,
    title: str,
) -> go.Figure:
    """A kernel drawn by hand, and the nearest kernels that a state of N numbers can produce."""
    drawn = figure(title, "lag (fraction of the memory)", "K", height=440)
    drawn.add_scatter(
        x=array(lags), y=array(kernel), name="drawn", mode="lines", line={"color": TRUTH, "width": 3}
    )
    for index, (name, values) in enumerate(fits.items()):
        drawn.add_scatter(
            x=array(lags),
            y=array(values),
            name=name,
            mode="lines",
            line={"color": COLOURS[index], "width": 2},
        )
    return drawn


# ---------------------------------------------------------------- results


def reconstruction_by_order(result: Result) -> go.Figure:
    """Error of the reconstruction against the state size, one line a measure."""
    rows = _rows(result, "reconstruction", "weighted error")
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
    rows = _rows(result, "reconstruction", "error by age")
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
    rows = _rows(result, "delay", "nrmse")
    rows = rows[rows["N"] == 64]
    mean = rows.groupby(["measure", "product"], sort=False)["value"].mean().unstack("product")
    errors = {name: list(values) for name, values in mean.iterrows()}
    return delay_errors(errors, [float(p) for p in mean.columns])


def trained_delay(result: Result) -> go.Figure:
    """The trained delay: loss of each initialisation for each range of Delta."""
    rows = _rows(result, "trained_delay", "nrmse")
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
    rows = _rows(result, "digits", "test accuracy")
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
    rows = _rows(result, "real_series", "weighted error")
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


def _rows(result: Result, stage: str, metric: str) -> pd.DataFrame:
    rows = result.metrics[(result.metrics["stage"] == stage) & (result.metrics["metric"] == metric)]
    if rows.empty:
        raise ValueError(
            f"this Result has no {metric!r} of the stage {stage!r}: it ran at the scale {result.scale!r}"
        )
    return rows
