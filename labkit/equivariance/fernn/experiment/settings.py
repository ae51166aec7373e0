"""FERNN's settings at three scales."""

from typing import Literal

from labkit.experiment import Settings


class Task(Settings):
    """One training: what is shared by all models that are compared.

    Attributes:
        size: of the image or ring. given, predicted: frames read and frames predicted.
        radius: the data's velocities are {-radius..radius}.
        radii: the models' V; 0 is the G-RNN.
    """

    size: int
    hidden: int
    given: int
    predicted: int
    steps: int
    batch: int
    rate: float
    cosine: bool = False
    clip: float | None = 1.0
    radius: int = 2
    radii: tuple[int, ...] = (0, 1, 2)
    things: int = 2
    test: int = 128
    source: Literal["digits", "mnist"] = "digits"


class Rotation(Task):
    """Digits that turn: N orientations, velocities in degrees a frame."""

    orientations: int
    velocities: tuple[float, ...]


class Clips(Settings):
    """Six actions before a moving camera."""

    size: int
    hidden: int
    frames: int
    steps: int
    batch: int
    radius: int
    rates: dict[str, float]
    test: int = 192


class FernnSettings(Settings):
    """The settings of all stages.

    `transfer` trains on still strips, with V all velocities of the ring; `transfer_steps` are the G-RNN's steps.
    """

    strips: Task
    transfer: Task
    transfer_steps: int
    transfer_velocities: tuple[int, ...] = (0, 1, 2, 3, 5)
    planes: Task
    rotation: Rotation | None = None
    clips: Clips | None = None


_STRIPS = Task(size=24, hidden=16, given=6, predicted=6, steps=300, batch=32, rate=3e-3)
_STILL = Task(size=24, hidden=16, given=6, predicted=6, steps=120, batch=16, rate=3e-3, radius=0, radii=(0,))

# The class scale is cut to what two busy cores do in minutes: fewer steps than the paper by two orders of magnitude.
PRESETS = {
    "smoke": FernnSettings(
        strips=_STRIPS,
        transfer=_STILL,
        transfer_steps=300,
        planes=Task(
            size=16,
            hidden=8,
            given=6,
            predicted=6,
            steps=30,
            batch=8,
            rate=3e-3,
            radius=1,
            radii=(0, 1),
            test=24,
        ),
    ),
    "class": FernnSettings(
        strips=_STRIPS.model_copy(update={"steps": 800, "cosine": True}),
        transfer=_STILL.model_copy(update={"steps": 300, "cosine": True}),
        transfer_steps=600,
        planes=Task(
            size=16,
            hidden=16,
            given=6,
            predicted=6,
            steps=400,
            batch=12,
            rate=2e-3,
            cosine=True,
            radius=1,
            radii=(0, 1),
            test=48,
        ),
        rotation=Rotation(
            size=12,
            hidden=6,
            given=5,
            predicted=5,
            steps=120,
            batch=12,
            rate=3e-3,
            cosine=True,
            radius=1,
            things=1,
            orientations=4,
            velocities=(-90.0, 0.0, 90.0),
            test=64,
        ),
        clips=Clips(
            size=16,
            hidden=12,
            frames=8,
            steps=600,
            batch=12,
            radius=1,
            rates={"G-RNN": 3e-3, "FERNN": 3e-3, "3D-CNN": 3e-3},
        ),
    ),
    "paper": FernnSettings(
        strips=_STRIPS.model_copy(update={"steps": 10_000, "cosine": True}),
        transfer=_STILL.model_copy(update={"steps": 3_000, "batch": 32, "cosine": True}),
        transfer_steps=3_000,
        planes=Task(
            size=28,
            hidden=128,
            given=10,
            predicted=10,
            steps=50 * 60_000 // 128,
            batch=128,
            rate=1e-3,
            radius=2,
            radii=(0, 1, 2),
            test=1024,
            source="mnist",
        ),
        rotation=Rotation(
            size=28,
            hidden=32,
            given=10,
            predicted=10,
            steps=50 * 60_000 // 32,
            batch=32,
            rate=1e-4,
            clip=None,
            radius=4,
            orientations=36,
            velocities=tuple(float(v) for v in range(-40, 50, 10)),
            test=512,
            source="mnist",
        ),
        clips=Clips(
            size=32,
            hidden=128,
            frames=16,
            steps=500 * 1536 // 32,
            batch=32,
            radius=2,
            rates={"G-RNN": 3e-4, "FERNN": 3e-4, "G-RNN+": 1e-4, "3D-CNN": 1e-3},
        ),
    ),
}
