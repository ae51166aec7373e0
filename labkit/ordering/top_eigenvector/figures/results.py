"""The experiment's Results as pictures."""

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.ordering.top_eigenvector.figures.live import frontier as draw_frontier
from labkit.ordering.top_eigenvector.figures.live import law
from labkit.ordering.top_eigenvector.figures.style import COLOUR, ORDERS
from labkit.plotting import COLOURS, claims_figure, figure


def hard(result: Result) -> go.Figure:
    """Correlation against R on the hard instance, without and with a decoy."""
    rows = result.rows("hard_instances", "correlation")
    drawn = figure("The hard instance (solid), and with a decoy (dotted)", "gap R", "correlation")
    for (name, decoy), group in rows.groupby(["algorithm", "decoy"], sort=False):
        mean = group.groupby("R")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index),
            y=list(mean),
            name=name,
            legendgroup=name,
            showlegend=not decoy,
            line={"color": COLOUR[name], "dash": "dot" if decoy else "solid", "width": 2.5},
        )
    drawn.update_yaxes(range=[-0.03, 1.05])
    return drawn


def by_order(result: Result, stage: str, title: str, rows=None) -> go.Figure:
    """Correlation of every algorithm in every order: a bar at the mean."""
    rows = result.rows(stage, "correlation") if rows is None else rows
    drawn = figure(title, "", "correlation")
    for name, group in rows.groupby("algorithm", sort=False):
        mean = group.groupby("order", sort=False)["value"].mean()
        drawn.add_bar(
            x=[ORDERS[order] for order in mean.index], y=list(mean), name=name, marker_color=COLOUR[name]
        )
    drawn.update_layout(barmode="group")
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def orders(result: Result) -> go.Figure:
    """The same rows in four orders."""
    rows = result.rows("orders", "correlation")
    return by_order(
        result,
        "orders",
        "Spiked Gaussian rows, nominal R = 4: the same rows in four orders",
        rows[rows["R"] == 4],
    )


def digits(result: Result) -> go.Figure:
    """The digits in four orders."""
    gap = result.rows("real_rows", "gap")["value"].mean()
    return by_order(
        result, "real_rows", f"1,797 handwritten digits (gap {gap:.2f}): the same rows in four orders"
    )


def gap_law(result: Result) -> go.Figure:
    """1 - correlation against the measured gap."""
    gaps = result.rows("orders", "gap").groupby("R")["value"].mean()
    rows = result.rows("orders", "correlation")
    rows = rows[rows["order"] == "random"]
    losses = {
        name: list(1 - group.groupby("R")["value"].mean())
        for name, group in rows.groupby("algorithm", sort=False)
    }
    return law(list(gaps), losses, title="Spiked Gaussian rows in random order")


def heavy_store(result: Result) -> go.Figure:
    """Correlation against the number of heavy rows that may be kept."""
    rows = result.rows("heavy_store", "correlation")
    drawn = figure("Eight heavy rows: how many must be kept?", "rows that may be stored", "correlation")
    drawn.add_scatter(
        x=list(rows["limit"]),
        y=list(rows["value"]),
        mode="markers",
        marker={"size": 10, "color": COLOURS[0]},
        showlegend=False,
    )
    drawn.update_yaxes(range=[-0.03, 1.05])
    return drawn


def best_rate(result: Result) -> go.Figure:
    """The best rate's correlation against R, for several widths."""
    rows = result.rows("best_rate", "best correlation")
    drawn = figure(
        "The best of all fixed rates on the hard instance", "gap R", "correlation (median over starts)"
    )
    for i, (d, group) in enumerate(rows.groupby("d")):
        mean = group.groupby("R")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index), y=list(mean), name=f"d = {int(d):,}", line={"color": COLOURS[i], "width": 2.5}
        )
    drawn.update_yaxes(range=[-0.03, 1.05])
    return drawn


def frontier(result: Result) -> go.Figure:
    """Correlation against words on spiked rows."""
    return _frontier(result, "spiked, R = 4")


def frontier_heavy(result: Result) -> go.Figure:
    """... and where eight rows are heavy."""
    return _frontier(result, "heavy and light")


def _frontier(result: Result, instance: str) -> go.Figure:
    rows = result.rows("frontier", "correlation")
    rows = rows[rows["instance"] == instance]
    points = {
        name: [(words, found) for words, found in group.groupby("words")["value"].mean().items()]
        for name, group in rows.groupby("algorithm", sort=False)
    }
    return draw_frontier(points, title=f"Memory and accuracy: {instance}")


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture of a Result, in teaching order."""
    makers = (orders, gap_law, hard, best_rate, heavy_store, frontier, frontier_heavy, digits)
    return {**{make.__name__: make(result) for make in makers}, "claims": claims_figure(result.claims)}
