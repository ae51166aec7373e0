"""The stages: exactness, springs, ablations, the graph, charges, pedestrians, skeletons and molecules."""

import torch
from torch import Tensor, nn

from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.eqmotion.experiment import worlds
from labkit.equivariance.eqmotion.experiment.settings import EqMotionSettings, Task
from labkit.equivariance.eqmotion.experiment.training import (
    World,
    baseline,
    eqmotion,
    predicted,
    smoothed,
    train,
)
from labkit.equivariance.eqmotion.method import (
    ABLATIONS,
    ConstantVelocity,
    CorrelationGraph,
    best_of_k,
    displacement_errors,
    interaction_accuracy,
)
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.metrics import relative_error
from labkit.experiment import Run
from labkit.experiment.progress import part


def motion(count: int, d: int, run: Run, stream: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random rotations (count, 1, d, d), for scenes."""
    generator = run.generator(stream)
    return random_orthogonal(count, d, special=True, generator=generator, dtype=dtype, device=run.device)[
        :, None
    ]


@torch.no_grad()
def exactness(settings: EqMotionSettings, run: Run) -> None:
    """Untrained models, in double precision, under motions and reflections; on charges, in space, and in the plane."""
    task = settings.springs
    small = task.model_copy(update={"dt": 0.004, "every": 25})
    scenes = worlds.charges(small, 64, run.generator(9)).scenes.double().to(run.device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        models = {
            "EqMotion": eqmotion(task),
            "PlainGNN": baseline("PlainGNN", task),
            "LSTM": baseline("LSTM", task),
        }
    for d in (3, 2):
        past = scenes[:, :, : task.past, :d]
        R = random_orthogonal(
            len(past), d, generator=run.generator(5), dtype=torch.float64, device=run.device
        )
        R = R[:, None]
        t = 10 * torch.randn(len(past), 1, 1, d, generator=run.generator(6), dtype=torch.float64).to(
            run.device
        )
        moved = apply_euclidean(past, R, t)
        for name, model in models.items():
            if d == 2 and name != "EqMotion":
                continue
            f = model.double().to(run.device)
            error = relative_error(f(moved), apply_euclidean(f(past), R, t), (1, 2, 3)).max().item()
            run.measure("equivariance error", error, model=name, d=d)
        f = models["EqMotion"]
        graphs = [f(x, return_graph=True)[1] for x in (past, moved)]
        run.measure("graph change", (graphs[0] - graphs[1]).abs().max().item(), model="EqMotion", d=d)


@torch.no_grad()
def _score(model: nn.Module, task: Task, test: World, run: Run, name: str) -> dict[str, Tensor]:
    """ADE and FDE, as the test set is and turned."""
    past, future = test.scenes[:, :, : task.past], test.scenes[:, :, task.past :]
    R = motion(len(past), past.shape[-1], run, 3)
    errors = displacement_errors(predicted(model, past), future)
    turned = displacement_errors(predicted(model, apply_euclidean(past, R)), apply_euclidean(future, R))
    for metric in ("ade", "fde"):
        run.measure(metric, errors[metric].item(), model=name)
        run.measure(f"turned {metric}", turned[metric].item(), model=name)
    for step, value in enumerate(errors["per_step"].tolist(), start=1):
        run.measure("error by step", value, model=name, step=step)
    return errors


def _on(world: World, run: Run) -> World:
    return World(*(None if p is None else p.to(run.device) for p in world))


def springs(settings: EqMotionSettings, run: Run) -> None:
    """Springs: EqMotion, message passing without symmetry, an LSTM, and uniform motion; and what the graph shows."""
    task = settings.springs
    run.uses("simulated springs")
    data = worlds.springs(task, task.train, run.generator(1))
    test = _on(worlds.springs(task, task.test, run.generator(2)), run)
    _score(ConstantVelocity(task.future), task, test, run, "constant velocity")
    for position, name in enumerate(("EqMotion", "PlainGNN", "LSTM")):
        report = part(run.progress, position / 3, (position + 1) / 3, name)

        def build(name=name) -> nn.Module:
            return eqmotion(task) if name == "EqMotion" else baseline(name, task)

        model, history = train(build, task, data, run, name, report)
        _score(model, task, test, run, name)
        run.keep(f"losses/{name}", smoothed(history.losses))
        if name == "EqMotion":
            _graph(model, task, test, run, "EqMotion")
    c = CorrelationGraph()(test.scenes[:, :, : task.past])
    run.measure("interaction accuracy", interaction_accuracy(c, test.edges), model="correlation")


@torch.no_grad()
def _graph(model: nn.Module, task: Task, test: World, run: Run, name: str) -> None:
    past = test.scenes[:, :, : task.past]
    c = model(past, return_graph=True)[1]
    moved = model(apply_euclidean(past, motion(len(past), 3, run, 4)), return_graph=True)[1]
    run.measure("interaction accuracy", interaction_accuracy(c, test.edges), model=name)
    run.measure("graph change", (c - moved).abs().max().item(), model=name)


def ablations(settings: EqMotionSettings, run: Run) -> None:
    """The full model, and one without each of its parts."""
    task = settings.ablations
    run.uses("simulated springs")
    data = worlds.springs(task, task.train, run.generator(1))
    test = _on(worlds.springs(task, task.test, run.generator(2)), run)
    names = ("full", *ABLATIONS)
    for position, name in enumerate(names):
        report = part(run.progress, position / len(names), (position + 1) / len(names), name)
        ablate = () if name == "full" else (name,)
        model, _ = train(lambda ablate=ablate: eqmotion(task, ablate=ablate), task, data, run, name, report)
        _score(model, task, test, run, name)


def graph(settings: EqMotionSettings, run: Run) -> None:
    """Ours: the graph with labels, by cross-entropy beside the prediction."""
    task = settings.graph
    run.uses("simulated springs")
    data = worlds.springs(task, task.train, run.generator(1))
    test = _on(worlds.springs(task, task.test, run.generator(2)), run)
    model, _ = train(
        lambda: eqmotion(task), task, data, run, "supervised", run.progress, supervised=settings.supervised
    )
    _graph(model, task, test, run, "supervised")


def charged(settings: EqMotionSettings, run: Run) -> None:
    """Charges: EqMotion against uniform motion."""
    task = settings.charged
    run.uses("simulated charged particles")
    data = worlds.charges(task, task.train, run.generator(1))
    test = _on(worlds.charges(task, task.test, run.generator(2)), run)
    _score(ConstantVelocity(task.future), task, test, run, "constant velocity")
    model, _ = train(lambda: eqmotion(task), task, data, run, "EqMotion", run.progress)
    _score(model, task, test, run, "EqMotion")


def pedestrians(settings: EqMotionSettings, run: Run) -> None:
    """Pedestrians: best of 20 for the focal agent, each scene left out in turn; and uniform motion."""
    task = settings.pedestrians
    for position, fold in enumerate(task.folds):
        report = part(run.progress, position / len(task.folds), (position + 1) / len(task.folds), fold)
        data, test, words = worlds.pedestrians(task, fold, run.generator(position))
        run.uses(words)
        shown = fold if words != worlds.CROWD else words
        test = _on(test, run)
        past, future = test.scenes[:, :, : task.past], test.scenes[:, 0, task.past :]
        straight = ConstantVelocity(task.future)(past)[:, 0]
        model, _ = train(lambda: eqmotion(task), task, data, run, fold, report)
        fan = predicted(model, past, test.present)[:, 0]
        for name, found in (("constant velocity", straight), ("EqMotion", best_of_k(fan, future))):
            errors = displacement_errors(found, future)
            run.measure("ade", errors["ade"].item(), model=name, scene=shown)
            run.measure("fde", errors["fde"].item(), model=name, scene=shown)
        run.measure("samples", len(past), model="EqMotion", scene=shown)
        if position == 0:
            run.keep("past", past[:3])
            run.keep("fan", fan[:3])
            run.keep("future", future[:3])
            run.keep("present", test.present[:3].float())


def _simple(task: Task, make, run: Run, words: str, tokens: int | None) -> None:
    run.uses(words)
    data = make(task, task.train, run.generator(1))
    test = _on(make(task, task.test, run.generator(2)), run)
    _score(ConstantVelocity(task.future), task, test, run, "constant velocity")
    model, _ = train(lambda: eqmotion(task, tokens=tokens), task, data, run, "EqMotion", run.progress)
    _score(model, task, test, run, "EqMotion")


def skeleton(settings: EqMotionSettings, run: Run) -> None:
    """Generated walkers, with a token for each joint."""
    _simple(settings.skeleton, worlds.skeletons, run, "generated walkers", 17)


def molecule(settings: EqMotionSettings, run: Run) -> None:
    """Generated bead-spring molecules."""
    _simple(settings.molecule, worlds.molecules, run, "generated molecules", None)
