"""A question's words as chips, shaded by the attention that they get, and all columns' readings side by side."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import ESTIMATE, figure

LINE = 84  # characters of a line of chips
BLUE = (0, 114, 178)


def chips(words: Sequence[str], weights: Sequence[float], *, title: str) -> go.Figure:
    """The question as chips: the darker, the more is read of a word, relative to the most. Hovering gives the
    weights."""
    x, y, top = 0.0, 0.0, max(*weights, 1e-9)
    marks, places = [], []
    for word, weight in zip(words, weights, strict=True):
        width = len(word) + 2.4
        if x + width > LINE:
            x, y = 0.0, y - 1.0
        share = weight / top
        shade = tuple(round(255 + (c - 255) * share) for c in BLUE)
        font = {"size": 15, "color": "white" if share > 0.55 else "#1F2933", "family": "monospace"}
        about = {"x": x, "y": y, "text": word, "bgcolor": f"rgb{shade}", "font": font}
        marks.append(
            {**about, "showarrow": False, "xanchor": "left", "borderpad": 4, "bordercolor": "#C9D6E2"}
        )
        places.append((x + width / 2, y))
        x += width
    drawn = figure(title, "", "", height=round(140 + 40 * -y))
    drawn.add_scatter(
        x=[p[0] for p in places],
        y=[p[1] for p in places],
        mode="markers",
        marker={"size": 24, "opacity": 0},
        hovertext=[f"{word}: {weight:.3f}" for word, weight in zip(words, weights, strict=True)],
        hoverinfo="text",
        showlegend=False,
    )
    drawn.update_xaxes(visible=False, range=[-1, LINE + 1])
    drawn.update_yaxes(visible=False, range=[y - 0.6, 0.8])
    drawn.update_layout(annotations=marks, margin={"l": 10, "r": 10, "t": 70, "b": 10})
    return drawn


def readings(
    words: Sequence[str], weights: Mapping[str, Sequence[float]], chosen: str, *, title: str
) -> go.Figure:
    """One row a column of the table, one cell a word; the chosen column's row is framed."""
    names = list(weights)
    drawn = figure(title, "the question's words", "", height=210 + 32 * len(names))
    drawn.add_heatmap(
        z=[list(weights[name]) for name in names],
        x=list(range(len(words))),
        y=names,
        colorscale=[[0, "white"], [1, f"rgb{BLUE}"]],
        colorbar={"title": "weight"},
        zmin=0,
        customdata=[list(words)] * len(names),
        hovertemplate="%{y} reads '%{customdata}': %{z:.3f}<extra></extra>",
        xgap=1,
        ygap=2,
    )
    row = names.index(chosen)
    frame = {"x0": -0.5, "x1": len(words) - 0.5, "y0": row - 0.5, "y1": row + 0.5}
    drawn.add_shape(type="rect", **frame, line={"color": ESTIMATE, "width": 3})
    drawn.update_xaxes(
        tickvals=list(range(len(words))), ticktext=list(words), tickangle=-60, tickfont={"size": 12}
    )
    drawn.update_yaxes(autorange="reversed", type="category")
    drawn.update_layout(margin={"l": 150, "b": 110})
    return drawn
