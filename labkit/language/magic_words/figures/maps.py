"""The lit map of the vocabulary, and the growth of the reachable set."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.language.magic_words.figures.style import (
    DARK,
    LENGTH_COLOURS,
    REACHED,
    UNREACHABLE,
    safe,
)
from labkit.plotting import MUTED, TRUTH, figure


def vocabulary_map(
    groups: Mapping[str, Sequence[int]],
    words: Sequence[str],
    shortest: Mapping[int, int],
    witnesses: Mapping[int, str],
    *,
    title: str,
    k: int,
    note: str = "",
) -> go.Figure:
    """One cell a word, in a row for each kind; lit by the smallest prompt length that reaches it.

    Args:
        shortest: for each output that is reached, the smallest k. witnesses: a prompt and what it gives, for hovering.
        k: the largest length that was tried; what is not lit is proven unreachable with it.
    """
    # long kinds take two rows, so that every word can be read
    rows = [
        (kind if start == 0 else f"{kind} ", ids[start : start + 15])
        for kind, ids in ((kind, list(ids)) for kind, ids in groups.items())
        for start in range(0, len(ids), 15)
    ]
    names = [name for name, _ in rows]
    drawn = figure(
        title, "words of this kind, in the order of the vocabulary", "", height=110 + 37 * len(rows)
    )
    cells = [(place, name, id) for name, ids in rows for place, id in enumerate(ids)]
    classes: list[tuple[int | None, str, str]] = [
        (length, f"{REACHED} with k = {length}", LENGTH_COLOURS[length]) for length in range(k + 1)
    ]
    classes.append((None, f"{UNREACHABLE} with k ≤ {k}", DARK))
    for length, label, colour in classes:
        some = [cell for cell in cells if shortest.get(cell[2]) == length]
        drawn.add_scatter(
            x=[place for place, _, _ in some],
            y=[name for _, name, _ in some],
            text=[safe(words[id]) for _, _, id in some],
            mode="markers+text",
            name=f"{label}: {len(some)}",
            marker={"symbol": "square", "size": 30, "color": colour, "line": {"width": 0}},
            textfont={"size": 12, "color": TRUTH if length in (None, 2) else "white"},
            textposition="middle center",
            hovertext=[
                safe(words[id]) + "<br>" + (safe(witnesses[id]) if id in witnesses else label)
                for _, _, id in some
            ],
            hoverinfo="text",
        )
    drawn.update_traces(marker_size=34, cliponaxis=False)
    drawn.update_xaxes(range=[-0.7, 14.7], showgrid=False, showticklabels=False, ticks="", showline=False)
    drawn.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=names[::-1],
        range=[-0.6, len(rows) - 0.4],
        showgrid=False,
        ticks="",
        showline=False,
    )
    _note(drawn, note)
    return drawn


def growth(
    exact: Sequence[int],
    random: Sequence[int],
    size: int,
    *,
    title: str,
    tried: Sequence[int],
    note: str = "",
) -> go.Figure:
    """|R^k| against k, the ceiling |V|, and what random prompts found.

    Args:
        tried: how many prompts the exact sets tried at each length.
    """
    drawn = figure(title, "prompt length k (tokens)", "outputs that can be reached", height=430)
    ks = list(range(len(exact)))
    drawn.add_hline(
        y=size,
        line={"color": MUTED, "dash": "dash"},
        annotation_text=f"all {size} words",
        annotation_position="top left",
    )
    drawn.add_scatter(
        x=ks,
        y=list(exact),
        name="exact: every prompt tried",
        mode="lines+markers+text",
        text=[str(count) for count in exact],
        textposition="top left",
        line={"color": TRUTH, "width": 3},
        hovertext=[
            f"k ≤ {k}: {count} outputs, {n:,} prompts" for k, count, n in zip(ks, exact, tried, strict=True)
        ],
        hoverinfo="text",
    )
    drawn.add_scatter(
        x=ks[: len(random)],
        y=list(random),
        name="found by 100 random prompts a length",
        mode="lines+markers",
        line={"color": LENGTH_COLOURS[3], "dash": "dot"},
    )
    drawn.update_xaxes(dtick=1, range=[-0.25, max(2, len(exact) - 1) + 0.25])
    drawn.update_yaxes(type="log", range=[-0.1, 2.3])
    _note(drawn, note)
    return drawn


def _note(drawn: go.Figure, note: str) -> None:
    """A sentence below the picture: what was wrong with a text that could not be used."""
    if note:
        drawn.add_annotation(
            text=safe(note),
            x=0,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="top",
            showarrow=False,
            bgcolor="#FBE7DB",
            font={"size": 14, "color": TRUTH},
        )


def with_note(drawn: go.Figure, note: str) -> go.Figure:
    """The figure, with a sentence about a text that could not be used."""
    _note(drawn, note)
    return drawn
