"""A control moves: how long until the new figure stands ready at the server, as JSON.

Run with `--benchmark-enable`. Each demo is drawn at random control values; the 95th percentile is compared
with the budget of 200 ms.
"""

from contextlib import suppress

import jaxtyping
import numpy as np
import pytest

from app import panel
from labkit import papers
from labkit.datasets import Missing
from labkit.demo import Control

BUDGET = 200  # milliseconds
ROUNDS = 50
DEMOS = [demo for paper in papers() for demo in paper.demos() if not demo.slow]


def value(control: Control, generator: np.random.Generator):
    """A value somewhere in the control."""
    if control.kind == "choice":
        return control.choices[generator.integers(len(control.choices))]
    if control.kind == "switch":
        return bool(generator.integers(2))
    if control.kind == "text":
        return control.default
    if control.kind == "drawing":
        drawing = control.drawing
        return tuple(generator.uniform(drawing.low, drawing.high, drawing.points).tolist())
    if control.log is not None:
        positions = control.positions()
        return positions[generator.integers(len(positions))]
    if control.kind == "integer":
        steps = int((control.high - control.low) // control.step)
        return int(control.low + control.step * generator.integers(steps + 1))
    return float(generator.uniform(control.low, control.high))


@pytest.fixture
def unchecked():
    """As the server runs: without the tests' shape checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def draw(demo, values: dict) -> None:
    """What the server does for a new figure. A data set that is not here draws nothing, and counts as quick."""
    with suppress(Missing):
        panel.draw(demo, values, "cpu")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: f"{demo.paper}-{demo.name}")
def test_a_new_figure_at_the_server(benchmark, demo):
    generator = np.random.default_rng(0)
    draw(demo, demo.defaults())  # what is made once, is made

    def setup():
        return (demo, {control.name: value(control, generator) for control in demo.controls}), {}

    benchmark.pedantic(draw, setup=setup, rounds=ROUNDS, iterations=1)
    if benchmark.disabled:  # run without --benchmark-enable
        return
    p95 = float(np.percentile(benchmark.stats.stats.data, 95)) * 1e3
    benchmark.extra_info.update(p95_ms=round(p95, 1), budget_ms=BUDGET)
    verdict = "within" if p95 <= BUDGET else "OVER"
    print(f"\n{demo.paper} {demo.name}: p95 {p95:.0f} ms, {verdict} the budget of {BUDGET} ms")
