"""What training makes of it: velocities and horizons never trained on, and the training itself."""

from typing import Annotated, Literal

import plotly.graph_objects as go
import torch
from annotated_types import Interval, Unit, doc
from torch import Tensor

from labkit.datasets import digit_source
from labkit.demo import Label, Step, demo
from labkit.equivariance.actions import flow
from labkit.equivariance.fernn import figures
from labkit.equivariance.fernn.demo.worlds import Seed, model_of
from labkit.equivariance.fernn.experiment.prediction import name_of
from labkit.equivariance.fernn.experiment.settings import PRESETS
from labkit.equivariance.fernn.experiment.trained import PLANE, STRIP
from labkit.equivariance.fernn.experiment.training import smoothed, squared_errors, train
from labkit.equivariance.fernn.method import FlowCell, FlowSeq2Seq, ring_velocities, velocity_grid
from labkit.equivariance.moving_images import strip_sequences, translating_sequences
from labkit.experiment import Run
from labkit.experiment.progress import part, silent

GIVEN, AHEAD = 6, 6
_MANY = 4


def _stills(seed: int, length: int) -> Tensor:
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return strip_sequences(_MANY, length, STRIP, [0], 1, generator=generator)[0].double()


@demo("Velocities never trained on: error and prediction")
def velocity_reach(
    training: Annotated[
        Literal["still bars only", "velocities -2 to 2"],
        Label("trained on"),
        doc("what the models have seen in training"),
    ] = "still bars only",
    vx: Annotated[
        int,
        Interval(ge=-8, le=8),
        Unit("pixels a frame"),
        Label("velocity shown"),
        doc("also one not trained on"),
    ] = 3,
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure]:
    """Above, the error of the prediction against the stimulus's velocity; below, the predictions at the velocity that
    you choose. Trained on still bars only, FERNN with all velocities and the aligned read-out predicts every
    velocity equally well: the curve is flat. The G-RNN is good at rest, and only there; and so is FERNN with the
    reference's read-out.
    """
    still = training == "still bars only"
    world = "still" if still else "strips"
    V = ring_velocities(STRIP) if still else velocity_grid(2, 1)
    nets = {"G-RNN": model_of(world, "G-RNN", V, "trained", 0)}
    if still:
        nets["FERNN, cyclic V, aligned"] = model_of(world, "FERNN", V, "trained", 0, "aligned")
        nets["FERNN, cyclic V, reference"] = model_of(world, "FERNN", V, "trained", 0)
    else:
        nets["FERNN-V2"] = model_of(world, "FERNN", V, "trained", 0)
    frames = _stills(seed, GIVEN + AHEAD)
    speeds = sorted({*range(-8, 9, 2), -1, 1, vx})
    batch = torch.cat([flow(frames[:2], (v,)) for v in speeds])
    errors: dict[str, dict[float, float]] = {}
    for name, net in nets.items():
        each = (
            squared_errors(net.float(), batch.float(), GIVEN, AHEAD).view(len(speeds), -1).mean(-1).tolist()
        )
        errors[name] = dict(zip(speeds, each, strict=True))
    truth = flow(frames[:1], (vx,)).float()
    strips = {"truth": truth[0, :, 0]}
    for name, net in nets.items():
        strips[name] = torch.cat([truth[0, :GIVEN, 0], net(truth[:, :GIVEN], AHEAD)[0, :, 0]])
    trained = [0] if still else range(-2, 3)
    return (
        figures.velocity_curves(errors, title=f"Trained on {training}", trained=trained, log=True),
        figures.predictions(
            strips, GIVEN, title=f"At {vx:+d} pixels a frame: six frames given, six predicted"
        ),
    )


