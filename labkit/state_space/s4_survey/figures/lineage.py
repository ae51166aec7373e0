"""The lineage as a timeline, what it costs, and how a hybrid is put together."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, MUTED, figure, panels
from labkit.state_space.s4_survey.figures.style import MODEL_COLOURS, shown

UNITS = {
    "flops_train": "operations",
    "flops_step": "operations",
    "bytes_train": "bytes",
    "bytes_step": "bytes",
}


def timeline(
    models: Sequence[tuple[str, float, int]], steps: Sequence[tuple[str, str, str]], chosen: str
) -> go.Figure:
    """Models at their years, in lanes; arrows say what each step changed.

    Args:
        models: (name, year, lane). steps: (from, to, what changed).
    """
    drawn = figure("The lineage", "year", "how it carries the past", height=430)
    at = {name: (year, lane) for name, year, lane in models}
    for start, end, words in steps:
        (x0, y0), (x1, y1) = at[start], at[end]
        drawn.add_annotation(
            x=x1, y=y1, ax=x0, ay=y0, axref="x", ayref="y", xref="x", yref="y", showarrow=True,
            arrowhead=2, arrowwidth=1.6, arrowcolor=MUTED, standoff=24, startstandoff=24,
        )  # fmt: skip
        near = 0.5 if x1 - x0 < 2 else 0.3
        if words:
            drawn.add_annotation(
                x=x0 + near * (x1 - x0), y=y0 + near * (y1 - y0), text=words, showarrow=False, yshift=11,
                font={"size": 12, "color": "#52606D"}, bgcolor="rgba(255,255,255,0.85)",
            )  # fmt: skip
    for name, year, lane in models:
        picked = name == chosen
        drawn.add_scatter(
            x=[year], y=[lane], mode="markers+text", text=[f"<b>{shown(name)}</b>" if picked else shown(name)],
            textposition="bottom center", textfont={"size": 16 if picked else 13},
            marker={"size": 22 if picked else 13, "color": MODEL_COLOURS[name],
                    "line": {"width": 3 if picked else 0, "color": "#222222"}},
            showlegend=False, hovertext=f"{shown(name)}, {year:.0f}", hoverinfo="text",
        )  # fmt: skip
    lanes = ["attention", "nonlinear<br>recurrence", "one system<br>a channel", "a scan"]
    drawn.update_yaxes(tickvals=list(range(4)), ticktext=lanes, range=[-0.6, 3.5], showgrid=False)
    years = ["1990", "1997", "2014", "2017", "2021", "2022", "2023", "2024"]
    drawn.update_xaxes(tickvals=list(range(8)), ticktext=years, range=[-0.5, 7.7])
    drawn.update_layout(margin_l=110)
    return drawn


def costs(
    lengths: Sequence[int], table: Mapping[str, Sequence[float]], quantity: str, *, title: str
) -> go.Figure:
    """One quantity of the cost model against the length, one line a model."""
    drawn = figure(title, "length L (steps)", UNITS[quantity], height=470)
    for name, values in table.items():
        drawn.add_scatter(
            x=list(lengths), y=list(values), name=shown(name), mode="lines",
            line={
                "color": MODEL_COLOURS[name],
                "width": 3.5 if name in ("mamba", "transformer") else 2,
                "dash": "dash" if name == "jamba" else "solid",
            },
        )  # fmt: skip
    ticks = list(lengths)[::2]
    drawn.update_xaxes(
        type="log", tickvals=ticks, ticktext=[f"{L // 1024}K" if L >= 1024 else str(L) for L in ticks]
    )
    drawn.update_yaxes(type="log", dtick=1)
    drawn.update_layout(margin_t=120)
    return drawn


def hybrid(
    mixers: Sequence[str],
    experts: Sequence[int],
    contexts: Sequence[int],
    cache: Mapping[str, Sequence[float]],
    parameters: Mapping[str, float],
) -> go.Figure:
    """The layers one after another, the cache against the context, and the parameters."""
    drawn = panels(
        "A hybrid, layer by layer",
        ("the layers (✱: experts)", "cache of one sequence", "parameters"),
        columns=3, height=470, column_widths=[0.3, 0.42, 0.28], horizontal_spacing=0.1,
    )  # fmt: skip
    side = 8
    colours = {"mamba": COLOURS[1], "attention": "#222222"}
    for kind, colour in colours.items():
        chosen = [i for i, mixer in enumerate(mixers) if mixer == kind]
        drawn.add_scatter(
            x=[i % side for i in chosen], y=[-(i // side) for i in chosen], mode="markers+text", name=kind,
            text=["✱" if experts[i] > 1 else "" for i in chosen], textfont={"color": "white", "size": 13},
            marker={"size": 22, "symbol": "square", "color": colour},
            hovertext=[f"layer {i}: {kind}, {experts[i]} expert(s)" for i in chosen], hoverinfo="text",
            row=1, col=1,
        )  # fmt: skip
    drawn.update_xaxes(showticklabels=False, showgrid=False, range=[-0.7, side - 0.3], row=1, col=1)
    drawn.update_yaxes(
        showticklabels=False,
        showgrid=False,
        range=[-max(4, -(-len(mixers) // side)) + 0.3, 0.7],
        row=1,
        col=1,
    )
    for (name, values), colour in zip(cache.items(), (COLOURS[1], "#222222"), strict=False):
        drawn.add_scatter(
            x=list(contexts), y=list(values), name=name, mode="lines+markers", line={"color": colour, "dash": "dot"},
            row=1, col=2,
        )  # fmt: skip
    drawn.update_xaxes(
        type="log", tickvals=list(contexts)[::2], ticktext=[f"{c // 1024}K" for c in list(contexts)[::2]],
        title_text="context (tokens)", row=1, col=2,
    )  # fmt: skip
    drawn.update_yaxes(title_text="GiB", row=1, col=2)
    drawn.add_bar(
        x=list(parameters), y=list(parameters.values()), showlegend=False, marker_color=[COLOURS[0], COLOURS[2]],
        text=[f"{value:.1f}" for value in parameters.values()], textposition="outside", row=1, col=3,
    )  # fmt: skip
    drawn.update_xaxes(title_text="which", row=1, col=3)
    drawn.update_yaxes(title_text="billions", range=[0, 1.18 * max(parameters.values())], row=1, col=3)
    return drawn


def loads(load: Sequence[float], balance: float, top_k: int, *, title: str) -> go.Figure:
    """How many of the tokens each expert gets."""
    drawn = figure(title, "expert", "share of the tokens", height=400)
    drawn.add_bar(x=list(range(len(load))), y=list(load), marker_color=COLOURS[0], showlegend=False)
    drawn.add_hline(
        y=top_k / len(load), line={"color": "#222222", "dash": "dot"}, annotation_text="evenly shared"
    )
    drawn.update_yaxes(range=[0, 1.05])
    drawn.update_xaxes(dtick=1)
    return drawn
