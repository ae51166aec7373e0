"""The experiment's Results as pictures."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import COLOURS, claims_figure, figure

SLOT_NAMES = {
    "agg": "aggregation",
    "select": "select",
    "where_number": "number",
    "where_columns": "columns",
    "where_operators": "operators",
    "where_values": "values",
}
MODELS = (
    "SQLNet",
    "SQLNet, longer",
    "SQLNet, words trained",
    "no column attention",
    "sequence, random order",
    "sequence, schema order",
    "sequence, REINFORCE",
)


def error_bars(shares: Mapping[str, Mapping[str, float]], *, title: str, x: str) -> go.Figure:
    """Stacked bars: for each group the share of questions that go wrong first at each slot. shares[slot][group]."""
    drawn = figure(title, x, "share of questions", height=440)
    for k, slot in enumerate(SLOT_NAMES):
        if slot in shares:
            by_group = shares[slot]
            drawn.add_bar(
                x=list(by_group), y=list(by_group.values()), name=SLOT_NAMES[slot], marker_color=COLOURS[k]
            )
    drawn.update_layout(barmode="stack")
    drawn.update_xaxes(type="category")
    drawn.update_yaxes(range=[0, 1.02])
    return drawn


def _bars(result: Result, metric: str, models: Sequence[str], title: str) -> go.Figure:
    table = result.metrics
    rows = table[(table["metric"] == metric) & table["model"].isin(models)]
    drawn = figure(title, "", "accuracy", height=460)
    for k, kind in enumerate(kind for kind in rows["domains"].unique() if kind != "all"):
        group = rows[rows["domains"] == kind]
        mean = (
            group.groupby("model")[["value", "low", "high"]]
            .mean()
            .reindex([m for m in models if m in set(group["model"])])
        )
        drawn.add_bar(
            x=list(mean.index),
            y=list(mean["value"]),
            name=f"{kind} domains",
            marker_color=COLOURS[k],
            error_y={
                "type": "data",
                "array": list(mean["high"] - mean["value"]),
                "arrayminus": list(mean["value"] - mean["low"]),
            },
        )
    drawn.update_layout(barmode="group", margin_b=110)
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def where_columns(result: Result) -> go.Figure:
    """Which columns are in WHERE: a set, with and without column attention, against sequences."""
    return _bars(
        result, "where_columns", MODELS, "The set of WHERE columns, with 95% intervals over questions"
    )


def whole_queries(result: Result) -> go.Figure:
    """Logical form, query match and execution, seen and unseen domains."""
    table = result.metrics
    drawn = figure("SQLNet's whole queries", "", "accuracy", height=420)
    names = {"lf": "logical form", "qm": "query match", "ex": "execution"}
    for k, kind in enumerate(k for k in table["domains"].dropna().unique() if k != "all"):
        rows = table[(table["model"] == "SQLNet") & (table["domains"] == kind)]
        mean = rows.groupby("metric")["value"].mean()
        drawn.add_bar(
            x=list(names.values()),
            y=[mean[m] for m in names],
            name=f"{kind} domains",
            marker_color=COLOURS[k],
        )
    drawn.update_layout(barmode="group")
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def learning(result: Result) -> go.Figure:
    """The set of WHERE columns on the development set, as training goes on."""
    rows = result.metrics[result.metrics["metric"] == "dev where_columns"].copy()
    stages = {"sketch": "SQLNet", "one_reading": "no column attention"}
    drawn = figure("Learning which columns are in WHERE", "updates", "accuracy on the development set")
    rows["line"] = rows["stage"].map(stages)
    rows["line"] = rows["line"].fillna(rows["model"])
    for k, (name, group) in enumerate(rows.groupby("line", sort=False)):
        mean = group.groupby("step")["value"].mean()
        drawn.add_scatter(
            x=list(mean.index), y=list(mean), name=name, mode="lines+markers", line={"color": COLOURS[k]}
        )
    drawn.update_yaxes(range=[0, 1.02])
    return drawn


def errors(result: Result) -> go.Figure:
    """Where SQLNet's whole queries go wrong first, by number of conditions (seen domains)."""
    rows = result.metrics[
        (result.metrics["metric"] == "errors")
        & (result.metrics["model"] == "SQLNet")
        & (result.metrics["domains"] != "unseen")
    ]
    mean = rows.groupby(["slot", "conditions"], sort=False)["value"].mean()
    shares = {
        slot: {str(int(k)): float(v) for k, v in mean[slot].sort_index().items()}
        for slot in rows["slot"].unique()
    }
    return error_bars(shares, title="SQLNet: the first slot that is wrong", x="conditions of the query")


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture of a Result, in teaching order."""
    drawn = {make.__name__: make(result) for make in (where_columns, learning, whole_queries, errors)}
    return {**drawn, "claims": claims_figure(result.claims)}
