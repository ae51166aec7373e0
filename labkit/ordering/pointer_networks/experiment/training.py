"""Training and testing one network."""

import torch
from torch import Tensor

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.ordering.pointer_networks.data import Instances, make_dataset, pad, shuffled_targets
from labkit.ordering.pointer_networks.experiment.settings import PointerSettings, Training
from labkit.ordering.pointer_networks.geometry import same_cycle
from labkit.ordering.pointer_networks.method import PointerNetwork
from labkit.ordering.pointer_networks.metrics import (
    delaunay_scores,
    hull_scores,
    least_squares_slope,
    mean_position,
    tour_scores,
)
from labkit.ordering.pointer_networks.tours import HEURISTICS, tour_length, tsp_exact_lengths
from labkit.training import History, epochs, fit

SHOWN = 16  # test instances kept for the pictures
STAGES = {"hull": "hulls", "delaunay": "triangulations", "tsp": "tours"}


def build(task: Training) -> PointerNetwork:
    """The network of a Training."""
    return PointerNetwork(
        d=task.d,
        mode=task.mode,
        max_n=None if task.mode == "pointer" else max(task.sizes),
        input_scale=task.input_scale,
        init=task.init,
    )


def longest(task: str, n: int) -> int:
    """Entries of the longest answer, END included: a closed hull, 2n triangles, a tour."""
    return {"hull": n + 2, "delaunay": 6 * n + 1, "tsp": n + 1}[task]


def train_and_test(settings: PointerSettings, run: Run, kind: str) -> None:
    """Every network of one kind of task: train, decode the test instances, measure."""
    trainings: dict[str, Training] = getattr(settings, kind)
    run.uses("uniform points, generated")
    steps = sum(task.steps for task in trainings.values())
    done = 0
    for name, task in trainings.items():
        report = part(run.progress, done / steps, (done + task.steps) / steps, name)
        model, history = train(task, settings, run, name, report)
        for step, loss in enumerate(history.losses):
            if step % 10 == 0:
                run.measure("loss", loss, method=name, step=step)
        for n in task.tests:
            test(model, task, settings, run, name, n)
        if task.d <= 64:  # small enough to keep, for the pictures
            for key, value in model.state_dict().items():
                run.keep(f"weights/{name}/{key}", value)
        done += task.steps


def train(
    task: Training, settings: PointerSettings, run: Run, name: str, progress
) -> tuple[PointerNetwork, History]:
    """Train a network; keeps what it answers to a few test instances at several moments."""
    seed_everything(run.seed)
    data = make_dataset(task.task, task.sizes, task.count, 2 * run.seed, task.teacher)
    if task.shuffled:
        data = shuffled_targets(data, run.generator(5))
    model = build(task)
    index = epochs(len(data), task.batch, run.seed)
    shown = test_data(task, settings, run, task.sizes[-1]).rows(slice(0, SHOWN), run.device)
    moments: list[Tensor] = []

    def answers(net: torch.nn.Module) -> float:
        limit = longest(task.task, task.sizes[-1])
        found = pad(
            [*net.decode(shown.points, shown.lengths, max_length=limit), torch.zeros(limit, dtype=torch.long)]
        )
        moments.append(found[:-1])
        return 0.0

    adam = task.optimizer == "adam"
    history = fit(
        model,
        lambda step: data.rows(index(step), run.device),
        lambda net, b: -net.log_prob(b.points, b.lengths, b.targets).mean(),
        (torch.optim.Adam if adam else torch.optim.SGD)(model.parameters(), lr=task.rate),
        steps=task.steps,
        device=run.device,
        schedule=(lambda step: 1.0 if step < 0.7 * task.steps else 0.25) if adam else None,
        clip=2.0,
        evaluate=answers,
        evaluate_every=max(1, task.steps // settings.snapshots),
        progress=progress,
        checkpoint=run.checkpoint(name.replace(" ", "").replace(",", "-")),
    )
    run.keep(f"moments/{name}", torch.stack(moments))
    return model, history


def test_data(task: Training, settings: PointerSettings, run: Run, n: int) -> Instances:
    """The test instances of n points; optimal targets (tours of more than 12 points: their best heuristic)."""
    teacher = "optimal" if n <= 12 else "A3"
    return make_dataset(task.task, (n,), settings.test_count, 2 * run.seed + 1, teacher)


@torch.no_grad()
def test(
    model: PointerNetwork, task: Training, settings: PointerSettings, run: Run, name: str, n: int
) -> None:
    """Decode the test instances of n points, and measure."""
    data = test_data(task, settings, run, n)
    points, lengths = data.points.to(run.device), data.lengths.to(run.device)
    each, truths = zip(*data.each(), strict=True)
    about = {"method": name, "n": n, "trained": f"{task.sizes[0]}-{task.sizes[-1]}"}

    def decode(constraint=None) -> list[Tensor]:
        found = model.decode(points, lengths, settings.beam, constraint, longest(task.task, n))
        return [answer.cpu() for answer in found]

    if task.task == "hull":
        answers = decode()
        scores = hull_scores(each, answers, truths)
        if n >= 10:
            exact = [float(same_cycle(a, t)) for a, t in zip(answers, truths, strict=True)]
            scores["slope"] = least_squares_slope([mean_position(t, n) for t in truths], exact)
        _write(run, scores, constraint="none", **about)
        if n == task.tests[0]:
            shown = model.search(points[:SHOWN], lengths[:SHOWN], 1, None, longest("hull", n))
            run.keep(f"probabilities/{name}", shown.probabilities)
            run.keep(f"points/{name}", data.points[:SHOWN])
    elif task.task == "delaunay":
        _write(run, delaunay_scores(decode(), truths), constraint="none", **about)
    else:
        best = tsp_exact_lengths(data.points) if n <= 12 else _lengths(data)
        for constraint in ("none", "tour"):
            answers = decode(None if constraint == "none" else "tour")
            _write(run, tour_scores(each, answers, best), constraint=constraint, **about)
        for heuristic, solve in HEURISTICS.items():
            mean = sum(tour_length(p, solve(p)) for p in each[:200]) / len(each[:200])
            first = best[:200].mean().item()
            run.measure("heuristic ratio", mean / first, heuristic=heuristic, **about)


def _lengths(data: Instances) -> Tensor:
    return torch.tensor([tour_length(p, t) for p, t in data.each()], dtype=torch.float64, device="cpu")


def _write(run: Run, scores: dict[str, float], **about) -> None:
    for metric, value in scores.items():
        run.measure(metric, value, **about)