@demo("Length: how far ahead a roll-out stays good")
def length_reach(
    vx: Annotated[int, Interval(ge=-4, le=4), Unit("pixels a frame"), Label("stimulus vx")] = 2,
    horizon: Annotated[int, Interval(ge=6, le=24), Unit("frames")] = 18,
    given: Annotated[
        int, Interval(ge=2, le=12), Unit("frames"), doc("how many frames the models read first")
    ] = 6,
    seed: Seed = 0,
) -> tuple[go.Figure, go.Figure]:
    """The error of each predicted frame; the models were trained to predict six. Each prediction is fed back as the
    next input, so that errors pile up: the question is how fast. Below, the roll-outs themselves. Choose a velocity
    beyond 2: no channel of FERNN-V2 moves so fast, and it fails like the others.
    """
    frames = flow(_stills(seed, given + horizon), (vx,)).float()
    nets = {
        "RNN": model_of("strips", "RNN", velocity_grid(2, 1), "trained", 0).float(),
        "G-RNN": model_of("strips", "G-RNN", velocity_grid(2, 1), "trained", 0).float(),
        "FERNN-V2": model_of("strips", "FERNN", velocity_grid(2, 1), "trained", 0).float(),
        "G-RNN+": model_of("strips", "G-RNN+", velocity_grid(2, 1), "trained", 0).float(),
    }
    rolled = {name: net(frames[:, :given], horizon) for name, net in nets.items()}
    errors = {
        name: (found - frames[:, given:]).square().flatten(2).mean((0, 2)).tolist()
        for name, found in rolled.items()
    }
    strips = {"truth": frames[0, :, 0]} | {
        name: torch.cat([frames[0, :given, 0], found[0, :, 0]]) for name, found in rolled.items()
    }
    return (
        figures.length_curves(errors, AHEAD, title=f"Bars at {vx:+d} pixels a frame"),
        figures.predictions(strips, given, title=f"{given} frames given, {horizon} predicted"),
    )


@demo("Velocity map: errors over (vx, vy) on the torus", slow=True)
def velocity_map(
    radius: Annotated[
        int, Interval(ge=0, le=2), Label("FERNN's V radius"), doc("the same weights serve any V")
    ] = 1,
    reach: Annotated[int, Interval(ge=2, le=3), doc("velocities from -reach to reach")] = 3,
    seed: Seed = 0,
    progress=silent,
) -> go.Figure:
    """The prediction error at every velocity of a digit on the torus; the frame outlines those of the training. FERNN
    was trained with V of radius 1. Give the same weights a larger V: no new parameter, and the velocities it can follow
    grow, though nothing was trained on them.
    """
    speeds = range(-reach, reach + 1)
    source = digit_source(8, "test")
    nets = {
        "G-RNN": model_of("planes", "G-RNN", [(0, 0)], "trained", 0).float(),
        f"FERNN, V radius {radius}": model_of("planes", "FERNN", velocity_grid(radius), "trained", 0).float(),
    }
    errors = {}
    for position, (name, net) in enumerate(nets.items()):
        grid = torch.zeros(len(speeds), len(speeds), device="cpu")
        for row, vy in enumerate(speeds):
            progress((position + row / len(speeds)) / len(nets), f"{name}, vy = {vy}")
            for column, vx in enumerate(speeds):
                generator = torch.Generator(device="cpu").manual_seed(seed)
                frames = translating_sequences(
                    source, 2, GIVEN + AHEAD, PLANE, [(vx, vy)], 1, generator=generator
                )[0]
                grid[row, column] = squared_errors(net, frames, GIVEN, AHEAD).mean()
        errors[name] = grid
    return figures.error_heat(errors, speeds, 1, title="Six predicted frames, from six given")


@demo("Learning live: the training curves", slow=True)
def learning_live(
    steps: Annotated[int, Interval(ge=20, le=300), Step(20), doc("of 32 sequences each")] = 60,
    radius: Annotated[int, Interval(ge=0, le=2), Label("the data's velocities"), doc("from -r to r")] = 2,
    seed: Seed = 0,
    progress=silent,
) -> go.Figure:
    """Three models with the same number of parameters learn to predict two bars on a ring, now. With velocities in the
    data, the more of them V holds, the faster the loss falls. With still data (radius 0) there is nothing to gain.
    """
    task = PRESETS["smoke"].strips.model_copy(update={"steps": steps, "radius": radius})
    run = Run("learning live", "smoke", torch.device("cpu"), seed)

    def draw(step: int) -> Tensor:
        return strip_sequences(task.batch, GIVEN + AHEAD, STRIP, radius, 2, generator=run.generator(step))[0]

    losses = {}
    for position, r in enumerate((0, 1, 2)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = FlowSeq2Seq(FlowCell(1, task.hidden, velocity_grid(r, 1), dims=1))
        report = part(progress, position / 3, (position + 1) / 3, name_of(r))
        losses[name_of(r)] = smoothed(train(model, task, draw, run, name_of(r), report).losses, 10)
    return figures.training_curves(losses, title=f"Two bars with velocities up to {radius}: {steps} steps")
