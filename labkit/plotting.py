"""The lab's Plotly template, and the few helpers that all figures share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
from torch import Tensor

# Okabe and Ito's colours, told apart by colour-blind readers; black is kept for the truth.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#8C6D31")
TRUTH = "#222222"
ESTIMATE = "#D55E00"
MEASURE = "#009E73"
MUTED = "#9AA5B1"
SEQUENTIAL = "Viridis"
DIVERGING = "RdBu"

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "Inter, Segoe UI, Helvetica, Arial, sans-serif", "size": 14, "color": "#1F2933"},
        "title": {
            "font": {"size": 17},
            "x": 0.0,
            "xanchor": "left",
            "xref": "paper",
            "y": 0.985,
            "yanchor": "top",
            "yref": "container",
        },
        "colorway": list(COLOURS),
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "margin": {"l": 64, "r": 24, "t": 92, "b": 56},
        "hovermode": "closest",
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.01, "xanchor": "left", "x": 0.0},
        "xaxis": {
            "showline": True,
            "linecolor": "#9AA5B1",
            "gridcolor": "#E4E7EB",
            "zeroline": False,
            "ticks": "outside",
            "exponentformat": "power",
        },
        "yaxis": {
            "showline": True,
            "linecolor": "#9AA5B1",
            "gridcolor": "#E4E7EB",
            "zeroline": False,
            "ticks": "outside",
            "exponentformat": "power",
            # a title keeps its distance from labels such as 10⁻¹⁵, and the margin grows where it must
            "automargin": True,
            "title": {"standoff": 12},
        },
        "colorscale": {"sequential": SEQUENTIAL, "diverging": DIVERGING},
    }
)
pio.templates["labkit"] = TEMPLATE


def array(values: Tensor | np.ndarray | Sequence[float]) -> np.ndarray:
    """Values as a NumPy array on the CPU; float32 is plenty for a screen and half the bytes."""
    found = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    return found.astype(np.float32) if found.dtype == np.float64 else found


def figure(title: str, x: str, y: str, *, height: int = 440, **layout: Any) -> go.Figure:
    """An empty figure with a title and named axes (with their units)."""
    drawn = go.Figure(layout={"template": "labkit", "height": height})
    drawn.update_layout(title_text=title, **layout)
    drawn.update_xaxes(title_text=x)
    drawn.update_yaxes(title_text=y)
    return drawn


def panels(
    title: str, titles: Sequence[str], *, rows: int = 1, columns: int = 0, height: int = 440, **options: Any
) -> go.Figure:
    """An empty figure of several panels, each with a title; `options` as for Plotly's `make_subplots`."""
    from plotly.subplots import make_subplots

    columns = columns or -(-len(titles) // rows)
    drawn = make_subplots(rows=rows, cols=columns, subplot_titles=list(titles), **options)
    # the panels' own titles stand just above them; the legend goes above those
    above = {"y": 1 + 26 / (height - 168)}
    drawn.update_layout(template="labkit", height=height, title_text=title, margin_t=112, legend=above)
    return drawn


def thin(values: Tensor | np.ndarray, points: int) -> np.ndarray:
    """At most so many of the values, evenly spaced, with the first and the last."""
    found = array(values)
    if found.shape[-1] <= points:
        return found
    return found[..., np.linspace(0, found.shape[-1] - 1, points).round().astype(int)]


def animate(
    drawn: go.Figure, frames: Sequence[go.Frame | dict], *, label: str, milliseconds: int = 60
) -> go.Figure:
    """Add frames, a play button and a slider. Each frame's name is what the slider shows."""
    drawn.frames = list(frames)
    still = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play = {
        "mode": "immediate",
        "fromcurrent": True,
        "frame": {"duration": milliseconds, "redraw": True},
        "transition": {"duration": 0},
    }
    steps = [{"method": "animate", "label": f.name, "args": [[f.name], still]} for f in drawn.frames]
    below = {"x": 0.0, "y": -0.14, "yanchor": "top", "xanchor": "left", "pad": {"t": 24}}
    drawn.update_layout(
        margin_b=120,
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "showactive": False,
                **below,
                "buttons": [
                    {"label": "Play", "method": "animate", "args": [None, play]},
                    {"label": "Pause", "method": "animate", "args": [[None], still]},
                ],
            }
        ],
        sliders=[
            {
                **below,
                "x": 0.16,
                "len": 0.84,
                "currentvalue": {"prefix": f"{label} "},
                "steps": steps,
                "active": 0,
            }
        ],
    )
    return drawn


def claims_figure(claims: Sequence) -> go.Figure:
    """How far each claim's measurement is on the right side of its threshold, one row a claim.

    The margin is the worst seed's distance from the threshold, for every seed has to meet it, divided by the larger of
    the two: 0 is just met, 1 is met by far, below 0 the claim does not hold.
    """
    judged = [claim for claim in claims if claim.threshold is not None]
    drawn = figure(
        "Claims: on which side of the threshold, and how far",
        "margin (0: just met, below: not met)",
        "",
        height=160 + 44 * len(judged),
    )
    drawn.add_vline(x=0, line={"color": TRUTH, "dash": "dot"})
    for verdict, colour, symbol in (("holds", MEASURE, "circle"), ("does not hold", ESTIMATE, "x")):
        rows = [claim for claim in judged if claim.verdict == verdict]
        drawn.add_scatter(
            x=[_margin(claim) for claim in rows],
            y=[_wrap(claim.statement) for claim in rows],
            mode="markers",
            name=verdict,
            marker={"size": 13, "color": colour, "symbol": symbol},
            hovertext=[f"{c.quantity}: {c.measured_text}, required {c.required}" for c in rows],
            hoverinfo="text",
        )
    drawn.update_xaxes(range=[-1.08, 1.08])
    drawn.update_yaxes(
        categoryorder="array", categoryarray=[_wrap(claim.statement) for claim in reversed(judged)]
    )
    drawn.update_layout(margin_l=330)
    return drawn


def _margin(claim) -> float:
    above = claim.relation.startswith(">")
    worst = min(claim.values) if above else max(claim.values)
    larger = max(abs(worst), abs(claim.threshold)) or 1.0
    beyond = (worst - claim.threshold) / larger
    return max(-1.0, min(1.0, beyond if above else -beyond))


def _wrap(text: str, width: int = 46) -> str:
    import textwrap

    return "<br>".join(textwrap.wrap(text, width))
