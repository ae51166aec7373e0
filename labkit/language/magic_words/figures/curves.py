"""k-epsilon curves, and what the required prompt length has to do with likelihood."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.language.magic_words.figures.style import SET_COLOURS, SET_NAMES
from labkit.language.magic_words.method import k_epsilon
from labkit.plotting import MUTED, figure

Shortest = Sequence[int | None]


def epsilon_curves(
    shortest: Mapping[str, Shortest], ks: Sequence[int], *, log: bool, title: str
) -> go.Figure:
    """epsilon against k, a line a set of targets, with 95% Wilson bands.

    Args:
        shortest: for each set, of each pair the shortest prompt that was found.
    """
    drawn = figure(title, "prompt length k (tokens)", "ε(k): share of targets not reached", height=480)
    for name, found in shortest.items():
        rows = k_epsilon(found, ks)
        colour = SET_COLOURS[name]
        low, high = [row.low for row in rows], [row.high for row in rows]
        floor = 1e-3 if log else 0.0
        drawn.add_scatter(
            x=[*ks, *reversed(ks)],
            y=[max(v, floor) for v in [*high, *reversed(low)]],
            mode="lines",
            fill="toself",
            fillcolor=_pale(colour),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        # zero has no place on a logarithmic axis
        values = [row.epsilon if row.epsilon > 0 or not log else None for row in rows]
        drawn.add_scatter(
            x=list(ks),
            y=values,
            mode="lines+markers",
            name=f"{SET_NAMES[name]} ({len(found)} pairs)",
            line={"color": colour, "width": 3},
            hovertemplate="k ≤ %{x}: %{y:.2f} not reached<extra></extra>",
        )
    drawn.update_xaxes(dtick=1)
    if log:
        drawn.update_yaxes(type="log", range=[-2, 0.05])
    else:
        drawn.update_yaxes(range=[-0.02, 1.02])
    return drawn


def required_length(
    values: Mapping[str, Sequence[float]],
    shortest: Mapping[str, Shortest],
    *,
    what: str,
    longest: int,
    title: str,
) -> go.Figure:
    """The shortest prompt that was found against a target's prior rank or loss; what was not found lies on top."""
    drawn = figure(title, what, "shortest prompt found (tokens)", height=480)
    top = longest + 1.5
    for place, (name, found) in enumerate(shortest.items()):
        lift = (place - 1) * 0.13  # so that equal lengths do not hide each other
        drawn.add_scatter(
            x=list(values[name]),
            y=[(top if k is None else k) + lift for k in found],
            mode="markers",
            name=SET_NAMES[name],
            marker={"size": 9, "color": SET_COLOURS[name], "opacity": 0.65},
        )
    ticks = list(range(longest + 1))
    drawn.update_yaxes(
        tickvals=[*ticks, top], ticktext=[*map(str, ticks), "not found"], range=[-0.6, top + 0.6]
    )
    drawn.update_layout(margin_l=92)
    drawn.add_hline(y=longest + 0.75, line={"color": MUTED, "dash": "dot"})
    return drawn


def _pale(colour: str) -> str:
    r, g, b = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({r},{g},{b},0.15)"
