"""The experiment's Results as pictures."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from labkit.equivariance.pac_invariance.figures.curves import failing_curve, risk_violins
from labkit.experiment import Result
from labkit.plotting import COLOURS, claims_figure, panels

PAIRS = (("hard", "hard"), ("hard", "rademacher"), ("soft", "soft"), ("soft", "rademacher"))


def box_plot(rows: pd.DataFrame, samples: Sequence[int], *, title: str) -> go.Figure:
    """The paper's picture: one box a pair of families and a number of environments, one panel a number of draws.

    `rows` has the columns trained, tested, samples, environments, subset, value.
    """
    columns = min(2, len(samples))
    drawn = panels(
        title, [f"{N:,} draws an environment" for N in samples], rows=-(-len(samples) // columns), columns=columns,
        height=440 if len(samples) <= 2 else 760, shared_yaxes=True, vertical_spacing=0.16,
    )  # fmt: skip
    for i, N in enumerate(samples):
        for k, (trained, tested) in enumerate(PAIRS):
            found = rows[(rows["samples"] == N) & (rows["trained"] == trained) & (rows["tested"] == tested)]
            drawn.add_box(
                x=[str(int(n)) for n in found["environments"]],
                y=100 * found["value"],
                name=f"{trained} → {tested}",
                legendgroup=f"{trained}{tested}",
                showlegend=i == 0,
                marker_color=COLOURS[k],
                text=found["subset"],
                boxpoints="all",
                pointpos=0,
                jitter=0.2,
                marker={"size": 4},
                hovertemplate="%{text}: %{y:.0f}%<extra></extra>",
                row=i // columns + 1,
                col=i % columns + 1,
            )
    drawn.update_layout(boxmode="group")
    drawn.update_xaxes(title_text="training environments", type="category")
    drawn.update_yaxes(range=[-4, 104])
    drawn.update_yaxes(title_text="good test environments (%)", col=1)
    return drawn


def simulation(result: Result) -> go.Figure:
    """The grid of the first seed."""
    rows = result.rows("grid", "good")
    rows = rows[rows["seed"] == result.seeds[0]]
    samples = sorted(int(N) for N in rows["samples"].unique())
    return box_plot(rows, samples, title="Accepted subsets: how many unseen environments are good?")


def dimension(result: Result) -> go.Figure:
    """The worst failing share against environments, one line a number of variables."""
    rows = result.rows("dimension", "worst failing")
    curves = {}
    for n, group in rows.groupby("variables"):
        mean = group.groupby("environments")["value"].mean()
        candidates = int(group["candidates"].iloc[0])
        curves[f"{int(n)} variables, {candidates} candidates"] = (list(mean.index), list(mean))
    counts = sorted(rows["environments"].unique())
    guide = {"guide: 1/n": (counts, [1 / n for n in counts])}
    return failing_curve(
        curves, guide, title="The worst accepted subset: more interventions, not fewer variables"
    )


def risks(result: Result) -> go.Figure:
    """Every method's risk under the three test families, first seed."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, values in result.tensors.items():
        if name.startswith("risks/"):
            family, method = name.removeprefix("risks/").split("/")
            found.setdefault(family, {})[method] = values[:100].tolist()
    return risk_violins(found, title="Trained on soft interventions, tested on three families")


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture of a Result, in teaching order."""
    drawn = {make.__name__: make(result) for make in (simulation, dimension, risks)}
    return {**drawn, "claims": claims_figure(result.claims)}
