"""The experiment's Results as pictures."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import COLOURS, claims_figure, figure


def generalisation(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    ranges: Mapping[str, tuple[int, int]],
    *,
    metric: str,
    y: str,
) -> go.Figure:
    """A score against the number of points, one line a model; the range that each was trained on as a bar below."""
    drawn = figure(f"Trained on few points, tested on more: {metric}", "number of points n", y, height=440)
    for position, (name, (x, values)) in enumerate(curves.items()):
        colour = COLOURS[position % len(COLOURS)]
        drawn.add_scatter(
            x=list(x), y=list(values), name=name, mode="lines+markers", line={"color": colour, "width": 3}
        )
        low, high = ranges[name]
        drawn.add_vrect(
            x0=low - 0.15, x1=high + 0.15, fillcolor=colour, opacity=0.12, line_width=0, layer="below"
        )
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def hull_scores(result: Result) -> go.Figure:
    """Accuracy of every model on hulls of as many points as it was trained on, at least."""
    rows = result.rows("hulls", "accuracy")
    least = rows["n"].min()
    mean = rows[rows["n"] == least].groupby("method", sort=False)["value"].mean()
    drawn = figure(f"Convex hulls of {least:g} points", "model", "accuracy (the same polygon)")
    drawn.add_bar(
        x=list(mean.index),
        y=list(mean),
        text=[f"{v:.2f}" for v in mean],
        marker_color=[COLOURS[i % len(COLOURS)] for i in range(len(mean))],
    )
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def _lengths(result: Result, metric: str, y: str) -> go.Figure:
    rows = result.rows("hulls", metric)
    curves, ranges = {}, {}
    for name, group in rows.groupby("method", sort=False):
        mean = group.groupby("n")["value"].mean()
        if len(mean) > 1:
            curves[name] = (list(mean.index), list(mean))
            low, _, high = group["trained"].iloc[0].partition("-")
            ranges[name] = int(low), int(high)
    return generalisation(curves, ranges, metric=metric, y=y)


def accuracy_by_length(result: Result) -> go.Figure:
    """Accuracy on hulls of more points than a model was trained on."""
    return _lengths(result, "accuracy", "accuracy (the same polygon)")


def area_by_length(result: Result) -> go.Figure:
    """Area on hulls of more points than a model was trained on."""
    return _lengths(result, "area", "area / true area, simple polygons")


def losses(result: Result) -> go.Figure:
    """The loss of every model on hulls, the first seed's."""
    rows = result.rows("hulls", "loss")
    rows = rows[rows["seed"] == rows["seed"].min()]
    drawn = figure("Training on convex hulls", "step", "loss (nats a sequence)")
    for name, group in rows.groupby("method", sort=False):
        smooth = group["value"].rolling(3, min_periods=1).mean()
        drawn.add_scatter(x=list(group["step"]), y=list(smooth), name=name, mode="lines")
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def tour_ratios(result: Result) -> go.Figure:
    """Tours against the optimal ones: the networks (always valid, by constraint) and the three heuristics."""
    rows = result.rows("tours", "ratio")
    rows = rows[rows["constraint"] == "tour"]
    others = result.rows("tours", "heuristic ratio")
    drawn = figure("Tours: how much longer than optimal", "cities", "mean length / optimal (n > 12: / A3)")
    groups = [
        (f"Ptr-Net {m}".replace("Ptr-Net Ptr-Net", "Ptr-Net, n = 5"), g)
        for m, g in rows.groupby("method", sort=False)
    ]
    groups += list(others.groupby("heuristic", sort=False))
    for name, group in groups:
        mean = group.groupby("n")["value"].mean()
        drawn.add_bar(
            x=[f"n = {n:g}" for n in mean.index], y=list(mean), name=name, text=[f"{v:.2f}" for v in mean]
        )
    drawn.update_layout(barmode="group")
    drawn.update_yaxes(range=[0.9, None])
    return drawn


def invalid_tours(result: Result) -> go.Figure:
    """The share of answers that are no tours, without the constraint."""
    rows = result.rows("tours", "valid")
    rows = rows[rows["constraint"] == "none"]
    drawn = figure("Without the constraint tours break", "cities", "share of invalid answers")
    for name, group in rows.groupby("method", sort=False):
        mean = 1 - group.groupby("n")["value"].mean()
        drawn.add_bar(x=[f"n = {n:g}" for n in mean.index], y=list(mean), name=name)
    drawn.update_layout(barmode="group")
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "hulls": (losses, hull_scores, accuracy_by_length, area_by_length),
        "tours": (tour_ratios, invalid_tours),
    }
    present = set(result.metrics["stage"])
    drawn = {
        make.__name__: make(result) for stage, made in makers.items() if stage in present for make in made
    }
    return {**drawn, "claims": claims_figure(result.claims)}
