"""The experiment's Results as pictures."""

import pandas as pd
import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.plotting import COLOURS, claims_figure, figure
from labkit.state_space.s4.figures.costs import generation, kernel_costs
from labkit.state_space.s4.figures.kernels import conditions, kernel_gallery

MODEL_COLOURS = dict(
    zip(("S4", "random NPLR", "S4D", "LSTM", "Transformer", "CNN"), COLOURS, strict=False)
) | dict(zip(("LSSL", "random Gaussian", "rank 2", "frozen"), COLOURS[2:], strict=False))


def accuracies(
    result: Result, stage: str, title: str, chance: float, with_s4: bool = False, each_seed: bool = False
) -> go.Figure:
    """Test accuracy after each epoch, one line a model: the mean over seeds, with the seeds as thin lines if asked."""
    rows = result.rows(stage, "test accuracy")
    if with_s4:
        s4 = result.rows("digits", "test accuracy")
        rows = pd.concat([s4[s4["model"] == "S4"], rows])
    drawn = figure(title, "epoch", "test accuracy", height=440)
    for model, group in rows.groupby("model", sort=False):
        mean = group.groupby("epoch")["value"].mean()
        for _, one in group.groupby("seed") if each_seed else ():
            drawn.add_scatter(
                x=list(one["epoch"]),
                y=list(one["value"]),
                mode="lines",
                showlegend=False,
                opacity=0.4,
                line={"color": MODEL_COLOURS[model], "width": 1.5, "dash": "dot"},
            )
        drawn.add_scatter(
            x=list(mean.index),
            y=list(mean),
            name=model,
            mode="lines+markers",
            line={"color": MODEL_COLOURS[model], "width": 3 if model == "S4" else 2},
        )
    drawn.add_hline(y=chance, line={"color": "#9AA5B1", "dash": "dot"}, annotation_text="guessing")
    drawn.update_yaxes(range=[0, 1.03])
    return drawn


def _condition_numbers(result: Result) -> go.Figure:
    rows = result.rows("kernels", "condition number")
    rows = rows[rows["seed"] == rows["seed"].min()]
    orders = sorted(int(N) for N in rows["N"].unique())
    return conditions(orders, {b: list(g.sort_values("N")["value"]) for b, g in rows.groupby("basis")})


def _kernel_costs(result: Result) -> go.Figure:
    tables = []
    for metric in ("seconds", "MiB"):
        rows = result.rows("kernel_cost", metric)
        tables.append(
            {
                name: {
                    int(length): value for length, value in group.groupby("length")["value"].mean().items()
                }
                for name, group in rows.groupby("kernel", sort=False)
            }
        )
    speed = result.settings["speed"]
    return kernel_costs(
        *tables, title=f"One kernel of {speed['heads']} systems, N = {speed['d_state']}, float32"
    )


def _generation(result: Result) -> go.Figure:
    mean = result.rows("generation", "tokens per second").groupby(["model", "context"])["value"].mean()
    mean = mean.unstack("context")
    return generation(
        [int(c) for c in mean.columns], {name: list(values) for name, values in mean.iterrows()}
    )


def _rates(result: Result) -> go.Figure:
    rows = result.rows("digits", "accuracy at half the rate")
    last = result.rows("digits", "test accuracy")
    last = last[last["epoch"] == last["epoch"].max()]
    drawn = figure("Trained on every pixel, read at every second", "model", "test accuracy", height=420)
    models = list(rows["model"].unique())
    for name, table, colour in (
        ("every pixel, as trained", last, COLOURS[0]),
        ("every second pixel, Δ doubled", rows[rows["rate"] == 2], COLOURS[2]),
        ("every second pixel, Δ as it was", rows[rows["rate"] == 1], COLOURS[1]),
    ):
        mean = table.groupby("model")["value"].mean()
        drawn.add_bar(x=models, y=[mean[model] for model in models], name=name, marker_color=colour)
    drawn.update_yaxes(range=[0, 1.03])
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that this Result has the measurements for."""
    measured = set(result.metrics["stage"])
    drawn = {
        "condition_numbers": _condition_numbers(result),
        "kernel_costs": _kernel_costs(result),
        "generation": _generation(result),
        "digits": accuracies(result, "digits", "Sequential digits, pixel by pixel", 0.1),
        "sampling_rate": _rates(result),
    }
    if "digits/kernels" in result.tensors:
        kernels = result.tensors["digits/kernels"][:4]
        drawn["trained_kernels"] = kernel_gallery(
            kernels, [f"channel {i}" for i in range(len(kernels))], title="Kernels of the trained first layer"
        )
    if "ablation" in measured:
        drawn["ablation"] = accuracies(
            result, "ablation", "Sequential digits: what the paper exchanges", 0.1, with_s4=True
        )
    if "list_operations" in measured:
        guess = result.rows("list_operations", "commonest value")["value"].mean()
        drawn["listops"] = accuracies(result, "list_operations", "ListOps, from its grammar", guess)
    if "paths" in measured:
        drawn["pathfinder"] = accuracies(
            result, "paths", "Pathfinder, pixel by pixel: the mean, and each seed", 0.5, each_seed=True
        )
    if "sequential_mnist" in measured:
        drawn["mnist"] = accuracies(result, "sequential_mnist", "Sequential MNIST", 0.1)
    drawn["claims"] = claims_figure(result.claims)
    return drawn
