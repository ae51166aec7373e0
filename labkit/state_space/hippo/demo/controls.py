"""The controls that several pictures share."""

from typing import Annotated, Literal

from annotated_types import Interval, MultipleOf, Unit, doc

from labkit.demo import Drawing, Label, Log, Step

Measure = Annotated[
    Literal["LegS", "LegT", "FouT", "LagT"],
    doc("LegS: the whole past, fading; LegT, FouT: a window; LagT: the whole past, evenly weighted"),
]
Order = Annotated[int, Interval(ge=2, le=128), MultipleOf(2), Label("state size N")]
Timestep = Annotated[
    float,
    Interval(ge=1e-4, le=1),
    Log(per_decade=8),
    Label("Δ"),
    doc("one step's length; the memory is 1/Δ steps long"),
]
Signal = Annotated[
    Literal["white noise", "chirp", "step", "two bursts", "drawn", "ecg", "co2", "sunspots", "etth1"],
    doc(
        "generated, drawn by hand, or real: electrocardiogram, Mauna Loa CO2, sunspots, oil temperature (ETTh1)"
    ),
]
Curve = Annotated[tuple[float, ...], Drawing(points=25, low=-1.0, high=1.0, x="time", y="u")]
Window = Annotated[
    float,
    Interval(ge=1e-3, le=0.1),
    Log(per_decade=10),
    Label("Δ"),
    doc("the memory is 1/Δ steps long"),
]
Seed = Annotated[int, Interval(ge=0, le=99), doc("another white noise")]
Frequency = Annotated[float, Interval(ge=1, le=40), Step(1.0), Unit("per 1000 steps"), Label("frequency")]
