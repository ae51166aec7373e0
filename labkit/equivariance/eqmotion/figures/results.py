"""Pictures of a Result."""

import numpy as np
import plotly.graph_objects as go

from labkit.equivariance.eqmotion.figures.scenes import COLOUR, errors_by_step, fan
from labkit.experiment import Result
from labkit.plotting import COLOURS, TRUTH, claims_figure, figure, thin


def _by_step(result: Result, stage: str) -> dict[str, dict[int, float]]:
    rows = result.rows(stage, "error by step")
    return {
        name: {int(step): value for step, value in group.groupby("step")["value"].mean().items()}
        for name, group in rows.groupby("model", sort=False)
    }


def turned(result: Result) -> go.Figure:
    """ADE on the test scenes as they are and turned."""
    drawn = figure("Springs: the test scenes as they are, and turned", "model", "ADE")
    for metric, name, colour in (("ade", "as they are", COLOURS[0]), ("turned ade", "turned", COLOURS[1])):
        mean = result.rows("springs", metric).groupby("model", sort=False)["value"].mean()
        drawn.add_bar(
            x=list(mean.index),
            y=list(mean),
            name=name,
            marker_color=colour,
            text=[f"{v:.3g}" for v in mean],
            textposition="outside",
            cliponaxis=False,
        )
    drawn.update_layout(barmode="group")
    return drawn


def training(result: Result) -> go.Figure:
    """The models' training curves on springs."""
    drawn = figure("Springs: learning", "step", "training loss: mean displacement")
    for key, values in result.tensors.items():
        if key.startswith("springs/losses/"):
            name = key.rpartition("/")[2]
            drawn.add_scatter(
                x=thin(np.arange(len(values)), 200),
                y=thin(values, 200),
                name=name,
                line={"color": COLOUR[name], "width": 2.5},
            )
    drawn.update_yaxes(type="log")
    return drawn


def ablated(result: Result) -> go.Figure:
    """ADE of the full model and without each part, with every seed's dot."""
    rows = result.rows("ablations", "ade")
    mean = rows.groupby("model", sort=False)["value"].mean()
    names = ["full" if name == "full" else f"no {name}" for name in mean.index]
    drawn = figure("Springs: without each part", "model", "ADE")
    drawn.add_bar(
        x=names,
        y=list(mean),
        marker_color=[COLOURS[1]] + [COLOURS[0]] * (len(mean) - 1),
        name="mean",
        showlegend=False,
    )
    for seed, group in rows.groupby("seed"):
        drawn.add_scatter(
            x=["full" if name == "full" else f"no {name}" for name in group["model"]],
            y=list(group["value"]),
            mode="markers",
            marker={"color": TRUTH, "size": 7},
            name="each seed",
            showlegend=seed == result.seeds[0],
        )
    return drawn


def accuracies(result: Result) -> go.Figure:
    """How well the graph is recognised: without labels, with them, and by a rule without learning."""
    rows = result.metrics[result.metrics["metric"] == "interaction accuracy"]
    mean = rows.groupby("model", sort=False)["value"].mean()
    words = {
        "EqMotion": "EqMotion, no labels",
        "supervised": "EqMotion, labels (ours)",
        "correlation": "a rule: who pulls?",
    }
    drawn = figure("Who is joined to whom?", "model", "interaction accuracy")
    drawn.add_bar(
        x=[words[name] for name in mean.index],
        y=list(mean),
        marker_color=COLOURS[0],
        text=[f"{v:.3f}" for v in mean],
        textposition="outside",
        cliponaxis=False,
    )
    drawn.add_hline(y=0.5, line={"dash": "dot", "color": TRUTH}, annotation_text="guessing")
    drawn.update_yaxes(range=[0, 1.05])
    return drawn


def pedestrians(result: Result) -> go.Figure:
    """ADE and FDE for pedestrians, ours and by constant velocity."""
    rows = result.metrics[
        (result.metrics["stage"] == "pedestrians") & result.metrics["metric"].isin(["ade", "fde"])
    ]
    scenes = ", ".join(dict.fromkeys(rows["scene"]))
    drawn = figure(f"Pedestrians: tested on {scenes}", "measure", "metres")
    for name, group in rows.groupby("model", sort=False):
        mean = group.groupby("metric", sort=False)["value"].mean()
        drawn.add_bar(
            x=[m.upper() for m in mean.index],
            y=list(mean),
            name=f"{name}, best of 20" if name == "EqMotion" else name,
            marker_color=COLOUR[name],
            text=[f"{v:.2f}" for v in mean],
            textposition="outside",
            cliponaxis=False,
        )
    drawn.update_layout(barmode="group")
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    present = set(result.metrics["stage"])
    drawn: dict[str, go.Figure] = {}
    if "springs" in present:
        drawn["springs"] = errors_by_step(
            _by_step(result, "springs"), title="Springs: how far ahead", y_name="displacement"
        )
        drawn["turned"] = turned(result)
        drawn["training"] = training(result)
        drawn["graph"] = accuracies(result)
    if "ablations" in present:
        drawn["ablations"] = ablated(result)
    for stage, words in (
        ("charged", "Charged particles"),
        ("skeleton", "Walkers"),
        ("molecule", "Molecules"),
    ):
        if stage in present:
            drawn[stage] = errors_by_step(
                _by_step(result, stage), title=f"{words}: how far ahead", y_name="displacement"
            )
    if "pedestrians" in present:
        drawn["pedestrians"] = pedestrians(result)
        past, many, future, there = (
            result.tensors[f"pedestrians/{name}"][0] for name in ("past", "fan", "future", "present")
        )
        best = int((many - future).norm(dim=-1).mean(-1).argmin())
        others = past[there > 0]
        stay = others[:, -1:].expand(-1, future.shape[0], -1).clone()
        stay[0] = future
        drawn["fan"] = fan(others, stay, many, best, title="One pedestrian: 20 predictions")
    return {**drawn, "claims": claims_figure(result.claims)}
