"""A prompt's path token by token, and the graph of one-token prompts and their outputs."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from labkit.language.magic_words.figures.style import LENGTH_COLOURS, safe
from labkit.plotting import COLOURS, ESTIMATE, MUTED, SEQUENTIAL, TRUTH, figure, panels


def prompt_path(
    steps: Sequence[str],
    words: Sequence[str],
    chances: np.ndarray,
    target: str,
    target_chances: Sequence[float],
    ranks: Sequence[int],
    *,
    title: str,
) -> go.Figure:
    """What the model would say next, as a prompt grows towards the left.

    Args:
        steps: what each row adds to the prompt; nothing at first. words: the words that are likely somewhere.
            chances: (steps, words).
        target_chances, ranks: of the target, at each step.
    """
    drawn = panels(
        title,
        (f"probability of “{safe(target)}”, and its rank", "what the model would say next"),
        column_widths=[0.36, 0.64],
        height=190 + 46 * len(steps),
        shared_yaxes=True,
        horizontal_spacing=0.03,
    )
    rows = [f"{number}  + {safe(step)}" if number else "no prompt" for number, step in enumerate(steps)]
    drawn.add_bar(
        x=list(target_chances),
        y=rows,
        orientation="h",
        marker_color=[LENGTH_COLOURS[1] if rank == 0 else MUTED for rank in ranks],
        text=[f"rank {rank}" if rank else "reached" for rank in ranks],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        row=1,
        col=1,
    )
    drawn.add_heatmap(
        x=[safe(word) for word in words],
        y=rows,
        z=np.round(chances, 4),
        zmin=0,
        zmax=1,
        colorscale=SEQUENTIAL,
        colorbar={"title": "probability"},
        hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
        row=1,
        col=2,
    )
    drawn.update_xaxes(title_text="probability", range=[0, 1.3], row=1, col=1)
    drawn.update_xaxes(title_text="next word", type="category", tickangle=-45, row=1, col=2)
    drawn.update_yaxes(
        title_text="prompt, read from its end", type="category", autorange="reversed", row=1, col=1
    )
    drawn.update_yaxes(autorange="reversed", row=1, col=2)
    drawn.update_layout(margin_l=130)
    return drawn


def prompt_graph(
    prompts: Mapping[str, Sequence[tuple[str, float]]], chosen: str, *, state: str, margin: float, title: str
) -> go.Figure:
    """From the imposed text to every output, an edge a one-token prompt; the chosen output's prompts spread out.

    Args:
        prompts: for each output, its prompts with their margins in nats.
    """
    drawn = figure(title, "", "", height=max(480, 150 + 21 * len(prompts)))
    kept = {y: [p for p in some if p[1] >= margin] for y, some in prompts.items()}
    names = sorted(prompts, key=lambda y: -len(prompts[y]))
    heights = dict(zip(names, np.linspace(1, 0, len(names)) if len(names) > 1 else [0.5], strict=True))
    for y in names:
        lit = bool(kept[y])
        drawn.add_scatter(
            x=[0, 1],
            y=[0.5, heights[y]],
            mode="lines",
            line={"width": 1 + 5 * len(kept[y]) ** 0.5 / 10, "color": COLOURS[0] if lit else "#E4E7EB"},
            showlegend=False,
            hoverinfo="skip",
        )
    drawn.add_scatter(
        x=[1] * len(names),
        y=[heights[y] for y in names],
        mode="markers+text",
        text=[f"{safe(y)} ({len(kept[y])} of {len(prompts[y])})" for y in names],
        textposition="middle right",
        marker={
            "size": [8 + 1.5 * len(kept[y]) ** 0.5 for y in names],
            "color": [ESTIMATE if y == chosen else COLOURS[0] if kept[y] else "#CBD2D9" for y in names],
        },
        hovertext=[
            f"{safe(y)}: {len(prompts[y])} prompts, widest margin {max(m for _, m in prompts[y]):.2f} nats"
            for y in names
        ],
        hoverinfo="text",
        showlegend=False,
    )
    drawn.add_scatter(
        x=[0],
        y=[0.5],
        mode="markers+text",
        text=[safe(state)],
        textposition="top center",
        marker={"size": 22, "color": TRUTH},
        showlegend=False,
        hoverinfo="skip",
    )
    own = sorted(prompts.get(chosen, ()), key=lambda p: -p[1])[:24]
    if own:
        at = np.linspace(1, 0, len(own)) if len(own) > 1 else [heights[chosen]]
        for (_, size), height in zip(own, at, strict=True):
            drawn.add_scatter(
                x=[1.45, 2],
                y=[heights[chosen], height],
                mode="lines",
                line={"width": 1, "color": ESTIMATE if size >= margin else "#E4E7EB"},
                showlegend=False,
                hoverinfo="skip",
            )
        drawn.add_scatter(
            x=[2] * len(own),
            y=list(at),
            mode="markers+text",
            text=[f"{safe(p)}  {m:.2f}" for p, m in own],
            textposition="middle right",
            marker={"size": 7, "color": [ESTIMATE if m >= margin else "#CBD2D9" for _, m in own]},
            showlegend=False,
            hoverinfo="skip",
        )
    for x, text in (
        (0, "imposed text"),
        (1, "outputs (prompts that are robust enough)"),
        (2, "prompts, margin in nats"),
    ):
        if x < 2 or own:
            drawn.add_annotation(x=x, y=1.1, text=text, showarrow=False, xanchor="left" if x else "center")
    drawn.update_xaxes(range=[-0.35, 2.7 if own else 1.7], visible=False)
    drawn.update_yaxes(range=[-0.08, 1.16], visible=False)
    return drawn
