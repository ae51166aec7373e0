"""What was learned: the growing vocabulary, other lengths, and the plateau of training."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, demo
from labkit.ordering.pointer_networks import figures
from labkit.ordering.pointer_networks.demo.instances import ask, uniform
from labkit.ordering.pointer_networks.experiment import shipped
from labkit.ordering.pointer_networks.experiment.settings import PointerSettings
from labkit.ordering.pointer_networks.geometry import hull_target


@demo("Vocabulary: bars that grow with the input")
def vocabulary(
    n: Annotated[int, Interval(ge=3, le=20), Label("points n")] = 5,
    step: Annotated[int, Interval(ge=1, le=8), Label("decoder step")] = 2,
    seed: Annotated[int, Interval(ge=0, le=99)] = 4,
) -> go.Figure:
    """Two networks asked for the same hull. Raise n: the pointer's bars grow with the input. The LSTM was built with a
    dictionary of 5: for fewer points it has entries without a point, for more it has to refuse.
    """
    points = uniform(n, seed)
    answer, probabilities = ask("hull", points, 1, False)
    at = min(step, len(probabilities)) - 1
    fixed, max_n = shipped.trained("hull, LSTM"), 5
    bars = None
    if n <= max_n:
        before = torch.tensor([[*answer[:at], -1]], device="cpu")
        bars = fixed.logits(points[None], None, before)[0, -1].softmax(-1).numpy()
    return figures.vocabulary(probabilities[at], bars, n, max_n, step=at + 1)


@demo("Other lengths: accuracy falls, area stays")
def generalise(
    metric: Annotated[
        Literal["accuracy", "area", "simple"],
        doc("same polygon; area over true area of simple polygons; share of simple polygons"),
    ] = "accuracy",
    models: Annotated[Literal["Ptr-Net", "all trained on several lengths"], Label("models")] = (
        "all trained on several lengths"
    ),
) -> go.Figure:
    """Means over three seeds; the shaded ranges were seen in training. Accuracy falls quickly beyond them: one wrong
    corner spoils a polygon, and there are more corners. Switch to area: the polygons that are wrong are nearly right.
    """
    scores, settings = shipped.about()["scores"], PointerSettings(**shipped.about()["settings"])
    curves: dict[str, tuple[list, list]] = {}
    rows = zip(*(scores[k] for k in ("stage", "metric", "method", "n", "value")), strict=True)
    for stage, name, method, n, value in rows:
        if stage == "hulls" and name == metric and value is not None:
            x, y = curves.setdefault(method, ([], []))
            x.append(int(n))
            y.append(value)
    kept = {m: c for m, c in curves.items() if len(c[0]) > 1 and (models != "Ptr-Net" or m == "Ptr-Net")}
    ranges = {m: (settings.hulls[m].sizes[0], settings.hulls[m].sizes[-1]) for m in kept}
    words = {
        "accuracy": "accuracy (the same polygon)",
        "area": "area / true area, simple polygons",
        "simple": "share of simple polygons",
    }
    return figures.generalisation(kept, ranges, metric=metric, y=words[metric])


@demo("Training: the plateau, the set, the order")
def plateau(
    moment: Annotated[int, Interval(ge=1, le=12), doc("twelfths of the training")] = 2,
    first: Annotated[int, Interval(ge=1, le=14), Label("first input shown")] = 1,
) -> go.Figure:
    """Move the moment. At first every input gets nearly the same answer; then the right corners, in some wrong order
    or with one missing; at last the corners in order, closed, and END at the right time. The loss only falls.
    """
    answers, points = shipped.plateau()
    losses = shipped.about()["losses"]
    some = range(first - 1, first + 2)
    chosen = answers[min(moment, len(answers)) - 1]
    steps = PointerSettings(**shipped.about()["settings"]).hulls["Ptr-Net"].steps
    return figures.plateau(
        losses["step"],
        losses["value"],
        round(min(moment, len(answers)) * steps / len(answers)),
        [points[i].double().numpy() for i in some],
        [[int(t) for t in chosen[i] if t >= 0] for i in some],
        [hull_target(points[i]).tolist() for i in some],
    )
