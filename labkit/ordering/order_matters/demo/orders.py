"""Sets out, and one structure in several orders."""

import math
from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, MaxLen, doc

from labkit.demo import Label, demo
from labkit.ordering.order_matters import figures
from labkit.ordering.order_matters.experiment import shipped
from labkit.ordering.order_matters.experiment.settings import OrderSettings
from labkit.ordering.order_matters.method import (
    linearize_breadth_first,
    linearize_depth_first,
    parse_depth_first,
    three_word_reversal,
)
from labkit.ordering.permutations import all_permutations, inversions


@demo("Star models: the head first, or last")
def star(
    world: Annotated[
        Literal[
            "10 variables, 200 samples",
            "10 variables, 1000 samples",
            "10 variables, 20000 samples",
            "10 variables, nearly uniform",
            "10 variables, nearly deterministic",
            "20 variables, 1000 samples",
        ],
        Label("model and data"),
    ] = "10 variables, 200 samples",
) -> go.Figure:
    """All variables depend on the head alone. Written head first, each later one looks at one thing; head last,
    the network has to guess the head from all of them. With few samples the order costs, and where the
    tables are nearly deterministic it costs nothing, since any variable tells the head.
    """
    kinds = {
        "10 variables, 200 samples": (10, 200, 2.0),
        "10 variables, 1000 samples": (10, 1000, 2.0),
        "10 variables, 20000 samples": (10, 20_000, 2.0),
        "10 variables, nearly uniform": (10, 1000, 0.5),
        "10 variables, nearly deterministic": (10, 1000, 20.0),
        "20 variables, 1000 samples": (20, 1000, 2.0),
    }
    wanted, scores = kinds[world], shipped.about()["nll"]
    rows = zip(*(scores[k] for k in ("variables", "samples", "peakiness", "order", "value")), strict=True)
    found = {order: value for v, s, p, order, value in rows if (int(v), int(s), float(p)) == wanted}
    steps = OrderSettings(**shipped.about()["settings"]).star_steps
    return figures.star_bars(found, wanted[0], title=f"{world}: best of {steps} steps")


@demo("Orders: from flat to peaked")
def orders(
    search: Annotated[
        Literal["after random orders", "at once"],
        doc("random orders before ancestral sampling; or the best order from the start"),
    ] = "after random orders",
    moment: Annotated[int, Interval(ge=1, le=12), doc("twelfths of the training")] = 12,
) -> go.Figure:
    """All 120 orders in which a five-gram can be written, and how the model prefers them. Press Play.
    After random orders nearly all are alike; then the search sharpens: look which orders win, and how many words they
    have out of place. Taken at once, the maximum locks onto whatever the random start favoured.
    """
    name = "hard" if search == "after random orders" else "max at once"
    shares = shipped.preferences(name).numpy()
    every = all_permutations(5)
    steps = OrderSettings(**shipped.about()["settings"]).grams[name].steps
    count = len(shares)
    return figures.landscape(
        ["".join(str(i + 1) for i in order) for order in every.tolist()],
        inversions(every).double().tolist(),
        shares,
        [round((k + 1) * steps / count) for k in range(count)],
        min(moment, count) - 1,
        title=f"Preference among the 120 orders, search {search}",
    )


