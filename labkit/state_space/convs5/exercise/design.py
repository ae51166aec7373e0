"""Exercise 3: the best small model."""

from functools import lru_cache
from typing import Annotated, Literal

import torch
from annotated_types import Interval, MultipleOf, doc

from labkit.datasets import to_unit
from labkit.demo import Label
from labkit.device import seed_everything
from labkit.exercise import Mistake, Wrong, exercise
from labkit.experiment import Run
from labkit.state_space.convs5.experiment.settings import Model, Video
from labkit.state_space.convs5.experiment.training import build, clips_of, parameter_count, train
from labkit.state_space.convs5.method import psnr

BUDGET = 30_000
FIRST = 14.5  # dB one frame ahead; a black frame has about 12.3
VIDEO = Video(steps=60, clips=160, test=32, context=10)
NAMES = ("d_model", "P", "layers", "k_B", "k_C", "nonlinearity")


@lru_cache(maxsize=32)
def _score(d_model: int, P: int, layers: int, k_B: int, k_C: int, nonlinearity: str) -> dict[str, float]:
    """Parameters and, within the budget, PSNR 1 and 20 frames ahead after a short training; black: of black frames."""
    video = VIDEO.model_copy(update={"d_model": d_model, "layers": layers})
    core = {"P": P, "k_B": k_B, "k_C": k_C, "nonlinearity": nonlinearity}
    run = Run("exercise", "smoke", torch.device("cpu"), 0)
    with torch.random.fork_rng(devices=[]):
        seed_everything(0)
        model = build(Model(kind="convs5", core=core), video, run.device)
        found = {"parameters": parameter_count(model)}
        if found["parameters"] > BUDGET:
            return found
        clips, _ = clips_of(video, "train", video.clips, video.length, run.generator(1))
        test, _ = clips_of(video, "test", video.test, video.context + 20, run.generator(2))
        train(model, clips, video, video.steps, run, "exercise")
        made = to_unit(model.eval().generate(test[:, : video.context], 20))
    truth = to_unit(test[:, video.context :])
    each, black = psnr(made, truth).mean(0), psnr(torch.zeros_like(truth), truth).mean(0)
    return {**found, "first": each[0].item(), "far": each[19].item(), "black": black[19].item()}


def choose_model(
    d_model: Annotated[int, Interval(ge=4, le=32), MultipleOf(4), Label("channels")] = 16,
    P: Annotated[int, Interval(ge=2, le=64), MultipleOf(2), Label("state size P")] = 40,
    layers: Annotated[int, Interval(ge=1, le=4)] = 2,
    k_B: Annotated[Literal[1, 3, 5], Label("kernel of B")] = 3,
    k_C: Annotated[Literal[1, 3, 5], Label("kernel of C")] = 3,
    nonlinearity: Annotated[
        Literal["resnet", "diag_resnet", "standard", "half_glu"], doc("between two layers")
    ] = "resnet",
) -> dict:
    """The answer that these controls give."""
    return dict(zip(NAMES, (d_model, P, layers, k_B, k_C, nonlinearity), strict=True))


@exercise(
    "A small model of video",
    level="open",
    points=3,
    solution={"d_model": 12, "P": 24, "layers": 2, "k_B": 3, "k_C": 3, "nonlinearity": "resnet"},
    form=choose_model,
    hints=(
        "Encoder and decoder cost about 12,000 parameters; a layer costs about d P k_B^2 + d P k_C^2, and 18 d^2 more "
        "with the resnet.",
        "A digit has to move from pixel to pixel: which parts of the model look at neighbours?",
        "To compare designs, train longer: the check uses `labkit.state_space.convs5.experiment.training`.",
    ),
    mistakes=(
        Mistake(
            "too large",
            {"d_model": 16, "P": 40, "layers": 2, "k_B": 3, "k_C": 3, "nonlinearity": "resnet"},
            f"More than {BUDGET:,} parameters. Most stand in the kernels: d P k^2 each, and 18 d^2 in the resnet.",
        ),
        Mistake(
            "even kernel",
            {"d_model": 12, "P": 24, "layers": 2, "k_B": 2, "k_C": 3, "nonlinearity": "resnet"},
            "An even kernel has no middle: the picture would be shifted by half a pixel. Choose odd sizes.",
        ),
        Mistake(
            "odd P",
            {"d_model": 12, "P": 25, "layers": 2, "k_B": 3, "k_C": 3, "nonlinearity": "resnet"},
            "P counts conjugate pairs of modes: it must be even.",
        ),
        Mistake(
            "too small",
            {"d_model": 8, "P": 8, "layers": 1, "k_B": 3, "k_C": 3, "nonlinearity": "half_glu"},
            "Less than half of the budget is spent. Give the layers more channels and more state, or add a layer.",
        ),
    ),
)
def small_model(answer) -> str:
    r"""Design a ConvS5 model with at most **30,000 parameters** (encoder and decoder included) for the bouncing digits.
    Answer with `{"d_model": ..., "P": ..., "layers": ..., "k_B": ..., "k_C": ..., "nonlinearity": ...}`.

    The check trains it for 60 steps, the same for everybody, and rolls out 20 frames after 10 frames of context. It
    asks for a next frame above 14.5 dB, and reports the PSNR **20 frames ahead**: compare with your neighbours. (After
    so short a training every model's frame 20 is a mist; train for longer to see the designs apart.)
    """
    if not isinstance(answer, dict) or not set(NAMES) <= set(answer):
        raise Wrong(f"Answer with a dict of {', '.join(NAMES)}.")
    chosen = {name: answer[name] for name in NAMES}
    said = {mistake.name: mistake.message for mistake in small_model.mistakes}
    if chosen["k_B"] % 2 == 0 or chosen["k_C"] % 2 == 0:
        raise Wrong(said["even kernel"])
    if chosen["P"] % 2:
        raise Wrong(said["odd P"])
    found = _score(**chosen)
    if found["parameters"] > BUDGET:
        raise Wrong(f"{said['too large']} Yours has {found['parameters']:,}.")
    if found["first"] < FIRST:
        advice = "Try the resnet between the layers, or other kernels."
        advice = said["too small"] if found["parameters"] < BUDGET / 2 else advice
        raise Wrong(
            f"After the training your model's next frame has {found['first']:.1f} dB; {FIRST:g} are asked for. {advice}"
        )
    return (
        f"{found['parameters']:,} parameters: {found['first']:.1f} dB for the next frame, {found['far']:.2f} dB twenty "
        f"frames ahead (a black frame has {found['black']:.2f})."
    )
