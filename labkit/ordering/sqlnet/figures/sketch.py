"""The sketch being filled in: a distribution for each slot, with the arrows of the dependency graph."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, ESTIMATE, MUTED, panels

SLOTS = ("select", "aggregation", "number", "columns", "operators", "values")
TITLES = (
    "1 select column",
    "2 aggregation",
    "3 how many conditions",
    "4 condition columns",
    "5 operator",
    "6 value",
)


def sketch(
    distributions: Mapping[str, tuple[Sequence[str], Sequence[float]]],
    gold: Mapping[str, Sequence[str]],
    filled: int,
    *,
    title: str,
) -> go.Figure:
    """Six panels of probabilities, the first `filled` of them filled in; what is chosen is blue, gold is outlined.

    `distributions[slot]` are (labels, probabilities); `gold[slot]` the labels that are right.
    """
    shown = [
        f"{name}" if i < filled else f"<span style='color:{MUTED}'>{name}</span>"
        for i, name in enumerate(TITLES)
    ]
    drawn = panels(title, shown, rows=3, height=760, horizontal_spacing=0.22, vertical_spacing=0.12)
    for i, slot in enumerate(SLOTS):
        row, column = i // 2 + 1, i % 2 + 1
        labels, chances = distributions[slot]
        right = set(gold.get(slot, ()))
        if i < filled:
            best = max(chances) if chances else 0
            outline = [ESTIMATE if label in right else "rgba(0,0,0,0)" for label in labels]
            drawn.add_bar(
                x=list(chances), y=[_short(label) for label in labels], orientation="h", row=row, col=column,
                showlegend=False, customdata=list(labels), hovertemplate="%{customdata}: %{x:.3f}<extra></extra>",
                marker={
                    "color": [COLOURS[0] if p == best else "#C9D6E2" for p in chances],
                    "line": {"color": outline, "width": 2.5},
                },
            )  # fmt: skip
        else:
            drawn.add_bar(x=[0.0], y=["?"], orientation="h", row=row, col=column, showlegend=False)
        drawn.update_xaxes(range=[0, 1.02], title_text="probability", title_font_size=11, row=row, col=column)
        drawn.update_yaxes(autorange="reversed", title_text="", type="category", row=row, col=column)
    _arrows(drawn, filled)
    drawn.update_layout(margin_l=170)
    return drawn


def _short(label: str) -> str:
    return label if len(label) <= 20 else label[:19] + "…"


def _arrows(drawn: go.Figure, filled: int) -> None:
    """Arrows from panel to panel, in the space between them."""
    places = {
        ("select", "aggregation"): ((0.40, 0.87), (0.47, 0.87), "its column"),
        ("number", "columns"): ((0.40, 0.50), (0.47, 0.50), "top K"),
        ("columns", "operators"): ((0.435, 0.33), (0.435, 0.285), "5 and 6: for each column"),
    }
    for (_, target), (start, end, words) in places.items():
        active = SLOTS.index(target) < filled
        colour = COLOURS[1] if active else MUTED
        drawn.add_shape(
            type="line", xref="paper", yref="paper", x0=start[0], y0=start[1], x1=end[0], y1=end[1],
            line={"color": colour, "width": 3},
        )  # fmt: skip
        drawn.add_annotation(
            x=end[0], y=end[1], xref="paper", yref="paper", text="▶" if start[1] == end[1] else "▼", showarrow=False,
            font={"color": colour, "size": 14},
        )  # fmt: skip
        drawn.add_annotation(
            x=(start[0] + end[0]) / 2, y=max(start[1], end[1]) + 0.03, xref="paper", yref="paper", text=words,
            showarrow=False, font={"size": 11, "color": colour},
        )  # fmt: skip