@demo("One tree, two strings")
def linearize(
    tree: Annotated[
        str,
        MaxLen(200),
        Label("tree, depth first"),
        doc("each node as: label, its children, !label"),
    ] = "S NP the !the cat !cat !NP VP sat !sat PP there !there !PP !VP !S",
) -> tuple[go.Figure, pd.DataFrame]:
    """The same tree depth first (every bracket closed by its own name) and breadth first (level by level, PAR between
    parents). Tokens have their node's colour. Change the tree and look how far apart a parent and its children stand:
    that distance is what a sequence model has to bridge.
    """
    try:
        root = parse_depth_first(tree.split())
        note = "as given"
        deep, broad = linearize_depth_first(root), linearize_breadth_first(root)
    except ValueError as error:
        root, note = ("?",), str(error)
        deep, broad = linearize_depth_first(root), linearize_breadth_first(root)
    nodes, edges, level_order, walk = _layout(root)
    by_depth = iter(walk)
    strings = {
        "depth first": [(t, -1 if t.startswith("!") else next(by_depth)) for t in deep],
        "breadth first": [],
    }
    by_level = iter(level_order)
    strings["breadth first"] = [(t, -1 if t in ("LEV", "PAR", "DONE") else next(by_level)) for t in broad]
    table = pd.DataFrame({"form": list(strings), "tokens": [len(deep), len(broad)], "tree": [note, note]})
    title = f"{len(nodes)} nodes" if note == "as given" else "This is no tree yet (see the table)"
    return figures.tree_strings(nodes, edges, strings, title=title), table


def _layout(root: tuple) -> tuple[list, list, list[int], list[int]]:
    """Nodes (label, x, depth) in depth-first order, edges, and the nodes level by level."""
    nodes, edges = [], []
    leaves = _leaves(root)
    used = iter(range(leaves))

    def place(node: tuple, depth: int) -> int:
        index = len(nodes)
        nodes.append([node[0], 0.0, float(depth)])
        children = [place(child, depth + 1) for child in node[1:]]
        edges.extend((index, child) for child in children)
        if children:
            nodes[index][1] = sum(nodes[c][1] for c in children) / len(children)
        else:
            nodes[index][1] = (next(used) + 0.5) / leaves
        return index

    place(root, 0)
    walk = list(range(len(nodes)))
    return [tuple(n) for n in nodes], edges, sorted(walk, key=lambda k: nodes[k][2]), walk


def _leaves(node: tuple) -> int:
    return sum(map(_leaves, node[1:])) if len(node) > 1 else 1


@demo("Five words in three orders")
def reversal(
    a: Annotated[int, Interval(ge=0, le=29), Label("word 1")] = 3,
    b: Annotated[int, Interval(ge=0, le=29), Label("word 2")] = 7,
    c: Annotated[int, Interval(ge=0, le=29), Label("word 3")] = 11,
    d: Annotated[int, Interval(ge=0, le=29), Label("word 4")] = 2,
    e: Annotated[int, Interval(ge=0, le=29), Label("word 5")] = 20,
    model: Annotated[
        Literal["natural", "bad", "hard"],
        doc("trained in the natural order, in (5,1,3,4,2), or by the search"),
    ] = "hard",
) -> tuple[go.Figure, pd.DataFrame]:
    """Surprise at each word of a five-gram, written in the natural order, in reverse, and in the order (5,1,3,4,2).
    A model trained in one order is lost in the others; the one that searched is at home in more than one. The table has
    the same words after the three-word reversal, padded.
    """
    settings = OrderSettings(**shipped.about()["settings"])
    words = torch.tensor([a, b, c, d, e], device="cpu")
    items = words + settings.symbols * torch.arange(5, device="cpu")
    net = shipped.grams_model(model)
    rows = {}
    for name, order in (("12345", (0, 1, 2, 3, 4)), ("54321", (4, 3, 2, 1, 0)), ("51342", (4, 0, 2, 3, 1))):
        sequence = items[list(order)][None]
        log_p = net.logits(sequence).log_softmax(-1).gather(-1, sequence[..., None])[0, :, 0]
        rows[name] = [-float(v) / math.log(2) for v in log_p]
    labels = [f"w{k + 1}" for k in words.tolist()]
    drawn = figures.surprise(
        rows, title=f"Model trained in the {model} order" if model != "hard" else "Model that searched"
    )
    blocks = three_word_reversal(labels)
    return drawn, pd.DataFrame({"words": [" ".join(labels)], "three-word reversal": [" ".join(blocks)]})
