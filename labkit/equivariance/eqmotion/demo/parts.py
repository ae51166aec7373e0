"""Inside a layer, the equivariant ReLU, trajectories as frequencies."""

import math
from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc

from labkit.demo import Label, Step, demo
from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.eqmotion import figures
from labkit.equivariance.eqmotion.demo.worlds import Degrees, Scene, plane, springs
from labkit.equivariance.eqmotion.experiment.trained import SPRINGS, trained
from labkit.equivariance.eqmotion.method import agent_mean, dct_matrix, equivariant_relu

CHANNELS = 4


@demo("Inside a layer")
def inside_a_layer(
    layer: Annotated[int, Interval(ge=1, le=2)] = 1,
    step: Annotated[
        Literal["before", "attention", "aggregation", "velocity", "nonlinearity"],
        Label("after the step"),
        doc("the steps of a layer, in order"),
    ] = "nonlinearity",
    turn: Degrees = 0,
    agents: Annotated[int, Interval(ge=2, le=5), doc("the scene is cut to so many")] = 3,
    scene: Scene = 1,
) -> go.Figure:
    """A scene of springs in the plane (the model was trained in space: it serves any dimension). In the middle, four of
    each agent's vectors after the chosen step; at the right, its pattern features. Go through the steps and see what
    each does to the vectors. Turn the scene: past and vectors turn together, and no pattern feature changes.
    """
    past = springs().scenes[scene - 1 : scene, :agents, : SPRINGS.past, :2]
    past = apply_euclidean(past - past.mean((1, 2), keepdim=True), plane(turn))
    net = trained("EqMotion").double()
    start = net.initial(past)
    c, h, G = net.graph(start), start.h, start.G
    for index, one in enumerate(net.layers, start=1):
        before = h
        h, made = one.steps(h, G, start.U, c)
        if index == layer:
            break
        G = made["nonlinearity"]
    words = "before it" if step == "before" else f"after the {step}"
    chosen = made[step]
    mean = agent_mean(chosen, None)
    largest = max(float((G - agent_mean(G, None))[:, :, :CHANNELS].norm(dim=-1).max()) for G in made.values())
    return figures.inside(
        chosen[0, :, :CHANNELS],
        mean[0, 0, 0],
        (h if step == "nonlinearity" else before)[0],
        past[0],
        title=f"Layer {layer}, {words}, scene turned by {turn} degrees",
        reach=1.15 * largest,
    )


@demo("The equivariant ReLU")
def relu_in_the_plane(
    q_angle: Annotated[int, Interval(ge=0, le=360), Step(5), Unit("degrees"), Label("direction of q")] = 160,
    q_length: Annotated[float, Interval(ge=0, le=2.5), Step(0.1), Label("length of q")] = 2.0,
    k_angle: Annotated[int, Interval(ge=0, le=360), Step(5), Unit("degrees"), Label("direction of k")] = 30,
    k_length: Annotated[float, Interval(ge=0.05, le=2.5), Step(0.05), Label("length of k")] = 1.5,
    turn: Annotated[int, Interval(ge=0, le=360), Step(5), Unit("degrees"), Label("turn both")] = 0,
) -> go.Figure:
    """Both q and k are vectors of the scene, mixed from its channels. Where q points along with k (shaded), it is kept.
    Where it points against k, that part is cut off, and q falls on the edge of the half-plane: what ReLU does to a
    number, with k to say what negative is. Turn both: the picture turns, and nothing else happens. Shorten k: only its
    direction counts, until it is tiny.
    """
    q, k = (
        length * torch.tensor([math.cos(a), math.sin(a)], dtype=torch.float64, device="cpu")
        for length, a in ((q_length, math.radians(q_angle + turn)), (k_length, math.radians(k_angle + turn)))
    )
    out = equivariant_relu(q, k)
    along = (q * k).sum().item()
    said = "kept" if along >= 0 else "what points against k is cut off"
    return figures.relu(q, k, out, title=f"⟨q, k⟩ = {along:.2f}: {said}")


@demo("A trajectory as frequencies")
def frequencies(
    kept: Annotated[int, Interval(ge=1, le=20), Label("coefficients kept")] = 4,
    shape: Literal["body on springs", "circle", "straight line", "zigzag"] = "body on springs",
    turn: Degrees = 0,
    scene: Scene = 1,
) -> go.Figure:
    """The network never sees frames: it sees the DCT of a path, one vector for each frequency. Keep the first few: slow
    motion is in them already. A straight line needs few; a zigzag needs the high ones. Turn the path: each coefficient
    turns along as a vector, and its length, the bar, stays.
    """
    n = SPRINGS.past
    s = torch.linspace(0, 1, n, dtype=torch.float64, device="cpu")
    path = {
        "body on springs": lambda: springs().scenes[scene - 1, 0, :n, :2],
        "circle": lambda: torch.stack([(2 * math.pi * s).cos(), (2 * math.pi * s).sin()], -1),
        "straight line": lambda: torch.stack([2 * s - 1, s - 0.5], -1),
        "zigzag": lambda: torch.stack([2 * s - 1, 0.4 * (n * math.pi * s).cos()], -1),
    }[shape]()
    path = apply_euclidean(path - path.mean(0), plane(turn))
    D = dct_matrix(n, dtype=torch.float64)
    coefficients = D @ path
    rebuilt = D[:kept].T @ coefficients[:kept]
    error = (rebuilt - path).norm(dim=-1).mean().item()
    return figures.frequencies(
        path, coefficients, rebuilt, kept, title=f"{kept} of {n} coefficients: mean error {error:.2g}"
    )
