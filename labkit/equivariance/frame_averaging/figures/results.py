"""Pictures of a Result."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from labkit.equivariance.frame_averaging.figures.clouds import monte_carlo
from labkit.experiment import Result
from labkit.plotting import COLOURS, MUTED, TRUTH, claims_figure, figure, thin

COLOUR = {
    "linear": MUTED,
    "GNN": COLOURS[0],
    "EGNN": COLOURS[2],
    "FA-GNN": COLOURS[1],
    "PointNet": COLOURS[0],
    "DGCNN": COLOURS[3],
    "FA-PointNet": COLOURS[1],
    "FA-DGCNN": COLOURS[4],
    "FA-Local-PointNet": COLOURS[5],
    "GIN": COLOURS[0],
    "MLP": COLOURS[3],
    "FA-GIN+ID": COLOURS[1],
    "FA-MLP": COLOURS[4],
    "GA-GIN+ID": COLOURS[5],
}


def bars(values: Mapping[str, float], *, title: str, y_name: str, height: int = 420) -> go.Figure:
    """One bar a model, with its figure above it."""
    drawn = figure(title, "model", y_name, height=height)
    drawn.add_bar(
        x=list(values),
        y=list(values.values()),
        marker_color=[COLOUR.get(name, MUTED) for name in values],
        text=[f"{value:.3g}" for value in values.values()],
        textposition="outside",
        cliponaxis=False,
    )
    return drawn


def _means(result: Result, stage: str, metric: str, by: str = "model", **only) -> dict[str, float]:
    rows = result.rows(stage, metric)
    for column, wanted in only.items():
        rows = rows[rows[column] == wanted]
    return dict(rows.groupby(by, sort=False)["value"].mean())


def _grouped(result: Result, stage: str, metric: str, by: str, title: str, y_name: str) -> go.Figure:
    drawn = figure(title, by, y_name)
    rows = result.rows(stage, metric)
    for name, group in rows.groupby("model", sort=False):
        mean = group.groupby(by, sort=False)["value"].mean()
        drawn.add_bar(x=list(mean.index), y=list(mean), name=name, marker_color=COLOUR.get(name, MUTED))
    drawn.update_layout(barmode="group")
    return drawn


def training(result: Result) -> go.Figure:
    """The n-body models' training curves."""
    drawn = figure("Charged particles: learning", "step", "training loss (running mean of 20)")
    for key, values in result.tensors.items():
        if key.startswith("nbody/losses/"):
            name = key.rpartition("/")[2]
            drawn.add_scatter(
                x=thin(np.arange(len(values)), 200),
                y=thin(values, 200),
                name=name,
                line={"color": COLOUR[name], "width": 2.5},
            )
    drawn.update_yaxes(type="log")
    return drawn


def size_histogram(result: Result) -> go.Figure:
    """How large the frames of all connected graphs are."""
    rows = result.rows("separation", "frame size")
    values = rows[rows["seed"] == result.seeds[0]]["value"]
    nodes = result.settings["separation"]["nodes"]
    counts = values.value_counts().sort_index()
    drawn = figure(
        f"Frames of all {len(values):,} connected graphs of {nodes} nodes", "|F(A)|", "graphs", height=400
    )
    drawn.add_bar(x=[f"{int(v):,}" for v in counts.index], y=list(counts), marker_color=COLOURS[0])
    drawn.update_xaxes(type="category")
    drawn.add_annotation(
        text=f"mean {values.mean():.3g}, median {values.median():.3g}; n! = {int(np.prod(range(1, nodes + 1))):,}",
        x=1,
        y=1,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"color": TRUTH},
    )
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    present = set(result.metrics["stage"])
    drawn: dict[str, go.Figure] = {}
    if "exactness" in present:
        rows = result.rows("exactness", "invariance error")
        group = rows[rows["model"] == "group"].groupby("samples")["value"].mean()
        fa = rows[rows["model"] == "FA"]["value"].mean()
        drawn["monte_carlo"] = monte_carlo(
            [int(k) for k in group.index],
            list(group),
            (8, fa),
            title="Invariance of an averaged random network",
        )
    if "nbody" in present:
        drawn["nbody"] = bars(
            _means(result, "nbody", "test mse"),
            title="Charged particles, one unit of time ahead",
            y_name="test MSE",
        )
        drawn["nbody_training"] = training(result)
    if "separation" in present:
        pairs = result.rows("separation", "pairs")["value"].mean()
        drawn["separated"] = bars(
            _means(result, "separation", "separated"),
            title=f"Of {pairs:.0f} pairs that 1-WL confuses: separated",
            y_name="pairs",
        )
        drawn["control"] = bars(
            _means(result, "separation", "copies told apart"),
            title="The control: copies of one graph that are taken for different",
            y_name="graphs",
        )
        drawn["sizes"] = size_histogram(result)
    if "classify" in present:
        drawn["classify"] = _grouped(
            result, "classify", "accuracy", "split", "2-lifts: bipartite or not?", "accuracy"
        )
        drawn["classify"].add_hline(y=0.5, line={"dash": "dot", "color": TRUTH}, annotation_text="guessing")
    if "normals" in present:
        drawn["normals"] = _grouped(
            result,
            "normals",
            "loss",
            "protocol",
            "Normals: trained in one pose, tested in it (I/I) and turned (I/SO(3))",
            "mean of 1 − ⟨n̂, n⟩²",
        )
    return {**drawn, "claims": claims_figure(result.claims)}
