"""The controls that several pictures share."""

from typing import Annotated, Literal

from annotated_types import Interval, MultipleOf, doc

from labkit.demo import Label, Log

Order = Annotated[
    Literal[
        "raster",
        "column",
        "snake",
        "diagonal",
        "spiral",
        "onion",
        "morton",
        "hilbert",
        "moore",
        "peano",
        "gilbert",
        "random",
    ],
    doc("in which order the patches are walked"),
]
Height = Annotated[int, Interval(ge=2, le=32), doc("rows of patches")]
Width = Annotated[int, Interval(ge=2, le=32), doc("columns of patches")]
Dim = Annotated[
    int, Interval(ge=16, le=768), MultipleOf(16), Label("width D"), doc("channels of the embedding")
]
Base = Annotated[
    float,
    Interval(ge=10, le=1e5),
    Log(per_decade=4),
    doc("w_k = base^(-2k/D): larger sees farther along the walk"),
]
Cell = Annotated[int, Interval(ge=0, le=5)]
Embedding = Literal["none", "sinusoid", "gilbert", "loope", "sinusoid2d_sum", "sinusoid2d_concat", "rpe"]
