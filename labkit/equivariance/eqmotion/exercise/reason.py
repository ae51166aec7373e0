"""Exercise 3: find the springs without labels."""

from functools import lru_cache

import torch

from labkit.equivariance.eqmotion.experiment import worlds
from labkit.equivariance.eqmotion.experiment.trained import SPRINGS, trained
from labkit.equivariance.eqmotion.method import ConstantVelocity, displacements, interaction_accuracy
from labkit.exercise import Mistake, Wrong, exercise, recognise

GOOD, WORSE = 0.98, 1.2


@lru_cache(maxsize=1)
def _held_out():
    generator = torch.Generator(device="cpu").manual_seed(41_000)
    found = worlds.springs(SPRINGS, 80, generator)
    return found.scenes, found.edges


def _pull(model, past):
    """Pairs whose accelerations point at each other more than the median."""
    a, x = past.diff(dim=2).diff(dim=2), past[:, :, 1:-1]
    pull = -((a[:, :, None] - a[:, None]) * (x[:, :, None] - x[:, None])).sum(-1).mean(-1)
    apart = ~torch.eye(past.shape[1], dtype=torch.bool, device=past.device)
    joined = (pull > pull[:, apart].median()).to(past.dtype)
    return model(past), torch.stack([1 - joined, joined], -1)


def _solution(model, past):
    """Newton's law: an agent's acceleration is a weighted sum of the others' directions; solve for the weights."""
    a, x = past.double().diff(dim=2).diff(dim=2), past.double()[:, :, 1:-1]
    n = past.shape[1]
    k = torch.zeros(len(past), n, n, dtype=torch.float64, device=past.device)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        towards = torch.stack([x[:, j] - x[:, i] for j in others], -1).flatten(1, 2)
        k[:, i, others] = torch.linalg.lstsq(towards, a[:, i].flatten(1)[..., None]).solution[..., 0]
    joined = (k + k.transpose(1, 2) > k.max()).to(past.dtype)
    return model(past), torch.stack([1 - joined, joined], -1)


def _models_own(model, past):
    return model(past, return_graph=True)


def _everybody(model, past):
    one = torch.ones(len(past), past.shape[1], past.shape[1], dtype=past.dtype, device=past.device)
    return model(past), torch.stack([0 * one, one], -1)


def _nearest(model, past):
    now = past[:, :, -1]
    distance = torch.cdist(now, now)
    near = (distance < distance.median()).to(past.dtype)
    return model(past), torch.stack([1 - near, near], -1)


def _no_prediction(model, past):
    return ConstantVelocity(SPRINGS.future)(past), _solution(model, past)[1]


@exercise(
    "Find the springs",
    level="open",
    points=3,
    solution=_solution,
    hints=(
        "What does a spring do? It pulls its ends together: the accelerations of two joined bodies point at each "
        "other.",
        "Differences of frames, twice, are accelerations. A body may have several springs, so their pulls add up: "
        "a_i = sum_j k_ij (x_j - x_i).",
        "The positions are known, so that is a linear system for the k_ij of one body, with 18 frames of 3 coordinates "
        "for 4 unknowns: `torch.linalg.lstsq`. The k_ij are then near 0, or near the springs' strength.",
    ),
    mistakes=(
        Mistake(
            "the model's own graph",
            _models_own,
            "That is the graph as the model has it. It found most springs by itself; the task is to do better.",
        ),
        Mistake(
            "who pulls at whom",
            _pull,
            "You join pairs whose accelerations point at each other. But a body has several springs, and the others' "
            "pulls are in its acceleration too: take them all together.",
        ),
        Mistake(
            "everybody",
            _everybody,
            "Your graph joins everybody with everybody, whatever happens. Half of the pairs have a spring.",
        ),
        Mistake(
            "the nearest",
            _nearest,
            "You join those who are near each other. A spring of rest length 0 does not keep bodies near for long: "
            "look at how they pull.",
        ),
        Mistake(
            "prediction given up",
            _no_prediction,
            "Your graph is good, but your prediction is worse than the model's: keep it.",
        ),
    ),
)
def find_the_springs(answer) -> str:
    r"""Write `reason(model, past)`: given the trained EqMotion (without labels) and the past of some scenes,
    `(scenes, 5, 20, 3)`, return `(future, c)`: a prediction `(scenes, 5, 20, 3)`, and for each pair the share of two
    categories, `(scenes, 5, 5, 2)`.

    On held-out scenes the likelier category must be right for at least 98% of the pairs (up to naming), and the
    displacement error at most 1.2 times the model's. No true springs are given. The model's own graph is right for some
    94%: you may train one of your own (temperature, sparsity, patience), or think of what a spring does.
    """
    scenes, edges = _held_out()
    past, future = scenes[:, :, : SPRINGS.past], scenes[:, :, SPRINGS.past :]
    model = trained("EqMotion").float()
    with torch.no_grad():
        found = answer(model, past.clone())
        if not isinstance(found, tuple) or len(found) != 2 or not all(map(torch.is_tensor, found)):
            raise Wrong("reason should return two tensors, (future, c).")
        predicted, c = found
        if predicted.shape != future.shape or c.shape != (*edges.shape, 2):
            raise Wrong(
                f"The shapes should be {tuple(future.shape)} and {(*edges.shape, 2)}; yours are "
                f"{tuple(predicted.shape)} and {tuple(c.shape)}."
            )
        accuracy = interaction_accuracy(c.float(), edges)
        ratio = (displacements(predicted, future).mean() / displacements(model(past), future).mean()).item()

        def alike(mistaken) -> bool:
            other, graph = mistaken(model, past)
            return torch.allclose(other, predicted, atol=1e-5) and torch.allclose(
                graph.float(), c.float(), atol=1e-5
            )

        if not (accuracy >= GOOD and ratio <= WORSE):
            raise recognise(
                find_the_springs.mistakes,
                alike,
                f"The springs are recognised in {accuracy:.1%} of the pairs (at least {GOOD:.0%}), and the "
                f"prediction's error is {ratio:.2f} times the model's (at most {WORSE}).",
            )
    return f"{accuracy:.1%} of the pairs are right, with {ratio:.2f} times the model's error."
