"""Queries as pictures: scores of a set of columns, tables with the rows found, serialisations, type masks."""

from collections.abc import Collection, Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, ESTIMATE, figure


def column_set(
    names: Sequence[str], chances: Sequence[float], gold: Collection[int], K: int, *, title: str
) -> go.Figure:
    """One bar a column, best first; the K best are taken, the line is drawn below them, gold columns are outlined."""
    order = sorted(range(len(names)), key=lambda i: -chances[i])
    drawn = figure(title, "P(column is in WHERE)", "", height=170 + 40 * len(names))
    drawn.add_bar(
        x=[chances[i] for i in order],
        y=[names[i] for i in order],
        orientation="h",
        marker={
            "color": [COLOURS[0] if rank < K else "#C9D6E2" for rank in range(len(order))],
            "line": {"width": 3, "color": [ESTIMATE if i in gold else "rgba(0,0,0,0)" for i in order]},
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        showlegend=False,
    )
    drawn.add_hline(y=K - 0.5, line={"color": "#222222", "dash": "dash"})
    drawn.add_annotation(
        x=1.0,
        y=K - 0.5,
        text=f"taken: the {K} best (gold is outlined)",
        showarrow=False,
        yshift=11,
        xanchor="right",
    )
    drawn.update_xaxes(range=[0, 1.02])
    drawn.update_yaxes(autorange="reversed", type="category")
    drawn.update_layout(margin_l=150)
    return drawn


def answered(
    header: Sequence[str], rows: Sequence[Sequence], found: Collection[int], select: int, *, title: str
) -> go.Figure:
    """The table, with the rows that meet the conditions and the selected column's cells marked."""
    shade = [
        [
            "#F7C59F" if r in found and c == select else "#FBE7D3" if r in found else "white"
            for r in range(len(rows))
        ]
        for c in range(len(header))
    ]
    names = [f"<b>{name}</b>" if i == select else name for i, name in enumerate(header)]
    drawn = figure(title, "", "", height=150 + 26 * len(rows))
    drawn.add_table(
        header={"values": names, "fill_color": "#E4E7EB", "align": "left", "font": {"size": 13}},
        cells={
            "values": [["" if row[c] is None else row[c] for row in rows] for c in range(len(header))],
            "fill_color": shade,
            "align": "left",
            "height": 25,
        },
    )
    drawn.update_xaxes(visible=False)
    drawn.update_yaxes(visible=False)
    drawn.update_layout(margin={"l": 10, "r": 10, "t": 80, "b": 10})
    return drawn


def serialisations(texts: Sequence[str], log_p: Mapping[str, Sequence[float]], *, title: str) -> go.Figure:
    """One row a serialisation, one dot a model: how likely the model finds it, as log10 p."""
    drawn = figure(title, "log₁₀ probability of the whole clause", "", height=240 + 38 * len(texts))
    for k, (name, values) in enumerate(log_p.items()):
        drawn.add_scatter(
            x=list(values),
            y=list(texts),
            mode="markers",
            name=name,
            marker={"size": 13, "color": COLOURS[k], "symbol": ("circle", "diamond")[k % 2]},
            hovertemplate="%{y}<br>10^%{x:.2f}<extra>" + name + "</extra>",
        )
    drawn.update_yaxes(autorange="reversed", type="category", tickfont={"size": 11, "family": "monospace"})
    drawn.update_layout(margin_l=330)
    return drawn


def type_mass(
    mass: Mapping[str, Sequence[float]],
    masked: Mapping[str, Sequence[float]],
    labels: Sequence[str],
    *,
    title: str,
) -> go.Figure:
    """The probability on what the types forbid, for each question: before masking (bars) and after (black ticks)."""
    drawn = figure(title, "probability of what the types forbid", "", height=440)
    for k, (what, values) in enumerate(mass.items()):
        drawn.add_bar(x=list(values), y=list(labels), orientation="h", name=what, marker_color=COLOURS[k])
    worst = [max(values) for values in zip(*masked.values(), strict=True)]
    drawn.add_scatter(
        x=worst, y=list(labels), mode="markers", name="after masking",
        marker={"symbol": "line-ns-open", "size": 16, "color": "#222222"},
    )  # fmt: skip
    drawn.update_layout(barmode="group", margin_l=330)
    drawn.update_xaxes(range=[-0.01, 1.02])
    drawn.update_yaxes(autorange="reversed", type="category", tickfont={"size": 11})
    return drawn
