"""Failing shares against the number of environments, and risks by method."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, MUTED, TRUTH, panels
from labkit.plotting import figure as empty


def failing_curve(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    bounds: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    floor: float = 1e-3,
) -> go.Figure:
    """Worst failing shares (lines with dots) and bounds (dashed) against training environments, both logarithmic.

    A share of zero stands on the floor.
    """
    drawn = empty(title, "training environments", "share of unseen environments that fail", height=500)
    for k, (name, (x, y)) in enumerate(curves.items()):
        drawn.add_scatter(
            x=list(x),
            y=[max(v, floor) for v in y],
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[k]},
        )
    for name, (x, y) in bounds.items():
        colour = MUTED if "guide" in name else TRUTH
        dash = {"split": "dash", "VC": "dot"}.get(name.split()[0], "dashdot")
        drawn.add_scatter(x=list(x), y=list(y), name=name, mode="lines", line={"color": colour, "dash": dash})
    drawn.update_xaxes(type="log")
    drawn.update_yaxes(type="log", range=[-3.1, 0.1])
    return drawn


def risk_violins(risks: Mapping[str, Mapping[str, Sequence[float]]], *, title: str) -> go.Figure:
    """risks[family][method]: one panel a test family, one violin a method; 1 is the target's own noise."""
    drawn = panels(title, list(risks), height=520, shared_yaxes=True)
    for k, (_, by_method) in enumerate(risks.items()):
        for j, (method, values) in enumerate(by_method.items()):
            drawn.add_violin(
                y=list(values), x=[method] * len(values), name=method, showlegend=False, line_color=COLOURS[j],
                points="all", pointpos=0, jitter=0.3, marker={"size": 3}, spanmode="hard", row=1, col=k + 1,
            )  # fmt: skip
        drawn.add_hline(y=1, line={"color": TRUTH, "dash": "dot"}, row=1, col=k + 1)
    drawn.update_yaxes(type="log")
    drawn.update_yaxes(title_text="squared error / noise of Y", col=1)
    drawn.update_xaxes(tickangle=-50, title_text="method")
    drawn.update_layout(margin_b=150)
    return drawn
