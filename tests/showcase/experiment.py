"""A quick experiment: fails for seed 13, pauses a little, and measures a line."""

import time

import torch

from labkit.experiment import Claim, Experiment, Settings


class LineSettings(Settings):
    """How many steps."""

    steps: int = 5


def measure_line(settings: LineSettings, run) -> None:
    """Measure the slope."""
    for step in range(settings.steps):
        time.sleep(0.05)
        run.progress(step / settings.steps, f"step {step}")
    if run.seed == 13:
        raise ValueError("seed 13 brings bad luck; choose another")
    run.measure("slope", 3.0 + 0.01 * run.seed)
    run.keep("line", torch.arange(4.0) * 3)


def claims(measurements, settings) -> list[Claim]:
    """One that holds, one that does not, one that is reported."""
    slope = measurements.per_seed(metric="slope")
    about = {"reported": "Table 1", "quantity": "slope", "values": slope}
    return [
        Claim(statement="The line rises", relation=">", threshold=0.0, **about),
        Claim(statement="The line falls", relation="<", threshold=0.0, note="it rises", **about),
        Claim(statement="The slope is three", **about),
    ]


EXPERIMENT = Experiment(
    "showcase",
    {"smoke": LineSettings(), "class": LineSettings(steps=8), "paper": LineSettings(steps=20)},
    {measure_line: 1.0},
    claims,
)
