"""Pointer Networks' settings at three scales."""

from typing import Literal

from pydantic import Field

from labkit.experiment import Settings

Task = Literal["hull", "delaunay", "tsp"]


class Training(Settings):
    """One network to train.

    Attributes:
        sizes: numbers of points in training; tests: those that it is tested on.
        teacher: who solves the tours. shuffled: hulls from a random start in a random direction.
        count: generated pairs. steps: updates, of 128 pairs each.
        rate: Adam's; times 0.25 after 70% of the steps. init, input_scale: 0.08 and None are the paper's; at that
            setting a short training does not leave its plateau, so the smaller scales depart from it.
        optimizer: the paper uses SGD with rate 1.
    """

    task: Task
    sizes: tuple[int, ...]
    mode: Literal["pointer", "attention", "lstm"] = "pointer"
    teacher: Literal["optimal", "A1", "A3"] = "optimal"
    shuffled: bool = False
    tests: tuple[int, ...] = ()
    d: int = 64
    count: int = 20_000
    steps: int = 600
    batch: int = 128
    rate: float = 6e-3
    init: float = 0.3
    input_scale: float | None = 12**0.5
    optimizer: Literal["adam", "sgd"] = "adam"


class PointerSettings(Settings):
    """The networks of each task by name, and how they are tested."""

    hulls: dict[str, Training]
    triangulations: dict[str, Training] = Field(default_factory=dict)
    tours: dict[str, Training] = Field(default_factory=dict)
    test_count: int = 500
    beam: int = 2
    snapshots: int = 12


def _paper(task: Task, sizes: tuple[int, ...], d: int = 256, **more) -> Training:
    literal = {"count": 1_000_000, "steps": 78_125, "rate": 1.0, "init": 0.08, "input_scale": None}
    return Training(task=task, sizes=sizes, d=d, optimizer="sgd", **literal, **more)


_FIVE_TO_FIFTY, _FIVE_TO_TWENTY = tuple(range(5, 51)), tuple(range(5, 21))
_LONG = (5, 10, 50, 100, 200, 500)

PRESETS = {
    "smoke": PointerSettings(
        hulls={
            "Ptr-Net": Training(task="hull", sizes=(5,), tests=(5, 7), count=8000, steps=400),
            "LSTM": Training(task="hull", sizes=(5,), mode="lstm", tests=(5,), count=8000, steps=400),
        },
        tours={"Ptr-Net": Training(task="tsp", sizes=(5,), tests=(5,), count=2000, steps=100)},
        test_count=300,
        snapshots=8,
    ),
    "class": PointerSettings(
        hulls={
            "Ptr-Net": Training(task="hull", sizes=(5,), tests=(5, 7, 10)),
            "+attention": Training(task="hull", sizes=(5,), mode="attention", tests=(5,)),
            "LSTM": Training(task="hull", sizes=(5,), mode="lstm", tests=(5,)),
            "Ptr-Net, shuffled targets": Training(task="hull", sizes=(5,), shuffled=True, tests=(5,)),
            "Ptr-Net, literal start": Training(
                task="hull", sizes=(5,), tests=(5,), steps=300, init=0.08, input_scale=None
            ),
            "Ptr-Net, n = 10": Training(task="hull", sizes=(10,), tests=(5, 10, 20), steps=700),
            "Ptr-Net, n = 5-10": Training(
                task="hull", sizes=(5, 6, 7, 8, 9, 10), tests=(5, 7, 10, 15, 20), steps=1000
            ),
        },
        triangulations={"Ptr-Net": Training(task="delaunay", sizes=(5,), tests=(5, 7), steps=800)},
        tours={
            "Ptr-Net": Training(task="tsp", sizes=(5,), tests=(5, 10, 15), steps=700),
            "from A1": Training(
                task="tsp", sizes=(10,), teacher="A1", tests=(10, 15), count=12_000, steps=1200
            ),
            "from optimal": Training(task="tsp", sizes=(10,), tests=(10, 15), count=12_000, steps=1200),
        },
    ),
    "paper": PointerSettings(
        hulls={
            "Ptr-Net": _paper("hull", (50,), 512, tests=_LONG),
            "+attention": _paper("hull", (50,), 512, mode="attention", tests=(50,)),
            "LSTM": _paper("hull", (50,), 512, mode="lstm", tests=(50,)),
            "Ptr-Net, n = 5-50": _paper("hull", _FIVE_TO_FIFTY, 512, tests=_LONG),
        },
        triangulations={f"Ptr-Net, n = {n}": _paper("delaunay", (n,), 512, tests=(n,)) for n in (5, 10, 50)},
        tours={
            "Ptr-Net": _paper("tsp", (5,), tests=(5,)),
            "from A1": _paper("tsp", (50,), teacher="A1", tests=(50,)),
            "from A3": _paper("tsp", (50,), teacher="A3", tests=(50,)),
            # the paper's exact labels go to 20 cities; Held and Karp's table is refused beyond 16 here
            "n = 5-16": _paper("tsp", tuple(range(5, 17)), tests=(5, 10, 16)),
        },
        test_count=10_000,
        beam=4,
    ),
}
