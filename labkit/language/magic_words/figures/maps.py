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
        title, "words of this kind, in the order of the vocabulary", "", height=130 + 34 * len(rows)
    )
    classes: list[tuple[int | None, str, str]] = [
        (length, f"{REACHED} with k = {length}", LENGTH_COLOURS[length]) for length in range(k + 1)
    ]
    classes.append((None, f"{UNREACHABLE} with k ≤ {k}", DARK))
    place = {length: number for number, (length, _, _) in enumerate(classes)}
    z, hover = [], []
    for _, ids in rows:
        blank = 15 - len(ids)
        z.append([place[shortest.get(id)] for id in ids] + [None] * blank)
        hover.append([_said(words[id], witnesses.get(id), classes[-1][1]) for id in ids] + [""] * blank)
    last = len(classes) - 1
    steps = [(edge / len(classes), colour) for i, (_, _, colour) in enumerate(classes) for edge in (i, i + 1)]
    drawn.add_heatmap(
        x=list(range(15)),
        y=names,
        z=z,
        zmin=-0.5,
        zmax=last + 0.5,
        colorscale=steps,
        showscale=False,
        xgap=4,
        ygap=4,
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
    )
    for length, label, colour in classes:
        some = [
            (column, name, id)
            for name, ids in rows
            for column, id in enumerate(ids)
            if shortest.get(id) == length
        ]
        drawn.add_scatter(
            x=[column for column, _, _ in some],
            y=[name for _, name, _ in some],
            text=[safe(words[id]) for _, _, id in some],
            mode="text",
            textfont={"size": 13, "color": TRUTH if length in (None, 2) else "white"},
            hoverinfo="skip",
            showlegend=False,
        )
        drawn.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=f"{label}: {len(some)}",
            marker={"symbol": "square", "size": 15, "color": colour},
        )
    drawn.update_xaxes(range=[-0.5, 14.5], showgrid=False, showticklabels=False, ticks="", showline=False)
    drawn.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=names[::-1],
        showgrid=False,
        ticks="",
        showline=False,
        automargin=True,
    )
    _note(drawn, note)
    return drawn


def _said(word: str, witness: str | None, otherwise: str) -> str:
    return f"{safe(word)}<br>{safe(witness) if witness else otherwise}"


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
    drawn.update_yaxes(type="log", range=[-0.1, 2.3], tickvals=[1, 2, 5, 10, 20, 50, 100])
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
