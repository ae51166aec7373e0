"""What it means that Delta, B and C depend on the token."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, Step, demo
from labkit.nn.attention import MultiHeadAttention
from labkit.state_space.s4_survey import figures
from labkit.state_space.s4_survey.experiment.token_tasks import steps_of
from labkit.state_space.s4_survey.experiment.trained import COPYING, trained
from labkit.state_space.s4_survey.method import LINEAGE, gradient_norms, selective_matrix, toeplitz
from labkit.state_space.tasks import selective_copying

Sequence = Annotated[int, Interval(ge=0, le=40), Label("sequence"), doc("another one, never trained on")]
Layer = Annotated[Literal[1, 2], doc("the first layer sees tokens, the second what the first made of them")]


def _sequence(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator(device="cpu").manual_seed(10_000 + seed)
    return selective_copying(1, COPYING.length, COPYING.tokens, COPYING.vocab, generator)


def _names(x: torch.Tensor) -> list[str]:
    marker = COPYING.vocab - 1
    return ["·" if t == 0 else "?" if t == marker else str(t) for t in x[0].tolist()]


@demo("Delta microscope: what the model takes in")
def delta_microscope(sequence: Sequence = 0, layer: Layer = 1) -> go.Figure:
    """A small Mamba, trained on selective copying, reads a new sequence. A large Δ lets a channel take in what it reads
    and forget what it held; a small Δ lets it pass. One would expect Δ to light up at the data tokens. Here it lights
    up **three steps after each**: a convolution of four taps stands before the state-space model, and carries the token
    until it drops out of its window. Choose other sequences: it is always the third step. In layer 2 Δ falls
    instead, from the data token on: do not overwrite. S4D has one Δ a channel, whatever it reads: nothing lights up.
    """
    x, y = _sequence(sequence)
    model, s4d = trained("mamba"), trained("s4d")
    with torch.no_grad():
        delta = steps_of(model, x)[layer - 1]
        answers = model(x)[0, -y.shape[1] :].argmax(-1)
        constant = s4d.layers[layer - 1].log_dt.exp()
    order = delta.mean(0).argsort()
    after = data_before(x[0], model.layers[0].d_conv - 1)
    ratio = float(delta[after].mean() / delta[~after].mean())
    return figures.delta_microscope(
        x[0],
        delta[:, order],
        constant.sort().values,
        answers,
        title=f"Selective copying of {y[0].tolist()}: mean Δ three steps after data / elsewhere = {ratio:.2f}",
    )


def data_before(tokens: torch.Tensor, steps: int) -> torch.Tensor:
    """Where a data token stood so many steps before."""
    data = (tokens != 0) & (tokens < COPYING.vocab - 1)
    return torch.cat([torch.zeros_like(data[:steps]), data[: len(data) - steps]])


@demo("Effective attention: three matrices")
def effective_attention(
    sequence: Sequence = 0,
    layer: Layer = 1,
    channel: Annotated[
        int, Interval(ge=0, le=63), doc("of Mamba's inner channels (S4D has half as many and takes turns)")
    ] = 0,
    sharpness: Annotated[float, Interval(ge=0.0, le=6.0), Step(0.5), doc("of the attention's queries")] = 3.0,
) -> go.Figure:
    """Each model's output is a matrix times its input; row i says what output i reads. S4D's is constant along its
    diagonals: change the sequence, and it stays. Mamba's is a lower triangle, too, but each column has its own
    strength: look for columns that stand out after the data tokens, and for channels whose columns end where another
    token resets them. Attention (untrained here) may read any earlier input; its rows sum to 1, Mamba's need not.
    """
    x, _ = _sequence(sequence)
    model, s4d = trained("mamba"), trained("s4d")
    length = x.shape[1]
    with torch.no_grad():
        h = model.encoder(x)
        for norm, block in zip(model.norms, list(model.layers)[: layer - 1], strict=False):
            h = h + block(norm(h))
        block = model.layers[layer - 1]
        inner, _, _ = block.inside(model.norms[layer - 1](h))
        delta, B, C = block.ssm.coefficients(inner)
        selective = selective_matrix(delta[0, :, channel], block.ssm.transition()[channel], B[0], C[0])
        s4 = s4d.layers[layer - 1]
        fixed = toeplitz(s4.kernel(length)[0, channel % s4.d_model])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            attention = MultiHeadAttention(h.shape[-1], 1, device="cpu")
        q, k, _ = attention.project(sharpness * h, h)
        mask = torch.ones(length, length, dtype=torch.bool, device="cpu").tril()
        softmax = attention.weights(q, k, mask=mask)[0, 0]
    title = f"Layer {layer}, channel {channel}: what each output reads"
    return figures.matrices(selective, fixed, softmax, _names(x), title=title)


@demo("Vanishing gradients: what the last output can learn from", slow=True)
def vanishing_gradients(
    length: Annotated[int, Interval(ge=32, le=256), Step(32), Label("length L")] = 128,
    width: Annotated[int, Interval(ge=8, le=24), Step(8), Label("width D")] = 8,
    seed: Annotated[int, Interval(ge=0, le=20), doc("other random starts and inputs")] = 0,
) -> go.Figure:
    """At the start of training, how strongly does the last output depend on an input so many steps back? The RNN's and
    the LSTM's gradients fade exponentially, within some twenty steps. S4 fades with its slowest Δ, hundreds of steps
    away. Mamba begins with small steps Δ and reaches far, too; attention does not fade at all, it only spreads. Make L
    larger: the RNN's line is the same, cut off later.
    """
    curves = {}
    for name in ("rnn", "lstm", "s4", "mamba", "transformer"):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            u = torch.randn(1, length, width, dtype=torch.float64, device="cpu")
            mixer = LINEAGE[name](width, 16, dtype=torch.float64, device="cpu").eval()
        curves[name] = gradient_norms(mixer, u)
    return figures.fading(curves, title=f"At the start: width {width}, length {length}")
