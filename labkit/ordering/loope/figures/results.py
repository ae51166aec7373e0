"""The experiment's Results as pictures."""

import pandas as pd
import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.ordering.loope.figures.metrics import bars
from labkit.ordering.loope.figures.metrics import sweep as draw_sweep
from labkit.ordering.loope.figures.style import NAMES, colour_of
from labkit.plotting import COLOURS, TRUTH, claims_figure, figure, panels

SCORE_NAMES = {
    "distance": "distance",
    "orientation": "orientation",
    "area": "area",
    "vector_sum": "vector sum",
    "average": "average",
}


def learning_curves(table: pd.DataFrame, *, scores: tuple[str, ...], title: str) -> go.Figure:
    """Accuracy against training steps, a panel a score, a line an embedding, the majority dotted.

    Args:
        table: columns host, pe, score, step, value.
    """
    rows = 1 if len(scores) < 3 else 2
    titles = [SCORE_NAMES[score] for score in scores]
    drawn = panels(title, titles, rows=rows, height=180 + 240 * rows, vertical_spacing=0.2)
    columns = len(scores) if len(scores) < 3 else -(-len(scores) // 2)
    for position, score in enumerate(scores):
        row, column = position // columns + 1, position % columns + 1
        some = table[(table["score"] == score) & (table["host"] == "ViT")]
        for pe, group in some.groupby("pe", sort=False):
            mean = group.groupby("step")["value"].mean()
            drawn.add_scatter(
                x=[int(step) for step in mean.index],
                y=list(mean),
                name=NAMES[pe],
                legendgroup=pe,
                showlegend=position == 0,
                mode="lines+markers",
                line={"color": colour_of(pe)},
                row=row,
                col=column,
            )
        chance = table[(table["host"] == "majority") & (table["score"] == score)]["value"]
        if len(chance):
            drawn.add_hline(y=float(chance.mean()), line={"color": TRUTH, "dash": "dot"}, row=row, col=column)
        drawn.update_xaxes(title_text="training step", row=row, col=column)
        drawn.update_yaxes(title_text="accuracy", range=[0.4, 1.02], row=row, col=column)
    drawn.update_layout(margin_t=150, legend_y=1.12)
    return drawn


def three_cell_scores(result: Result) -> go.Figure:
    """The four scores over training (mean over seeds); dotted: always answering the majority."""
    rows = result.rows("three_cells", "accuracy")
    scores = ("distance", "orientation", "area", "vector_sum")
    return learning_curves(rows, scores=scores, title="Three cells: what each embedding lets a ViT see")


def three_cell_average(result: Result) -> go.Figure:
    """The average accuracy behind training, one bar an embedding and host, with every seed's value."""
    rows = result.rows("three_cells", "accuracy")
    rows = rows[(rows["score"] == "average") & (rows["step"] == rows["step"].max())]
    drawn = figure("Three cells: average accuracy", "positional embedding", "accuracy", height=440)
    for number, (host, group) in enumerate(rows[rows["host"] != "majority"].groupby("host", sort=False)):
        mean = group.groupby("pe", sort=False)["value"].mean()
        drawn.add_bar(
            x=[NAMES[pe] for pe in mean.index], y=list(mean), name=host, marker_color=COLOURS[number]
        )
        drawn.add_scatter(
            x=[NAMES[pe] for pe in group["pe"]],
            y=list(group["value"]),
            mode="markers",
            name=f"{host}, each seed",
            marker={"color": TRUTH, "size": 7, "symbol": "line-ew-open"},
        )
    chance = rows[rows["host"] == "majority"]["value"].mean()
    drawn.add_hline(y=float(chance), line={"color": TRUTH, "dash": "dot"}, annotation_text="majority")
    drawn.update_layout(barmode="group")
    drawn.update_yaxes(range=[0.4, 1.0])
    return drawn


def monotonicity(result: Result) -> go.Figure:
    """M_U of every order."""
    rows = result.rows("metrics", "M_U")
    mean = rows.groupby("order")["value"].mean()
    return bars(
        dict(mean), metric="M<sub>U</sub>", title="Undirected monotonicity of every order (2 is perfect)"
    )


def directed_sweep(result: Result) -> go.Figure:
    """M_D against the number of directions, with its ceiling."""
    rows = result.rows("metrics", "M_D")
    ceiling = result.rows("metrics", "ceiling").groupby("buckets")["value"].mean()
    undirected = result.rows("metrics", "M_U").groupby("order")["value"].mean()
    shown = ("raster", "gilbert", "diagonal", "spiral", "gaussian")
    curves = {
        order: list(rows[rows["order"] == order].groupby("buckets")["value"].mean()[ceiling.index])
        for order in shown
    }
    return draw_sweep(
        [int(N) for N in ceiling.index],
        curves,
        list(ceiling),
        {order: float(undirected[order]) for order in shown},
        title="Directed monotonicity against the number of directions",
    )


def digits(result: Result) -> go.Figure:
    """Digits: test accuracy over training."""
    rows = result.rows("digits", "accuracy")
    drawn = figure("Digits: what is left of the difference", "training step", "test accuracy")
    for pe, group in rows.groupby("pe", sort=False):
        mean = group.groupby("step")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index),
            y=list(mean),
            name=NAMES[pe],
            mode="lines+markers",
            line={"color": colour_of(pe)},
        )
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "metrics": (monotonicity, directed_sweep),
        "three_cells": (three_cell_scores, three_cell_average),
        "digits": (digits,),
    }
    present = set(result.metrics["stage"])
    drawn = {
        make.__name__: make(result) for stage, made in makers.items() if stage in present for make in made
    }
    return {**drawn, "claims": claims_figure(result.claims)}
