"""Who came from whom, and what each costs."""

from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
from annotated_types import Interval, MultipleOf, doc

from labkit.demo import Label, demo
from labkit.state_space.s4_survey import figures
from labkit.state_space.s4_survey.figures.style import shown
from labkit.state_space.s4_survey.method import LINEAGE, cost_model

# position on the timeline (years are not to scale), lane
MODELS = (
    ("rnn", 0, 1), ("lstm", 1, 1), ("gru", 2, 1), ("transformer", 3, 0), ("s4", 4, 2), ("dss", 4.8, 2), ("s4d", 5.2, 2),
    ("s5", 5.2, 3), ("mamba", 6.1, 3), ("jamba", 7, 3),
)  # fmt: skip
STEPS = (
    ("rnn", "lstm", "gates"), ("lstm", "gru", "fewer gates"), ("rnn", "s4", "linear, structured"),
    ("s4", "dss", "diagonal"), ("dss", "s4d", ""), ("s4", "s5", "one system, a scan"),
    ("s5", "mamba", "input-dependent"), ("lstm", "mamba", "the gate returns"), ("mamba", "jamba", "hybrid"),
    ("transformer", "jamba", "1 layer in 8"),
)  # fmt: skip
CARDS = {
    "rnn": ("x_k = tanh(W x + U u + b)", "step by step", "no", "simple", "gradients fade or explode"),
    "lstm": ("c_k = f c_{k-1} + i g, h = o tanh(c): four gates", "step by step", "no", "selective, tiny state",
             "cannot be trained in parallel"),
    "gru": ("h_k = (1-z) h_{k-1} + z g", "step by step", "no", "an LSTM with fewer gates", "as the LSTM"),
    "transformer": ("softmax(Q Kᵀ/√d) V", "in parallel", "yes", "exact recall of any token",
                    "L² work, a cache that grows, positions that do not stretch"),
    "s4": ("K = DPLR kernel, one a channel", "FFT", "yes", "long memory from HiPPO", "every token is treated alike"),
    "dss": ("diagonal, softmax over the lags", "FFT", "yes", "as good as S4, far simpler", "depends on the length"),
    "s4d": ("diagonal, zero-order hold", "FFT", "yes", "S4 in two lines", "every token is treated alike"),
    "s5": ("x = Λ̄x + B̄u, y = 2Re(Cx) + Du, one for all channels", "parallel scan", "yes",
           "any sampling, step-dependent Δ possible", "every token is treated alike"),
    "mamba": ("x = exp(ΔA)x + ΔBu, y = Cx + Du; Δ, B, C from the token", "selective scan", "yes",
              "chooses what to keep; linear time", "a fixed state: no exact recall of everything"),
    "jamba": ("7 Mamba layers to 1 of attention, experts", "mixed", "yes", "recall with an eighth of the cache",
              "two kinds of state, routing"),
}  # fmt: skip


@demo("The lineage: from the RNN to Jamba")
def lineage_map(
    model: Annotated[
        Literal["rnn", "lstm", "gru", "transformer", "s4", "dss", "s4d", "s5", "mamba", "jamba"],
        doc("the model whose row is marked"),
    ] = "mamba",
    L: Annotated[int, Interval(ge=1024, le=262144), MultipleOf(1024), Label("length L")] = 4096,
    D: Annotated[int, Interval(ge=64, le=1024), MultipleOf(64), Label("width D")] = 256,
) -> tuple[go.Figure, pd.DataFrame]:
    """Choose a model: the arrows say what it changed in its ancestors, the table what it computes and costs. Make
    L larger: the Transformer's training and cache run away, Jamba's follow at a distance; all others keep their state.
    Operations and bytes are one layer's, from the lab's cost model, which is checked against the code; strengths and
    limits are quoted from the survey and measured in the experiment where a claim says so.
    """  # fmt: skip
    rows = []
    for name, _, _ in MODELS:
        equation, training, parallel, strength, limit = CARDS[name]
        cost = cost_model(name, L, D, 16, 8)
        rows.append(
            {
                "model": ("▶ " if name == model else "") + shown(name),
                "equation": equation,
                "trains": training,
                "parallel": parallel,
                "training operations": f"{cost['flops_train'] / 8:.1e}",
                "operations a step": f"{cost['flops_step'] / 8:.1e}",
                "state, bytes": f"{cost['bytes_step'] / 8:.1e}",
                "grows with L": "yes" if name in ("transformer", "jamba") else "no",
                "strength": strength,
                "limit": limit,
            }
        )
    rows.sort(key=lambda row: not row["model"].startswith("▶"))
    return figures.timeline(MODELS, STEPS, model), pd.DataFrame(rows)


@demo("Costs against the length")
def complexity_chart(
    quantity: Annotated[
        Literal["training operations", "operations a step", "memory in training", "state"],
        doc("of all layers, batch 1"),
    ] = "training operations",
    D: Annotated[int, Interval(ge=16, le=1024), MultipleOf(16), Label("width D")] = 256,
    N: Annotated[int, Interval(ge=4, le=64), MultipleOf(4), Label("state size N")] = 16,
    layers: Annotated[int, Interval(ge=8, le=32), MultipleOf(8)] = 8,
    longest: Annotated[int, Interval(ge=12, le=20), Label("longest: 2 to the power of")] = 18,
) -> go.Figure:
    """Both axes are logarithmic: a slope of 1 is linear, of 2 quadratic. Up to a length of about 12 D the MLP outweighs
    the Transformer's attention: make D larger and its bend moves to the right. Choose *state*: only the Transformer's
    and Jamba's lines rise. Raise N: the state-space models pay, the others do not. Jamba looks dear in training at
    small L because two experts work on every token.
    """  # fmt: skip
    key = {
        "training operations": "flops_train",
        "operations a step": "flops_step",
        "memory in training": "bytes_train",
        "state": "bytes_step",
    }[quantity]
    lengths = [2**i for i in range(8, longest + 1)]
    table = {
        name: [cost_model(name, L, D, N, layers)[key] for L in lengths]
        for name in LINEAGE
        if name not in ("gru", "mamba_lti", "dss")
    }
    return figures.costs(
        lengths, table, key, title=f"{quantity.capitalize()}: width {D}, N = {N}, {layers} layers"
    )
