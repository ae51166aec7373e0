"""What the models do to a signal: responses, eigenvalues, outputs, matrices, steps, and gradients that fade."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from torch import Tensor

from labkit.plotting import COLOURS, DIVERGING, MUTED, SEQUENTIAL, TRUTH, array, figure, panels, thin
from labkit.state_space.s4_survey.figures.style import MODEL_COLOURS, shown

COLUMNS = 4


def _grid(title: str, names: Sequence[str], height: int = 520):
    drawn = panels(
        title, list(names), rows=-(-len(names) // COLUMNS), columns=COLUMNS, height=height,
        vertical_spacing=0.28, horizontal_spacing=0.06, shared_yaxes="all",
    )  # fmt: skip
    # the axes of each panel by name: adding all traces at once is several times faster than one by one
    axes = [("x", "y"), *((f"x{i}", f"y{i}") for i in range(2, len(names) + 1))]
    return drawn, axes


def _line(x, y, axes: tuple[str, str], colour: str, width: float = 2, dash: str = "solid") -> dict:
    line = {"color": colour, "width": width, "dash": dash}
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "showlegend": False,
        "xaxis": axes[0], "yaxis": axes[1],
    }  # fmt: skip


def responses(
    found: Mapping[str, Float[Tensor, " _"]], horizons: Mapping[str, int], colours: Mapping[str, str]
) -> go.Figure:
    """Each model's answer to one kick, and how far it reaches (dotted)."""
    drawn, every = _grid("The answer to one kick, each scaled to its largest value", list(found))
    traces = []
    for (name, k), axes in zip(found.items(), every, strict=True):
        traces.append(_line(thin(np.arange(len(k)), 260), thin(k, 260), axes, colours[name]))
        traces.append(_line([horizons[name]] * 2, [-1.1, 1.1], axes, TRUTH, 1.5, "dot"))
    drawn.add_traces(traces)
    drawn.update_yaxes(range=[-1.1, 1.1])
    drawn.update_xaxes(title_text="lag (steps)")
    drawn.update_yaxes(title_text="response", col=1)
    return drawn


def eigenvalues(found: Mapping[str, Tensor], colours: Mapping[str, str]) -> go.Figure:
    """One step multiplies the modes by these numbers: inside the circle they fade."""
    drawn, every = _grid("Eigenvalues of one step, in the complex plane", list(found), height=640)
    angle = np.linspace(0, 2 * np.pi, 90)
    traces = []
    for (name, values), axes in zip(found.items(), every, strict=True):
        traces.append(_line(np.cos(angle), np.sin(angle), axes, MUTED, 1))
        points = values.detach().cpu().numpy()
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": points.real, "y": points.imag, "showlegend": False,
                "marker": {"color": colours[name], "size": 7, "opacity": 0.7},
                "hovertemplate": "%{x:.4f} + %{y:.4f}i<extra></extra>", "xaxis": axes[0], "yaxis": axes[1],
            }
        )  # fmt: skip
    drawn.add_traces(traces)
    drawn.update_xaxes(range=[-1.15, 1.15])
    drawn.update_yaxes(range=[-1.15, 1.15])
    drawn.update_xaxes(title_text="real part")
    drawn.update_yaxes(title_text="imaginary part", col=1)
    # a circle should look like one: that an axis is to scale and that it matches another are at odds
    drawn.update_xaxes(constrain="domain")
    drawn.update_layout({f"yaxis{y[1:]}": {"scaleanchor": x, "matches": None} for x, y in every})
    return drawn


def outputs(
    u: Float[Tensor, " length"],
    found: Mapping[str, Float[Tensor, " length"]],
    colours: Mapping[str, str],
    at: int,
) -> go.Figure:
    """What comes out when the signal goes in, each scaled to its largest value; the kick's moment is dotted."""
    drawn, every = _grid("What comes out (colour) of what goes in (grey)", list(found))
    steps = thin(np.arange(len(u)), 260)
    traces = []
    for (name, y), axes in zip(found.items(), every, strict=True):
        traces.append(_line(steps, thin(u, 260), axes, MUTED, 1.5))
        traces.append(_line(steps, thin(y, 260), axes, colours[name]))
        traces.append(_line([at, at], [-1.15, 1.15], axes, TRUTH, 1.5, "dot"))
    drawn.add_traces(traces)
    drawn.update_yaxes(range=[-1.15, 1.15])
    drawn.update_xaxes(title_text="step")
    drawn.update_yaxes(title_text="u and y", col=1)
    return drawn


TOKEN_COLOURS = ("#E4E7EB", *COLOURS[:6], COLOURS[7])


