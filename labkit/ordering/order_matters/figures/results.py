"""The experiment's Results as pictures."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import COLOURS, SEQUENTIAL, TRUTH, claims_figure, figure, panels

# Table 1 of the paper: accuracy (%) without and with a glimpse, after 10 000 iterations
TABLE1 = {
    5: {"Ptr-Net": (81, 90), "P = 0": (65, 84), "P = 1": (84, 92), "P = 5": (88, 94), "P = 10": (90, 94)},
    10: {"Ptr-Net": (8, 28), "P = 0": (7, 30), "P = 1": (14, 44), "P = 5": (17, 57), "P = 10": (19, 50)},
}


def accuracy_grid(found: Mapping[str, Sequence[float | None]], n: int) -> go.Figure:
    """Accuracy of every model without and with a glimpse, beside the paper's Table 1."""
    drawn = panels(
        f"Sorting {n} numbers: all of them in order", ["this lab", "the paper (10 000 iterations)"], columns=2
    )
    paper = {name: [v / 100 for v in values] for name, values in TABLE1[n].items()}
    for column, grid in enumerate((found, paper), start=1):
        names = list(grid)
        drawn.add_heatmap(
            x=["no glimpse", "glimpse"],
            y=names,
            z=[list(grid[name]) for name in names],
            zmin=0,
            zmax=1,
            colorscale=SEQUENTIAL,
            texttemplate="%{z:.2f}",
            textfont={"size": 15},
            showscale=column == 2,
            colorbar={"title": "accuracy"},
            row=1,
            col=column,
        )
    drawn.update_xaxes(title_text="writer")
    drawn.update_yaxes(title_text="", autorange="reversed")
    return drawn


def sorting(result: Result) -> go.Figure:
    """Accuracy on five numbers beside the paper's."""
    rows = result.rows("sorting", "accuracy")
    rows = rows[rows["n"] == 5]
    grid: dict[str, list] = {}
    for (model, glimpses), group in rows.groupby(["model", "glimpses"], sort=False):
        grid.setdefault(model, [None, None])[int(glimpses)] = group["value"].mean()
    return accuracy_grid(grid, 5)


def star_orders(result: Result) -> go.Figure:
    """How much worse than exact: head first and head last, by samples and peakiness."""
    rows = result.rows("stars", "nll")
    keys = ["variables", "samples", "peakiness"]
    mean = rows.groupby([*keys, "order"], sort=False)["value"].mean().unstack("order")
    names = [f"{v:g} variables, {s:g} samples,<br>peakiness {p:g}" for v, s, p in mean.index]
    drawn = figure("Star models: distance from the exact loss", "", "nats a set above exact")
    for order, colour in (("head first", COLOURS[2]), ("head last", COLOURS[1])):
        drawn.add_bar(x=names, y=list(mean[order] - mean["exact"]), name=order, marker_color=colour)
    drawn.update_layout(barmode="group")
    return drawn


def gram_perplexity(result: Result) -> go.Figure:
    """Perplexity of five-grams: in the best order, and of the set."""
    rows = result.rows("grams", "perplexity")
    drawn = figure("Five-grams as sets", "orders in training", "perplexity a word")
    learned = rows[rows["model"] != "exact"]
    for of, colour in (("order", COLOURS[0]), ("set", COLOURS[4])):
        mean = learned[learned["of"] == of].groupby("model", sort=False)["value"].mean()
        words = "best of its orders" if of == "order" else "set (sum over all orders)"
        drawn.add_bar(x=list(mean.index), y=list(mean), name=words, marker_color=colour)
    exact = rows[rows["model"] == "exact"]["value"].mean()
    drawn.add_hline(y=exact, line={"color": TRUTH, "dash": "dash"}, annotation_text=f"exact {exact:.2f}")
    drawn.update_layout(barmode="group")
    return drawn


def set_sorting(result: Result) -> go.Figure:
    """Sorting with the answer as a set: a fixed order of the pairs against random ones."""
    rows = result.rows("set_sorting", "accuracy").groupby("order", sort=False)["value"].mean()
    drawn = figure("Sorting with the answer as a set", "order of the pairs in training", "accuracy")
    drawn.add_bar(
        x=list(rows.index),
        y=list(rows),
        text=[f"{v:.2f}" for v in rows],
        marker_color=[COLOURS[2], COLOURS[1]],
    )
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "sorting": sorting,
        "set_sorting": set_sorting,
        "stars": star_orders,
        "grams": gram_perplexity,
    }
    present = set(result.metrics["stage"])
    drawn = {make.__name__: make(result) for stage, make in makers.items() if stage in present}
    return {**drawn, "claims": claims_figure(result.claims)}
