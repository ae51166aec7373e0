"""The experiment's Results as pictures."""

from collections import Counter

import pandas as pd
import plotly.graph_objects as go

from labkit.experiment import Result
from labkit.language.magic_words.figures.attention import layer_bounds
from labkit.language.magic_words.figures.curves import epsilon_curves
from labkit.language.magic_words.figures.style import BOUND_COLOURS, BOUND_NAMES, safe, visible
from labkit.plotting import COLOURS, MUTED, TRUTH, claims_figure, figure

SETS = ("truth", "top", "uniform")


def shortest_of(table: pd.DataFrame, start: str) -> dict[str, list[int | None]]:
    """For each set of targets, the shortest prompt of each pair; the table says -1 where none was found."""
    rows = table[(table["metric"] == "shortest prompt") & (table["start"] == start)]
    return {
        name: [None if value < 0 else int(value) for value in rows[rows["set"] == name]["value"]]
        for name in SETS
        if (rows["set"] == name).any()
    }


def reachable_growth(result: Result) -> go.Figure:
    """|R^k| of each state, exact: fragments grow, document beginnings hardly do."""
    rows = result.rows("reachable", "outputs")
    drawn = figure("Outputs that can be reached, exact", "prompt length k (tokens)", "outputs", height=440)
    for start, colour in (("fragment", COLOURS[0]), ("beginning", COLOURS[1])):
        some = rows[(rows["start"] == start) & (rows["seed"] == result.seeds[0])]
        for number, (_, group) in enumerate(some.groupby("state")):
            drawn.add_scatter(
                x=list(group["k"]),
                y=list(group["value"]),
                mode="lines+markers",
                opacity=0.6,
                line={"color": colour},
                name=f"{start}s",
                legendgroup=start,
                showlegend=number == 0,
                hovertext=[safe(text) for text in group["text"]],
                hoverinfo="text+y",
            )
    drawn.update_yaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50, 100])
    drawn.update_xaxes(dtick=1)
    return drawn


def epsilon_fragments(result: Result) -> go.Figure:
    """epsilon(k) of the three sets of targets, from fragments."""
    return _epsilon(result, "control", "fragment", "From fragments: how many targets are not reached")


def epsilon_beginnings(result: Result) -> go.Figure:
    """epsilon(k) from document beginnings, where the grammar pins what follows."""
    return _epsilon(result, "control", "beginning", "From document beginnings: the grammar is in the way")


def epsilon_real(result: Result) -> go.Figure:
    """epsilon(k) on the model of real text."""
    name = result.rows("real_model", "shortest prompt")["start"].iloc[0]
    return _epsilon(result, "real_model", name, f"{name}: how many true next tokens are not reached")


def searches(result: Result) -> go.Figure:
    """Loss of three searches at equal numbers of scored prompts."""
    rows = result.rows("budgets", "loss at equal budget")
    drawn = figure(
        "Three searches, equal budgets", "prompt length k (tokens)", "mean loss of the target (nats)"
    )
    for method, colour in (("greedy", COLOURS[0]), ("gcg", COLOURS[1]), ("random", MUTED)):
        mean = rows[rows["method"] == method].groupby("k")["value"].mean()
        name = {"gcg": "greedy coordinate gradient", "random": "random prompts"}.get(method, method)
        drawn.add_scatter(
            x=[int(k) for k in mean.index],
            y=list(mean),
            name=name,
            mode="lines+markers",
            line={"color": colour},
        )
    drawn.update_yaxes(rangemode="tozero")
    drawn.update_xaxes(dtick=1)
    return drawn


def bound_ladder(result: Result) -> go.Figure:
    """Three bounds and two inner values against the number of controls, on one random head."""
    rows = result.rows("attention", "bound")
    rows = rows[rows["seed"] == result.seeds[0]]
    drawn = figure(
        "One head: bounds above, truth between, findings below", "controls k", "displacement orthogonal to ŷ"
    )
    lines = [(name, BOUND_NAMES[name], BOUND_COLOURS[name], "solid") for name in BOUND_NAMES]
    lines += [
        ("best found", "best found by ascent", TRUTH, "solid"),
        ("sampled", "best of 2,000 samples", MUTED, "dot"),
    ]
    for what, name, colour, dash in lines:
        some = rows[rows["what"] == what]
        drawn.add_scatter(
            x=list(some["k"]),
            y=list(some["value"]),
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash},
        )
    drawn.update_xaxes(type="log", tickvals=[1, 2, 4, 8, 16, 32])
    drawn.update_yaxes(rangemode="tozero")
    return drawn


def model_heads(result: Result) -> go.Figure:
    """The bounds on the tiny model's own heads."""
    rows = result.rows("attention", "displacement")
    rows = rows[rows["seed"] == result.seeds[0]]

    def column(what: str) -> list[float]:
        return list(rows[rows["what"] == what]["value"])

    measured = rows[rows["what"] == "measured"]
    names = [
        f"{int(layer)}.{int(head)}" for layer, head in zip(measured["layer"], measured["head"], strict=True)
    ]
    bounds = {name: column(name) for name in BOUND_NAMES}
    return layer_bounds(
        names, column("measured"), bounds, title="The model's own heads, one real token as control"
    )


def prompt_words(result: Result) -> go.Figure:
    """The words that successful prompts use most."""
    rows = result.rows("control", "shortest prompt")
    used = Counter(word for prompt in rows[rows["value"] > 0]["prompt"] for word in str(prompt).split())
    common = used.most_common(40)
    drawn = figure("The words that steer: how often successful prompts use them", "word", "uses", height=420)
    drawn.add_bar(
        x=[safe(visible(word)) for word, _ in common],
        y=[count for _, count in common],
        marker_color=COLOURS[0],
    )
    drawn.update_xaxes(type="category", tickangle=-50)
    return drawn


def result_figures(result: Result) -> dict[str, go.Figure]:
    """Every picture that the Result has the measurements for, in teaching order."""
    makers = {
        "reachable": (reachable_growth,),
        "control": (epsilon_fragments, epsilon_beginnings, prompt_words),
        "budgets": (searches,),
        "attention": (bound_ladder, model_heads),
    }
    present = set(result.metrics["stage"])
    drawn = {
        make.__name__: make(result) for stage, made in makers.items() if stage in present for make in made
    }
    real = result.metrics[result.metrics["stage"] == "real_model"]
    if (real["metric"] == "shortest prompt").any():
        drawn["epsilon_real"] = epsilon_real(result)
    return {**drawn, "claims": claims_figure(result.claims)}


def _epsilon(result: Result, stage: str, start: str, title: str) -> go.Figure:
    shortest = shortest_of(result.rows(stage, "shortest prompt"), start)
    longest = max((k for found in shortest.values() for k in found if k is not None), default=1)
    return epsilon_curves(shortest, list(range(max(longest, 1) + 1)), log=False, title=title)
