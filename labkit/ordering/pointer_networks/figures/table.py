"""Held and Karp's table, filled subset by subset."""

from collections.abc import Mapping

import plotly.graph_objects as go

from labkit.plotting import COLOURS, MUTED, TRUTH, figure


def held_karp(
    costs: Mapping[tuple[tuple[int, ...], int], float],
    size: int,
    best: set[tuple[tuple[int, ...], int]],
    *,
    title: str,
) -> go.Figure:
    """The lattice of subsets S, one row a size; C(S, j) for each end j; those on the best tour in colour.

    Args:
        costs: by (S, j), points from 1. size: only subsets up to this size are filled. best: on the shortest tour.
    """
    drawn = figure(
        title, "subsets S of the points 2, 3, ... (point 1 is where the tour starts)", "size of S", height=520
    )
    by_size: dict[int, list] = {}
    for subset, _ in costs:
        if subset not in by_size.setdefault(len(subset), []):
            by_size[len(subset)].append(subset)
    for chosen, name, colour in ((False, "C(S, j)", MUTED), (True, "on the shortest tour", COLOURS[1])):
        x, y, text, hover = [], [], [], []
        for count, subsets in by_size.items():
            for place, subset in enumerate(sorted(subsets)):
                if any((subset, j) in best for j in subset) is not chosen:
                    continue
                x.append((place + 0.5) / len(subsets))
                y.append(count)
                label = "{" + ",".join(map(str, subset)) + "}"
                filled = [f"{j}: {costs[subset, j]:.2f}" for j in subset]
                text.append("<br>".join([f"<b>{label}</b>", *(filled if count <= size else ["?"])]))
                hover.append(f"S = {label}: shortest path from 1 through S, by its last point")
        drawn.add_scatter(
            x=x,
            y=y,
            text=text,
            mode="markers+text",
            textfont={"size": 12, "color": TRUTH},
            marker={"size": 66, "symbol": "square", "color": colour, "opacity": 0.25},
            hovertext=hover,
            hoverinfo="text",
            name=name,
        )
    drawn.update_xaxes(range=[0, 1], showticklabels=False, showgrid=False)
    drawn.update_yaxes(tickvals=sorted(by_size), range=[0.4, max(by_size) + 0.6], showgrid=False)
    return drawn
