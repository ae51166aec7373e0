"""Every demo of every paper, at its defaults, at both ends of each control, and anywhere between."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import labkit
from labkit.datasets import Missing

DEMOS = [demo for paper in labkit.papers() for demo in paper.demos()]
every_demo = pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: f"{demo.paper}-{demo.name}")
LARGEST = 2_000_000  # bytes of a direct demo's JSON: more makes a slider stutter
AXES = ("xaxis", "yaxis")


def draw(demo, **values) -> tuple:
    """Draw on the CPU; a data set that is not on this machine is said so and skipped."""
    more = {"device": "cpu"} if demo.takes_device else {}
    try:
        return demo.render(**values, **more)
    except Missing:
        return ()


def check(demo, drawn: tuple) -> None:
    """Titles, named axes, finite extents, and a size that can be sent at every movement."""
    for part in drawn:
        assert isinstance(part, go.Figure | pd.DataFrame)
        if isinstance(part, pd.DataFrame):
            continue
        assert part.layout.title.text, "a figure needs a title"
        for axis in part.select_xaxes():
            shown = part.data and axis.visible is not False and axis.showticklabels is not False
            assert axis.title.text or axis.matches or not shown, "an x axis needs its name"
        for axis in part.select_yaxes():
            shown = part.data and axis.visible is not False and axis.showticklabels is not False
            assert axis.title.text is not None or axis.matches or not shown, "a y axis needs its name"
        if not demo.slow:
            assert len(part.to_json()) < LARGEST
        for trace in part.data:
            for values in (getattr(trace, "y", None), getattr(trace, "z", None)):
                if values is not None and np.asarray(values).dtype.kind == "f" and np.size(values):
                    assert not np.isinf(np.asarray(values)).any(), "an infinite height cannot be drawn"


def on_the_grid(control) -> st.SearchStrategy:
    """What a hand can choose with the control."""
    if control.kind == "choice":
        return st.sampled_from(control.choices)
    if control.kind == "switch":
        return st.booleans()
    if control.kind == "text":
        return st.text(max_size=control.max_length or 200)
    if control.kind == "drawing":
        d = control.drawing
        heights = st.integers(0, 200).map(lambda k: d.low + (d.high - d.low) * k / 200)
        return st.lists(heights, min_size=d.points, max_size=d.points).map(tuple)
    if control.log is not None:
        return st.sampled_from(control.positions())
    steps = round((control.high - control.low) / control.step)
    kind = int if control.kind == "integer" else float
    return st.integers(0, steps).map(lambda k: kind(min(control.low + k * control.step, control.high)))


@every_demo
def test_the_caption_says_what_to_look_for(demo):
    assert len(demo.caption) > 40
    assert len(demo.title) < 80


@every_demo
def test_the_defaults_are_on_the_controls(demo):
    for control in demo.controls:
        if control.kind in ("integer", "real"):
            assert control.low <= control.default <= control.high
        if control.log is not None:
            assert {control.low, control.high, control.default} <= set(control.positions())
        if control.kind == "choice":
            assert control.default in control.choices


@every_demo
@pytest.mark.slow
def test_at_the_defaults_and_at_both_ends(demo):
    if demo.slow:  # it trains: all controls at one end, then all at the other
        for end in (0, -1):
            check(demo, draw(demo, **{control.name: control.ends()[end] for control in demo.controls}))
        return
    check(demo, draw(demo))
    for control in demo.controls:
        for value in control.ends():
            check(demo, draw(demo, **{control.name: value}))


@every_demo
@pytest.mark.slow
def test_anywhere(demo):
    values = st.fixed_dictionaries({control.name: on_the_grid(control) for control in demo.controls})

    @settings(
        max_examples=2 if demo.slow else 12,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a picture's example is small already; shrinking it takes minutes
    )
    @given(values)
    def anywhere(chosen):
        check(demo, draw(demo, **chosen))

    anywhere()


@every_demo
def test_what_is_not_allowed_is_refused_by_name(demo):
    for control in demo.controls:
        wrong = {
            "integer": [(control.high or 0) + 1, (control.low or 0) - 1, 1.5, "x"],
            "real": [(control.high or 0) + 1, (control.low or 0) - 1, float("nan"), "x"],
            "choice": ["no such choice"],
            "switch": ["perhaps"],
            "text": ["x" * (control.max_length + 1)] if control.max_length else [],
            "drawing": [(0.0,), "x"],
        }[control.kind]
        for value in wrong:
            with pytest.raises(ValueError, match=rf"{control.name}: .* is not allowed; "):
                demo(**{control.name: value})
    with pytest.raises(ValueError, match="has no control 'no_such_control'; it has"):
        demo(no_such_control=1)


@every_demo
def test_values_go_through_an_address_and_back(demo):
    for control in demo.controls:
        values = control.positions() if control.log is not None else control.ends()
        for value in (*values, control.default):
            again = control.from_text(control.to_text(value))
            assert again == pytest.approx(value, rel=1e-4) if control.kind == "real" else again == value


@every_demo
def test_the_same_controls_draw_the_same_picture(demo):
    if demo.slow:
        pytest.skip("a slow demo trains; its experiment's test covers its seeds")
    one, other = draw(demo), draw(demo)
    for a, b in zip(one, other, strict=True):
        if isinstance(a, go.Figure):
            assert a.to_json() == b.to_json()
