"""What the models do to a signal: responses, eigenvalues, outputs, matrices, steps, and gradients that fade."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Int
from torch import Tensor

from labkit.plotting import COLOURS, DIVERGING, MUTED, SEQUENTIAL, TRUTH, array, figure, panels, thin
from labkit.state_space.s4_survey.figures.style import MODEL_COLOURS, shown

COLUMNS = 4


def _grid(title: str, names: Sequence[str], height: int = 460):
    drawn = panels(
        title, list(names), rows=-(-len(names) // COLUMNS), columns=COLUMNS, height=height,
        vertical_spacing=0.22, horizontal_spacing=0.06,
    )  # fmt: skip
    cells = [(i // COLUMNS + 1, i % COLUMNS + 1) for i in range(len(names))]
    return drawn, cells


def responses(
    found: Mapping[str, Float[Tensor, " length"]], horizons: Mapping[str, int], colours: Mapping[str, str]
) -> go.Figure:
    """Each model's answer to one kick, and how far it reaches."""
    drawn, cells = _grid("The answer to one kick, each scaled to its largest value", list(found))
    for (name, k), (row, col) in zip(found.items(), cells, strict=True):
        drawn.add_scatter(
            x=thin(np.arange(len(k)), 260), y=thin(k, 260), line={"color": colours[name], "width": 2},
            showlegend=False, row=row, col=col,
        )  # fmt: skip
        drawn.add_vline(x=horizons[name], line={"color": TRUTH, "dash": "dot"}, row=row, col=col)
        drawn.update_yaxes(range=[-1.1, 1.1], row=row, col=col)
    drawn.update_xaxes(title_text="lag (steps)", row=cells[-1][0])
    return drawn


def eigenvalues(found: Mapping[str, Tensor], colours: Mapping[str, str]) -> go.Figure:
    """One step multiplies the modes by these numbers: inside the circle they fade."""
    drawn, cells = _grid("Eigenvalues of one step, in the complex plane", list(found), height=560)
    angle = np.linspace(0, 2 * np.pi, 90)
    for (name, values), (row, col) in zip(found.items(), cells, strict=True):
        drawn.add_scatter(
            x=np.cos(angle), y=np.sin(angle), mode="lines", line={"color": MUTED, "width": 1}, hoverinfo="skip",
            showlegend=False, row=row, col=col,
        )  # fmt: skip
        points = values.detach().cpu().numpy()
        drawn.add_scatter(
            x=points.real, y=points.imag, mode="markers",
            marker={"color": colours[name], "size": 6, "opacity": 0.7},
            hovertemplate="%{x:.4f} + %{y:.4f}i<extra></extra>", showlegend=False, row=row, col=col,
        )  # fmt: skip
        drawn.update_xaxes(range=[-1.15, 1.15], row=row, col=col)
        drawn.update_yaxes(
            range=[-1.15, 1.15],
            scaleanchor=f"x{(row - 1) * COLUMNS + col if row + col > 2 else ''}",
            row=row,
            col=col,
        )
    drawn.update_xaxes(title_text="real part", row=cells[-1][0])
    return drawn


def outputs(
    u: Float[Tensor, " length"],
    found: Mapping[str, Float[Tensor, " length"]],
    colours: Mapping[str, str],
    at: int,
) -> go.Figure:
    """What comes out when the signal goes in, each scaled to its largest value."""
    drawn, cells = _grid("What comes out (colour) of what goes in (grey)", list(found))
    steps = thin(np.arange(len(u)), 260)
    for (name, y), (row, col) in zip(found.items(), cells, strict=True):
        drawn.add_scatter(
            x=steps, y=thin(u, 260), line={"color": MUTED, "width": 1.5}, showlegend=False, row=row, col=col
        )
        drawn.add_scatter(
            x=steps,
            y=thin(y, 260),
            line={"color": colours[name], "width": 2},
            showlegend=False,
            row=row,
            col=col,
        )
        drawn.add_vline(x=at, line={"color": TRUTH, "dash": "dot"}, row=row, col=col)
        drawn.update_yaxes(range=[-1.15, 1.15], row=row, col=col)
    drawn.update_xaxes(title_text="step", row=cells[-1][0])
    return drawn


TOKEN_COLOURS = ("#E4E7EB", *COLOURS[:6], COLOURS[7])


def delta_microscope(
    tokens: Int[Tensor, " length"],
    delta: Float[Tensor, "length channels"],
    constant: Float[Tensor, " channels"],
    answers: Int[Tensor, " marked"],
    *,
    title: str,
) -> go.Figure:
    """The tokens, Delta for each token and channel, the same for a layer whose Delta is constant, and the answers."""
    length, vocab = len(tokens), int(tokens.max()) + 1
    drawn = panels(
        title, ("tokens in (grey: noise)", "Mamba: Δ of each channel", "S4D: Δ of each channel", "mean Δ, Mamba"),
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
    scale = {"colorscale": SEQUENTIAL, "zmin": -3, "zmax": 1}
    bar = {"title": {"text": "log₁₀ Δ"}, "len": 0.6, "y": 0.55}
    drawn.add_heatmap(z=np.log10(array(delta.mT)), colorbar=bar, **scale, row=2, col=1)
    drawn.add_heatmap(
        z=np.log10(np.repeat(array(constant)[:, None], length, 1)), showscale=False, **scale, row=3, col=1
    )
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
    drawn.update_yaxes(title_text="output i", row=1, col=1)
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
