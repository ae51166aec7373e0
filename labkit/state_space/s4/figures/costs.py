"""What the kernel and generation cost."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from labkit.plotting import COLOURS, figure, panels

KERNEL_COLOURS = {
    "loop": COLOURS[1],
    "doubling": COLOURS[4],
    "Cauchy, naive": COLOURS[3],
    "Cauchy, pairs": COLOURS[0],
    "S4D, Vandermonde": COLOURS[2],
}


def kernel_costs(
    seconds: Mapping[str, Mapping[int, float]], memory: Mapping[str, Mapping[int, float]], *, title: str
) -> go.Figure:
    """Time and memory of one kernel against its length, one line a way to compute it."""
    drawn = panels(title, ("time", "memory at its peak"), height=470, horizontal_spacing=0.12)
    for column, table in ((1, seconds), (2, memory)):
        for name, row in table.items():
            drawn.add_scatter(
                x=list(row),
                y=list(row.values()),
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": KERNEL_COLOURS[name], "width": 3 if name == "Cauchy, pairs" else 2},
                row=1,
                col=column,
            )
        lengths = sorted({length for row in table.values() for length in row})
        drawn.update_xaxes(type="log", tickvals=lengths, title_text="length L (steps)", row=1, col=column)
    drawn.update_yaxes(type="log", title_text="seconds", row=1, col=1)
    drawn.update_yaxes(type="log", title_text="MiB", row=1, col=2)
    return drawn


def generation(
    contexts: Sequence[int], found: Mapping[str, Sequence[float]], *, title: str = "The generation race"
) -> go.Figure:
    """Tokens per second against how many tokens went before."""
    drawn = figure(title, "context (tokens)", "tokens per second", height=440)
    for index, (name, values) in enumerate(found.items()):
        drawn.add_scatter(
            x=list(contexts), y=list(values), name=name, mode="lines+markers", line={"color": COLOURS[index]}
        )
    drawn.update_xaxes(type="log", tickvals=list(contexts))
    drawn.update_yaxes(type="log")
    return drawn
