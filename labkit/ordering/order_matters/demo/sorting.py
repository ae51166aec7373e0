"""Sets in: the process block, the pointer matrix, Table 1."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc
from torch import Tensor

from labkit.demo import Label, demo
from labkit.ordering.order_matters import figures
from labkit.ordering.order_matters.experiment import shipped
from labkit.ordering.order_matters.method import ProcessBlock

Seed = Annotated[int, Interval(ge=0, le=99), doc("other numbers")]
Count = Annotated[int, Interval(ge=2, le=15), Label("numbers n"), doc("trained on 5")]


def _numbers(n: int, seed: int) -> Tensor:
    return torch.rand(1, n, 1, generator=torch.Generator(device="cpu").manual_seed(seed), device="cpu")


@demo("Process: questions to a set")
def process(
    n: Count = 6,
    steps: Annotated[int, Interval(ge=1, le=10), Label("process steps T")] = 5,
    seed: Seed = 0,
    shuffle: Annotated[int, Interval(ge=0, le=20), doc("0 leaves the order as it is")] = 1,
    trained: bool = True,
) -> go.Figure:
    """Left, what each question finds: the larger a dot, the more attention its number gets. Right, what encoders make
    of the set, in the given and in a shuffled order. Move the shuffle: the set encoder's difference stays blank, the
    LSTM's does not. More steps: the questions move on to other numbers.
    """
    x = _numbers(n, seed)
    make = shipped.sorter if trained else shipped.fresh_sorter
    of_set, of_lstm = make("P = 10", 0), make("Ptr-Net", 0)
    order = torch.arange(n, device="cpu")
    if shuffle:
        order = torch.randperm(n, generator=torch.Generator(device="cpu").manual_seed(shuffle), device="cpu")
    block: ProcessBlock = of_set.process
    strips, looks = {}, None
    for name, model in (("set encoder: q*", of_set), ("LSTM: last state", of_lstm)):
        pair = []
        for some in (x, x[:, order]):
            if model is of_set:
                q, seen = _short(block, model.read(some), steps)
                looks = seen if looks is None else looks
                pair.append(q)
            else:
                pair.append(model.encode(some)[2][0])
        strips[name] = tuple(v.numpy() for v in pair)
    return figures.process(
        x[0, :, 0].numpy(),
        looks.numpy(),
        strips,
        title=f"{n} numbers, {steps} process steps, {'trained' if trained else 'untrained'}",
    )


def _short(block: ProcessBlock, memory: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """The block stopped after so many of its steps."""
    with torch.random.fork_rng(devices=[]):
        fewer = ProcessBlock(block.d, steps)
    fewer.load_state_dict(block.state_dict())
    with torch.no_grad():
        q, looks = fewer(memory)
    return q[0], looks[0]


@demo("Writing: a diagonal when the sorting works")
def pointing(
    model: Annotated[Literal["Ptr-Net", "P = 0", "P = 1", "P = 5", "P = 10"], Label("model")] = "P = 5",
    glimpse: bool = True,
    n: Count = 5,
    seed: Seed = 3,
) -> go.Figure:
    """Rows are writing steps, columns the elements from the smallest to the largest: sorting is the diagonal. With a
    glimpse there are two looks a step: the first finds out where we are, the second points. Choose P = 0, whose writer
    knows nothing but what it has pointed at; take two numbers that are close; raise n beyond the 5 of the training.
    """
    x = _numbers(n, seed)
    net = shipped.sorter(model, int(glimpse))
    answer = net.decode(x)
    with torch.no_grad():
        memory, state, _, _ = net.encode(x)
        p = net.logits(x, answer).softmax(-1)[0]
        looks = None
        if glimpse:
            context = net.writer.context(memory)
            fed = torch.cat([net.writer.start.expand(1, 1, -1), memory[:, answer[0, :-1]]], 1)
            hidden, _ = net.writer.lstm(fed, (state[0][None].contiguous(), state[1][None].contiguous()))
            looks = net.writer.glimpse_weights(hidden, context)[0][0]
    rank = x[0, :, 0].argsort()
    labels = [f"{k + 1}: {v:.3f}" for k, v in enumerate(x[0, rank, 0].tolist())]
    right = bool((answer[0] == rank).all())
    return figures.pointer_matrix(
        p[:, rank].numpy(),
        None if looks is None else looks[:, rank].numpy(),
        labels,
        title=f"{model}{', glimpse' if glimpse else ''}: {'sorted' if right else 'not sorted'}",
    )


@demo("Table 1: process steps and glimpses")
def grid(
    n: Annotated[
        Literal["5", "10"], Label("numbers"), doc("5: all models; 10: those of the class run")
    ] = "5",
) -> go.Figure:
    """Accuracy of five models without and with a glimpse, beside the paper's table. Look down the first column for what
    process steps are worth, and across the rows for what a glimpse is worth. Ten numbers are much harder.
    """
    scores = shipped.about()["accuracy"]
    found: dict[str, list] = {}
    rows = zip(*(scores[k] for k in ("model", "n", "glimpses", "value")), strict=True)
    for model, count, glimpses, value in rows:
        if int(count) == int(n) and "replacing" not in model:
            found.setdefault(model, [None, None])[int(glimpses)] = value
    return figures.accuracy_grid(found, int(n))
