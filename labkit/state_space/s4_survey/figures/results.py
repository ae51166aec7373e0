"""The experiment's Results as pictures."""

import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import COLOURS, claims_figure, figure
from labkit.state_space.s4_survey.figures.style import MODEL_COLOURS, shown


def race(result: Result, stage: str, title: str) -> go.Figure:
    """Accuracy against training step, the mean over seeds."""
    rows = result.rows(stage, "test accuracy")
    drawn = figure(title, "training step", "test accuracy", height=450)
    for model, group in rows.groupby("model", sort=False):
        mean = group.groupby("step")["value"].mean()
        drawn.add_scatter(
            x=[int(s) for s in mean.index], y=list(mean), name=shown(model), mode="lines+markers",
            line={"color": MODEL_COLOURS.get(model, COLOURS[0]), "width": 3.5 if model == "mamba" else 2},
        )  # fmt: skip
    drawn.update_yaxes(range=[0, 1.03])
    drawn.update_layout(margin_t=120)
    return drawn


def stretching(result: Result) -> go.Figure:
    """Accuracy on induction heads against the length, trained at one length."""
    rows = result.rows("induction", "accuracy at another length")
    length = result.settings["induction"]["length"]
    drawn = figure(
        f"Induction heads: trained at length {length}, asked at others",
        "length (tokens)",
        "test accuracy",
        height=450,
    )
    for model, group in rows.groupby("model", sort=False):
        mean = group.groupby("length")["value"].mean()
        drawn.add_scatter(
            x=[int(L) for L in mean.index], y=list(mean), name=shown(model), mode="lines+markers",
            line={"color": MODEL_COLOURS[model], "width": 3.5 if model == "mamba" else 2},
        )  # fmt: skip
    drawn.add_vline(x=length, line={"color": "#9AA5B1", "dash": "dot"})
    guess = 1 / (result.settings["induction"]["vocab"] - 1)
    drawn.add_hline(y=guess, line={"color": "#9AA5B1", "dash": "dot"}, annotation_text="guessing")
    drawn.update_xaxes(type="log", tickvals=sorted(int(L) for L in rows["length"].unique()))
    drawn.update_yaxes(range=[0, 1.03])
    drawn.update_layout(margin_t=120)
    return drawn


def seconds(result: Result) -> go.Figure:
    """One training step's time against the length, as measured."""
    rows = result.rows("complexity", "seconds")
    drawn = figure("One training step of one layer, measured", "length L (steps)", "seconds", height=450)
    for model, group in rows.groupby("model", sort=False):
        mean = group.groupby("length")["value"].mean()
        drawn.add_scatter(
            x=[int(L) for L in mean.index], y=list(mean), name=shown(model), mode="lines+markers",
            line={"color": MODEL_COLOURS[model], "width": 2.5},
        )  # fmt: skip
    drawn.update_xaxes(type="log", tickvals=sorted(int(L) for L in rows["length"].unique()))
    drawn.update_yaxes(type="log")
    return drawn


def ablation(result: Result) -> go.Figure:
    """Final accuracy with all, one or none of Delta, B and C made from the token."""
    copy = result.rows("copying", "final accuracy").groupby("model")["value"].mean()
    parts = result.rows("ablation", "final accuracy").groupby("model", sort=False)["value"].mean()
    bars = {"none (FFT)": copy.get("mamba_lti"), **parts.to_dict(), "all three": copy["mamba"]}
    drawn = figure(
        "Selective copying: what must depend on the token?", "depends on the token", "test accuracy"
    )
    drawn.add_bar(
        x=list(bars), y=list(bars.values()), marker_color=COLOURS[1], showlegend=False,
        text=[f"{v:.2f}" for v in bars.values()], textposition="outside",
    )  # fmt: skip
    drawn.update_yaxes(range=[0, 1.12])
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that this Result has the measurements for."""
    measured = set(result.metrics["stage"])
    drawn = {
        "copying": race(result, "copying", "Selective copying: accuracy while learning"),
        "induction": race(result, "induction", "Induction heads: accuracy while learning"),
        "stretching": stretching(result),
        "seconds": seconds(result),
    }
    if "ablation" in measured:
        drawn["ablation"] = ablation(result)
    if "hybrid" in measured:
        drawn["hybrid"] = race(result, "hybrid", "Jamba on induction heads, by its share of attention")
    drawn["claims"] = claims_figure(result.claims)
    return drawn
