"""Sorting: the process block at work, and what the writer points at."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from labkit.plotting import COLOURS, DIVERGING, MUTED, SEQUENTIAL, panels


def process(
    numbers: np.ndarray,
    looks: np.ndarray,
    strips: dict[str, tuple[np.ndarray, np.ndarray]],
    *,
    title: str,
) -> go.Figure:
    """Attention of every process step over the numbers, and the encoders' results before and after a shuffle.

    Args:
        looks: (steps, n). strips: by encoder: its vector in the given order and in the shuffled one.
    """
    names = list(strips)
    drawn = panels(
        title,
        ["attention, step by step", *names],
        columns=1 + len(names),
        height=460,
        column_widths=[0.44, *[0.56 / len(names)] * len(names)],
        horizontal_spacing=0.12,
    )
    drawn.add_scatter(
        x=numbers,
        y=np.zeros(len(numbers)),
        mode="markers",
        marker={"size": 8, "color": MUTED},
        showlegend=False,
        hovertemplate="%{x:.3f}<extra></extra>",
        row=1,
        col=1,
    )
    for t, weights in enumerate(looks, start=1):
        drawn.add_scatter(
            x=numbers,
            y=np.full(len(numbers), t),
            mode="markers",
            marker={"size": 4 + 34 * weights, "color": COLOURS[0], "opacity": 0.7},
            showlegend=False,
            hovertext=[f"step {t}: {x:.3f} gets {w:.2f}" for x, w in zip(numbers, weights, strict=True)],
            hoverinfo="text",
            row=1,
            col=1,
        )
    drawn.update_xaxes(range=[-0.05, 1.05], title_text="number", row=1, col=1)
    drawn.update_yaxes(title_text="process step t (0: the set)", autorange="reversed", dtick=1, row=1, col=1)
    for column, (given, shuffled) in enumerate(strips.values(), start=2):
        both = np.stack([given, shuffled, shuffled - given], 1)
        drawn.add_heatmap(
            x=["given", "shuffled", "difference"],
            z=both,
            zmin=-1,
            zmax=1,
            colorscale=DIVERGING,
            showscale=column == 1 + len(names),
            colorbar={"title": "value"},
            hovertemplate="%{x}, entry %{y}: %{z:.3f}<extra></extra>",
            row=1,
            col=column,
        )
        drawn.update_xaxes(
            title_text="order of the input", title_standoff=34, automargin=True, row=1, col=column
        )
        drawn.update_yaxes(title_text="entry of the vector", row=1, col=column)
    return drawn


def pointer_matrix(
    probabilities: np.ndarray, glimpses: np.ndarray | None, labels: Sequence[str], *, title: str
) -> go.Figure:
    """Decoder step x element, elements sorted: a diagonal when the sorting works; the glimpse's attention beside it."""
    shown = (
        {"pointer": probabilities} if glimpses is None else {"glimpse": glimpses, "pointer": probabilities}
    )
    drawn = panels(
        title, [f"{name}" for name in shown], columns=len(shown), height=440, horizontal_spacing=0.12
    )
    for column, (name, values) in enumerate(shown.items(), start=1):
        drawn.add_heatmap(
            x=list(labels),
            y=list(range(1, len(values) + 1)),
            z=values.round(4),
            zmin=0,
            zmax=1,
            colorscale=SEQUENTIAL,
            showscale=column == len(shown),
            colorbar={"title": "p"},
            hovertemplate=f"{name}, step %{{y}}, element %{{x}}: %{{z:.3f}}<extra></extra>",
            row=1,
            col=column,
        )
    drawn.update_xaxes(title_text="element, smallest first", type="category")
    drawn.update_yaxes(title_text="writing step", autorange="reversed", dtick=1)
    return drawn
