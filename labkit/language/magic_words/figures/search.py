"""A search, one step of it: the prompt and its gradients, the swaps that were tried, the loss so far."""

from collections.abc import Sequence

import plotly.graph_objects as go

from labkit.language.magic_words.figures.style import safe, visible
from labkit.plotting import COLOURS, ESTIMATE, MUTED, SEQUENTIAL, TRUTH, panels


def live_search(
    losses: Sequence[float],
    best: Sequence[float],
    step: int,
    tokens: Sequence[str],
    gradient: Sequence[float],
    predicted: Sequence[float],
    actual: Sequence[float],
    before: tuple[Sequence[str], Sequence[float]],
    after: tuple[Sequence[str], Sequence[float]],
    target: str,
    *,
    title: str,
    correlation: float | None,
) -> go.Figure:
    """Four panels: the loss, the prompt's gradients, predicted against true change of the swaps, the next word.

    Args:
        losses: at each step of the search so far; best: the smallest so far.
        tokens, gradient: the prompt before this step, and the norm of the loss's gradient at each of its tokens.
        predicted, actual: of the swaps tried in this step; empty where the search predicts nothing.
        before, after: the likeliest next words and their probabilities, without a prompt and with it.
    """
    scatter = "swaps: predicted against true change"
    if correlation is not None:
        scatter += f" (correlation {correlation:.2f})"
    drawn = panels(
        title,
        (
            "loss of the target",
            "gradient at each token of the prompt",
            scatter,
            "next word, before and after",
        ),
        rows=2,
        columns=2,
        height=720,
        vertical_spacing=0.2,
        horizontal_spacing=0.1,
    )
    numbers = list(range(len(losses)))
    for values, name, line in (
        (losses, "this prompt", {"color": COLOURS[0], "width": 2}),
        (best, "best so far", {"color": TRUTH, "dash": "dot"}),
    ):
        drawn.add_scatter(x=numbers, y=list(values), name=name, mode="lines+markers", line=line, row=1, col=1)
    drawn.add_vline(x=step, line={"color": ESTIMATE, "dash": "dash"}, row=1, col=1)
    drawn.add_bar(
        x=[f"{place + 1}  {safe(visible(token))}" for place, token in enumerate(tokens)],
        y=list(gradient),
        marker={"color": list(gradient), "colorscale": SEQUENTIAL},
        showlegend=False,
        row=1,
        col=2,
    )
    drawn.add_scatter(
        x=list(predicted),
        y=list(actual),
        mode="markers",
        marker={"size": 7, "color": [COLOURS[2] if a < 0 else MUTED for a in actual]},
        name="a swap (green: better)",
        row=2,
        col=1,
    )
    if len(predicted):
        low, high = min(*predicted, *actual, 0), max(*predicted, *actual, 0)
        drawn.add_scatter(
            x=[low, high],
            y=[low, high],
            mode="lines",
            line={"color": TRUTH, "dash": "dot"},
            showlegend=False,
            row=2,
            col=1,
        )
    for (words, chances), name, colour in (
        (before, "no prompt", MUTED),
        (after, "with the prompt", COLOURS[0]),
    ):
        drawn.add_bar(
            x=[safe(visible(word)) for word in words],
            y=list(chances),
            name=name,
            marker_color=colour,
            row=2,
            col=2,
        )
    for row, col, x, y in (
        (1, 1, "step", "cross-entropy (nats)"),
        (1, 2, "prompt", "norm"),
        (2, 1, "predicted change (nats)", "true change (nats)"),
        (2, 2, f"next word (wanted: {safe(visible(target))})", "probability"),
    ):
        drawn.update_xaxes(title_text=x, row=row, col=col)
        drawn.update_yaxes(title_text=y, row=row, col=col)
    drawn.update_xaxes(type="category", row=1, col=2)
    drawn.update_xaxes(type="category", row=2, col=2)
    drawn.update_layout(barmode="group")
    return drawn
