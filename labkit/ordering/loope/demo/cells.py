"""Three cells: the labels, what trained networks say of them, their learning, and where they look."""

from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import doc
from torch import Tensor

from labkit.demo import Label, demo
from labkit.ordering.loope import figures
from labkit.ordering.loope.demo.controls import Cell, Embedding
from labkit.ordering.loope.experiment.shipped import EMBEDDINGS, about, trained
from labkit.ordering.loope.three_cell import LABELS, render, three_cell_labels

GRID = 6


def _cells(*places: int) -> tuple[Tensor, str]:
    """The cells (x, y); a word about places that the generator would never draw."""
    cells = torch.tensor(places, device="cpu").view(3, 2)
    g, b = cells[1] - cells[0], cells[2] - cells[0]
    if int(g[0] * b[1] - g[1] * b[0]) == 0:
        return cells, " (in one line: never drawn in training)"
    return cells, ""


@demo("Three-cell playground")
def three_cell(
    red_x: Cell = 1,
    red_y: Cell = 4,
    green_x: Cell = 3,
    green_y: Cell = 1,
    blue_x: Cell = 5,
    blue_y: Cell = 5,
    pe: Annotated[
        Literal[
            "all of them",
            "none",
            "sinusoid",
            "gilbert",
            "loope",
            "sinusoid2d_sum",
            "sinusoid2d_concat",
            "rpe",
        ],
        Label("embedding"),
        doc("whose network is asked"),
    ] = "all of them",
) -> tuple[go.Figure, go.Figure]:
    """Move the cells: six labels follow from distances (lines), turning direction, the shadows' areas, and whether the
    sum of the three places (star) falls into the grey corner. Beside it, what trained networks say. The network without
    positions says the same whatever you do; the summed 2-D sinusoid cannot tell the picture from its mirror image.
    """
    cells, word = _cells(red_x, red_y, green_x, green_y, blue_x, blue_y)
    images = render(cells[None], GRID, 1)
    truth = three_cell_labels(cells[None], GRID)[0].tolist()
    asked = EMBEDDINGS if pe == "all of them" else (pe,)
    said = {name: trained(name)(images)[0].sigmoid() for name in asked}
    return (
        figures.triangle(cells, GRID, title=f"Three cells{word}"),
        figures.predictions(LABELS, truth, said, title="What the networks say, and the truth"),
    )


@demo("Where the class token looks")
def rollout(
    red_x: Cell = 1,
    red_y: Cell = 4,
    green_x: Cell = 3,
    green_y: Cell = 1,
    blue_x: Cell = 5,
    blue_y: Cell = 5,
    pe: Annotated[Embedding, Label("embedding")] = "loope",
    pe_b: Annotated[Embedding, Label("compare with")] = "none",
) -> go.Figure:
    """Attention rollout of the class token onto the patches. A network that found the cells looks at them; move one and
    the bright patch should follow, even without positions: content tells *that* there is a cell, only positions tell
    *where*.
    """
    cells, word = _cells(red_x, red_y, green_x, green_y, blue_x, blue_y)
    images = render(cells[None], GRID, 1)
    maps = {name: trained(name).rollout(images)[0] for name in dict.fromkeys((pe, pe_b))}
    return figures.rollouts(maps, cells, title=f"Attention rollout of the class token{word}")


@demo("Learning curves: four scores, seven embeddings")
def learning(
    score: Annotated[
        Literal["all four", "average", "distance", "orientation", "area", "vector_sum"],
        doc("which of the scores"),
    ] = "all four",
    shown: Annotated[
        Literal["all", "1-D orders", "2-D and relative"], Label("embeddings"), doc("which embeddings")
    ] = "all",
) -> go.Figure:
    """Accuracy of the networks that ship with the lab, over their training (mean over the seeds); dotted, what always
    answering the majority scores. Which score opens first, and which embedding never leaves the dotted line?
    """
    chosen = {
        "all": EMBEDDINGS,
        "1-D orders": ("none", "sinusoid", "gilbert", "loope"),
        "2-D and relative": ("none", "loope", "sinusoid2d_sum", "sinusoid2d_concat", "rpe"),
    }[shown]
    table = pd.DataFrame(about()["curves"])
    table = table[table["pe"].isin([*chosen, "majority"])]
    scores = ("distance", "orientation", "area", "vector_sum") if score == "all four" else (score,)
    return figures.learning_curves(table, scores=scores, title="Three cells: accuracy over training")
