"""Pictures that the demos draw."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from labkit.ordering.top_eigenvector.figures.style import COLOUR
from labkit.plotting import COLOURS, MUTED, TRUTH, animate, figure


def course(
    seen: Sequence[int], curves: dict[str, Sequence[float]], ends: Sequence[int], *, title: str
) -> go.Figure:
    """Correlation against the rows that have been read, one curve an algorithm; dotted lines where blocks end."""
    drawn = figure(title, "rows read", "correlation ⟨v, v₁⟩²")
    for end in ends:
        drawn.add_vline(x=end, line={"color": MUTED, "dash": "dot", "width": 1})
    oja = [name for name in curves if name.startswith("Oja")]
    for name, values in curves.items():
        line = {"color": COLOUR.get(name, COLOUR["Oja, best rate"]), "width": 3}
        if name in oja:
            line = {**line, "width": 2, "dash": ("dot", "solid", "dash")[oja.index(name) % 3]}
        drawn.add_scatter(x=list(seen), y=list(values), name=name, line=line)
    drawn.update_yaxes(range=[-0.03, 1.05])
    return drawn


def rates(etas: np.ndarray, curves: dict[int, np.ndarray], *, title: str) -> go.Figure:
    """Correlation against the rate, one hump for each gap; a dot marks eta = R - 1."""
    drawn = figure(title, "rate η (units of 1/σ₂²)", "correlation ⟨v, v₁⟩²")
    for i, (R, values) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        drawn.add_scatter(x=etas, y=values, name=f"R = {R}", line={"color": colour, "width": 2.5})
        place = int(np.abs(np.log(etas) - np.log(R - 1)).argmin())
        drawn.add_scatter(
            x=[etas[place]],
            y=[values[place]],
            mode="markers",
            marker={"color": colour, "size": 11},
            showlegend=False,
            hovertemplate=f"η = R − 1 = {R - 1}<extra></extra>",
        )
    drawn.update_xaxes(type="log")
    drawn.update_yaxes(range=[-0.03, 1.05])
    return drawn


def race(seen: Sequence[int], along: Sequence[float], rest: Sequence[float], *, title: str) -> go.Figure:
    """Logarithms of the two parts of Oja's vector that was never normalised."""
    drawn = figure(title, "rows read", "natural logarithm")
    drawn.add_scatter(
        x=list(seen), y=list(along), name="log |⟨v, u₁⟩|", line={"color": COLOURS[0], "width": 3}
    )
    drawn.add_scatter(
        x=list(seen), y=list(rest), name="log ‖the rest of v‖", line={"color": COLOURS[1], "width": 3}
    )
    return drawn


def norms(squared: np.ndarray, heavy: np.ndarray, threshold: float, *, title: str) -> go.Figure:
    """Squared norms of the rows as they come, the threshold, and which rows are stored."""
    drawn = figure(title, "row, as it comes", "squared norm ‖a‖²")
    at = np.arange(len(squared))
    drawn.add_scattergl(
        x=at[~heavy], y=squared[~heavy], mode="markers", name="light", marker={"color": MUTED, "size": 4}
    )
    drawn.add_scattergl(
        x=at[heavy],
        y=squared[heavy],
        mode="markers",
        name="stored",
        marker={"color": COLOUR["heavy rows + blocks"], "size": 10},
    )
    drawn.add_hline(y=threshold, line={"color": TRUTH, "dash": "dash"}, annotation_text="‖A‖²_F / (κ d)")
    drawn.update_yaxes(type="log")
    return drawn


def cartoon(
    blocks: list[np.ndarray],
    path: list[np.ndarray],
    stored: np.ndarray,
    answer: np.ndarray,
    truth: np.ndarray,
    *,
    enlarged: float,
    title: str,
) -> go.Figure:
    """Rows in the plane, block by block: z turns; at the end the stored rows join in. Light rows are enlarged."""
    blocks = [enlarged * rows for rows in blocks]
    size = float(np.abs(np.concatenate([*blocks, stored])).max()) * 1.1

    def line(v, colour, name, dash="solid", width=4):
        return go.Scatter(
            x=[-size * v[0], size * v[0]],
            y=[-size * v[1], size * v[1]],
            mode="lines",
            name=name,
            line={"color": colour, "dash": dash, "width": width},
        )

    def dots(rows, colour, name, symbol="circle", marker=7):
        return go.Scatter(
            x=rows[:, 0],
            y=rows[:, 1],
            mode="markers",
            name=name,
            marker={"color": colour, "size": marker, "symbol": symbol},
        )

    def frame(rows, z, kept, name, colour):
        return [
            dots(rows, MUTED, f"light rows of this block, {enlarged:g} times enlarged"),
            dots(kept, COLOURS[3], "stored heavy rows", "star", 14),
            line(truth, TRUTH, "v₁", "dot", 2),
            line(z, colour, name),
        ]

    drawn = figure(title, "first coordinate", "second coordinate", height=560)
    frames = [
        go.Frame(
            data=frame(rows, z, stored[:0], "z, from the light rows", COLOUR["heavy rows + blocks"]),
            name=str(t),
        )
        for t, (rows, z) in enumerate(zip(blocks, path, strict=True))
    ]
    everything = np.concatenate(blocks)
    frames.append(
        go.Frame(
            data=frame(everything, answer, stored, "answer, with the stored rows", COLOURS[2]), name="end"
        )
    )
    drawn.add_traces(frames[0].data)
    drawn.update_xaxes(range=[-size, size])
    drawn.update_yaxes(range=[-size, size], scaleanchor="x")
    return animate(drawn, frames, label="block", milliseconds=700)


def law(gaps: Sequence[float], losses: dict[str, Sequence[float]], *, title: str) -> go.Figure:
    """1 - correlation against R, with the guides 1/sqrt R, 1/R and 1/R^2."""
    drawn = figure(title, "gap R = σ₁² / σ₂²", "1 − correlation")
    R = np.geomspace(max(min(gaps), 1.01), max(gaps), 40)
    for power, label in ((0.5, "1/√R (guaranteed)"), (1, "1/R"), (2, "1/R²")):
        drawn.add_scatter(
            x=R,
            y=R**-power,
            name=label,
            mode="lines",
            line={"color": MUTED, "dash": ("solid", "dash", "dot")[int(power)]},
        )
    for name, values in losses.items():
        drawn.add_scatter(
            x=list(gaps),
            y=np.maximum(values, 1e-7),
            name=name,
            mode="lines+markers",
            line={"color": COLOUR[name], "width": 3},
        )
    drawn.update_xaxes(type="log")
    drawn.update_yaxes(type="log")
    return drawn


def frontier(points: dict[str, list[tuple[float, float]]], *, title: str) -> go.Figure:
    """1 - correlation against the words that are kept; down and left is better."""
    drawn = figure(title, "words kept", "1 − correlation")
    for name, pairs in points.items():
        pairs = sorted(pairs)
        drawn.add_scatter(
            x=[words for words, _ in pairs],
            y=[max(1 - found, 1e-7) for _, found in pairs],
            name=name,
            mode="lines+markers" if len(pairs) > 1 else "markers",
            marker={"size": 10},
            line={"color": COLOUR[name], "width": 2},
        )
    drawn.update_xaxes(type="log")
    drawn.update_yaxes(type="log")
    return drawn