def delta_microscope(
    tokens: Int[Tensor, " length"],
    delta: Float[Tensor, "length channels"],
    constant: Float[Tensor, " others"],
    answers: Int[Tensor, " marked"],
    *,
    title: str,
) -> go.Figure:
    """The tokens, Delta for each token and channel, the same for a layer whose Delta is constant, and the answers."""
    length, vocab = len(tokens), int(tokens.max()) + 1
    drawn = panels(
        title,
        ("tokens in", "Mamba: Δ of each channel against its median", "S4D: the same", "Mamba: mean Δ"),
        rows=4, columns=1, height=760, row_heights=[0.08, 0.37, 0.22, 0.33], vertical_spacing=0.085,
        shared_xaxes=True,
    )  # fmt: skip
    names = ["·" if t == 0 else "?" if t == vocab - 1 else str(t) for t in tokens.tolist()]
    drawn.add_scatter(
        x=list(range(length)), y=[0] * length, mode="markers+text", text=names, textfont={"size": 13},
        marker={"size": 21, "symbol": "square", "color": [TOKEN_COLOURS[t % 8] for t in tokens.tolist()]},
        showlegend=False, hoverinfo="text", row=1, col=1,
    )  # fmt: skip
    drawn.update_yaxes(visible=False, row=1, col=1)
    scale = {"colorscale": DIVERGING, "reversescale": True, "zmin": -1, "zmax": 1}
    bar = {"title": {"text": "log₁₀ of Δ / median"}, "len": 0.5, "y": 0.55}
    lit = array(delta.mT)
    lit = np.log10(lit / np.median(lit, axis=1, keepdims=True))
    drawn.add_heatmap(z=lit, colorbar=bar, **scale, row=2, col=1)
    drawn.add_heatmap(z=np.zeros((len(constant), length)), showscale=False, **scale, row=3, col=1)
    for row in (2, 3):
        drawn.update_yaxes(title_text="channel", row=row, col=1)
    kinds = np.where(array(tokens) == 0, "noise", np.where(array(tokens) == vocab - 1, "marker", "data"))
    for kind, colour in (("noise", MUTED), ("data", COLOURS[1]), ("marker", TRUTH)):
        where = np.flatnonzero(kinds == kind)
        drawn.add_bar(x=where, y=array(delta.mean(-1))[where], name=kind, marker_color=colour, row=4, col=1)
    drawn.update_xaxes(
        title_text=f"step; the model answers {answers.tolist()} at the last {len(answers)}", row=4, col=1
    )
    drawn.update_yaxes(title_text="mean Δ", row=4, col=1)
    return drawn


def matrices(
    mamba: Float[Tensor, "length length"],
    fixed: Float[Tensor, "length length"],
    softmax: Float[Tensor, "length length"],
    names: Sequence[str],
    *,
    title: str,
) -> go.Figure:
    """Three matrices y = M u: selective, Toeplitz, softmax."""
    drawn = panels(
        title, ("Mamba: M_ij = C_i Π exp(ΔA) Δ_j B_j", "S4D: a kernel of i − j", "attention: softmax"),
        height=470, horizontal_spacing=0.06,
    )  # fmt: skip
    for col, M in enumerate((mamba, fixed, softmax), start=1):
        z = array(M)
        top = np.quantile(np.abs(z), 0.995) or 1.0
        positive = col == 3
        drawn.add_heatmap(
            z=z, colorscale=SEQUENTIAL if positive else DIVERGING, zmin=0 if positive else -top, zmax=top,
            showscale=False, hovertemplate="from %{x} to %{y}: %{z:.3g}<extra></extra>", row=1, col=col,
        )  # fmt: skip
        drawn.update_xaxes(
            title_text="input j", tickvals=list(range(len(names))), ticktext=list(names), tickangle=0,
            tickfont={"size": 10}, row=1, col=col,
        )  # fmt: skip
        drawn.update_yaxes(autorange="reversed", row=1, col=col)
    drawn.update_yaxes(title_text="output i")
    return drawn


def fading(norms: Mapping[str, Float[Tensor, " length"]], *, title: str) -> go.Figure:
    """|d y_L / d u_j| against L - j."""
    drawn = figure(title, "steps back, L − j", "|∂y_L / ∂u_j|, relative to the present", height=460)
    for name, values in norms.items():
        drawn.add_scatter(
            x=list(range(len(values))), y=array(values.flip(0) / values[-1]).clip(1e-12), name=shown(name),
            mode="lines", line={"color": MODEL_COLOURS[name], "width": 2.5},
        )  # fmt: skip
    drawn.update_yaxes(type="log", range=[-9, 1.5])
    return drawn
