"""A causal graph with its sites, its target and a chosen subset."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, ESTIMATE, figure

# places of the paper's seven nodes: causes above, effects below
PLACES = {
    0: (1.0, 4.0),
    1: (0.3, 3.0),
    2: (1.7, 3.0),
    3: (1.1, 2.0),
    4: (0.3, 1.0),
    5: (1.8, 1.0),
    6: (1.0, 0.0),
}


def causal_graph(
    edges: Sequence[tuple[int, int]],
    target: int,
    sites: Sequence[int],
    chosen: Sequence[int],
    hover: Mapping[int, str],
    *,
    title: str,
) -> go.Figure:
    """The paper's graph: the target is black, sites have an orange ring, the chosen covariates are blue.

    Edges are (parent, child); `hover` says something about a node.
    """
    drawn = figure(title, "", "", height=520)
    marks = []
    for parent, child in edges:
        (x0, y0), (x1, y1) = PLACES[parent], PLACES[child]
        colour = ESTIMATE if child in sites else "#52606D"
        marks.append(
            {
                "x": x1, "y": y1, "ax": x0, "ay": y0, "xref": "x", "yref": "y", "axref": "x", "ayref": "y", "text": "",
                "showarrow": True, "arrowhead": 2, "arrowwidth": 2, "arrowcolor": colour, "standoff": 21,
                "startstandoff": 21, "arrowsize": 1.2,
            }
        )  # fmt: skip
    for node, (x, y) in PLACES.items():
        fill = "#222222" if node == target else COLOURS[0] if node in chosen else "white"
        ring = ESTIMATE if node in sites else "#52606D"
        drawn.add_scatter(
            x=[x], y=[y], mode="markers+text", text=["Y" if node == target else str(node)], showlegend=False,
            textfont={"size": 17, "color": "white" if fill != "white" else "#222222"},
            marker={"size": 40, "color": fill, "line": {"color": ring, "width": 4 if node in sites else 2}},
            hovertext=[hover.get(node, "")], hoverinfo="text",
        )  # fmt: skip
    for label, about in (
        ("the target", {"color": "#222222"}),
        ("chosen", {"color": COLOURS[0]}),
        ("a site: its mechanism changes", {"color": "white", "line": {"color": ESTIMATE, "width": 3}}),
    ):
        drawn.add_scatter(x=[None], y=[None], mode="markers", name=label, marker={"size": 12, **about})
    drawn.update_xaxes(visible=False, range=[-0.4, 2.5])
    drawn.update_yaxes(visible=False, range=[-0.6, 4.5])
    drawn.update_layout(annotations=marks)
    return drawn
