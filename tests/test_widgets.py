"""A demo in the notebook: a widget for every kind of control, a picture that changes in place."""

import asyncio

import ipywidgets as w
import numpy as np
import plotly.graph_objects as go
import pytest

import labkit
from labkit import plotting
from labkit.widgets import DemoWidget, FigureView
from labkit.widgets.controls import Sketchpad
from labkit.widgets.demo_widget import caption_html, table_html
from labkit.widgets.latest import Latest
from labkit.widgets.plotly_code import PlotlyCode
from labkit.widgets.properties import changes, flat
from tests.showcase import demo as demos

X = np.linspace(0, 1, 50)


def kinds(widget: DemoWidget) -> dict[str, type]:
    return {name: type(control) for name, control in widget.controls.items()}


def test_every_kind_of_control_has_its_widget():
    assert kinds(labkit.show(demos.every_control)) == {
        "order": w.IntSlider,
        "slope": w.FloatSlider,
        "dt": w.SelectionSlider,
        "measure": w.ToggleButtons,
        "source": w.Dropdown,
        "show_line": w.Checkbox,
        "name": w.Text,
    }
    assert issubclass(kinds(labkit.show(demos.drawn_by_hand))["curve"], Sketchpad)


def test_units_and_help_are_on_the_controls():
    shown = labkit.show(demos.every_control)
    assert shown.controls["dt"].description == "dt (s)"
    assert shown.controls["dt"].tooltip == "the time step"


@pytest.mark.parametrize("demo", [demos.every_control, demos.drawn_by_hand], ids=lambda d: d.name)
def test_both_ends_of_every_control_are_reached(demo):
    shown = labkit.show(demo)
    for control in demo.controls:
        for end in control.ends():
            shown.set(**{control.name: end})
            assert shown.values[control.name] == end
            assert shown.message == ""


def test_the_same_figure_changes_in_place():
    shown = labkit.show(demos.every_control, order=4)
    picture = shown.figures[0]
    shown.set(order=9, slope=-2.0)
    assert shown.figures == [picture]
    assert list(picture.data[0].y) == [-2.0 * x for x in range(9)]


def test_only_what_changed_is_sent(monkeypatch):
    sent = []
    shown = labkit.show(demos.every_control)
    monkeypatch.setattr(shown.figures[0], "_send_update_msg", lambda **parts: sent.append(parts))
    shown.set(name="another title")
    assert len(sent) == 1
    assert not sent[0]["restyle_data"]
    assert list(sent[0]["relayout_data"]) == ["title.text"]


def test_traces_come_and_go():
    def drawn(count: int, kind=go.Scatter) -> go.Figure:
        figure = plotting.figure("Lines", "x", "y")
        for k in range(count):
            figure.add_trace(kind(x=X, y=k * X, name=str(k)))
        return figure

    view = FigureView(drawn(2))
    view.draw(drawn(5))
    assert [trace.name for trace in view.picture.data] == list("01234")
    view.draw(drawn(1))
    assert [trace.name for trace in view.picture.data] == ["0"]
    view.draw(drawn(3, go.Bar))
    assert [trace.type for trace in view.picture.data] == ["bar"] * 3


def test_what_is_no_more_is_taken_away():
    with_line = plotting.figure("One", "x", "y").add_scatter(x=X, y=X, marker_color="red").add_vline(x=0.5)
    view = FigureView(with_line)
    view.draw(plotting.figure("Two", "x", "y").add_scatter(x=X, y=X))
    assert not view.picture.layout.shapes
    assert view.picture.data[0].marker.color is None


def test_a_zoom_survives_the_next_picture():
    shown = labkit.show(demos.every_control)
    shown.figures[0].update_layout(xaxis_range=[1, 2])  # as the page tells the kernel when a hand zooms
    shown.set(slope=0.5)
    assert tuple(shown.figures[0].layout.xaxis.range) == (1, 2)


def test_frames_are_played_by_widgets():
    shown = labkit.show(demos.animation, steps=5)
    view = shown._pictures.children[0]
    assert view.player.layout.display == "flex"
    assert not view.picture.layout.updatemenus
    assert not view.picture.layout.sliders
    view.player.slider.value = 3
    assert list(view.picture.data[0].y) == [0.0, 3.0, 6.0, 9.0]
    assert view.player.name.value == "3"
    shown.set(steps=4)
    assert view.player.slider.max == 3


def test_a_figure_without_frames_has_no_player():
    view = labkit.show(demos.every_control)._pictures.children[0]
    assert view.player.layout.display == "none"


def test_figures_and_tables_stand_together():
    shown = labkit.show(demos.figures_and_table)
    assert [type(part) for part in shown._pictures.children] == [FigureView, FigureView, w.HTML]
    shown.set(slope=2.0)
    assert "<td>6" in shown._pictures.children[2].value


def test_an_error_is_said_and_the_last_picture_stays():
    @labkit.demo.demo("Sometimes")
    def sometimes(good: bool = True) -> go.Figure:
        """Uncheck it."""
        if not good:
            raise ValueError("good: <b>no</b> is not allowed")
        return plotting.figure("All is well", "x", "y")

    shown = DemoWidget(sometimes)
    shown.set(good=False)
    assert shown.message == "good: <b>no</b> is not allowed"
    assert shown._message.layout.display == "block"
    assert shown.figures[0].layout.title.text == "All is well"
    shown.set(good=True)
    assert shown.message == ""


def test_defaults_that_cannot_be_drawn_are_a_message_not_an_exception():
    shown = labkit.show(demos.fails)
    assert "not allowed" in shown.message
    shown.set(how="missing")
    assert "labkit data fetch etth1" in shown.message
    shown.set(how="bug")
    assert shown.message == "RuntimeError: secret internals"


def test_values_that_are_not_allowed_are_refused_at_once():
    with pytest.raises(ValueError, match="order: 1000 is not allowed; a whole number from 2 to 64"):
        labkit.show(demos.every_control, order=1000)
    with pytest.raises(ValueError, match="has no control 'ordre'; it has order, slope"):
        labkit.show(demos.every_control, ordre=3)


def test_a_slow_demo_waits_for_its_button_and_reports():
    shown = labkit.show(demos.slow_one, device="cpu")
    before = list(shown.figures[0].data[0].y)
    shown.set(slope=3.0)
    assert list(shown.figures[0].data[0].y) == before
    seen = []
    shown._doing.observe(lambda change: seen.append(change["new"]), "value")
    shown._button.click()
    assert list(shown.figures[0].data[0].y) == [0.0, 3.0, 6.0, 9.0]
    assert "step 3" in seen
    assert shown._progress.layout.visibility == "hidden"


def test_reset_returns_to_the_first_values():
    shown = labkit.show(demos.every_control, order=12)
    shown.set(order=30, name="x", dt=1.0)
    shown._reset.click()
    assert shown.values == demos.every_control.defaults() | {"order": 12}


def test_only_the_last_of_many_movements_is_drawn():
    drawn = []

    async def drag():
        state = {"value": 0}
        latest = Latest(lambda: drawn.append(state["value"]))
        for state["value"] in range(1, 50):
            latest.ask()
        await asyncio.sleep(0.1)

    asyncio.run(drag())
    assert drawn == [49]


def test_without_a_loop_each_movement_is_drawn():
    drawn = []
    latest = Latest(lambda: drawn.append(1))
    latest.ask()
    latest.ask()
    assert drawn == [1, 1]


def test_plotlys_code_goes_to_the_page_once():
    first, second = labkit.show(demos.every_control), labkit.show(demos.figures_and_table)
    pictures = [*first.figures, *second.figures]
    assert {picture._code for picture in pictures} == {PlotlyCode.only()}
    assert all(len(str(picture.get_state()["_esm"])) < 5_000 for picture in pictures)
    assert len(PlotlyCode.only().code) > 1_000_000


def test_a_page_that_opens_later_gets_what_is_shown_now():
    shown = labkit.show(demos.every_control, order=4)
    shown.set(order=20)
    assert len(shown.figures[0].get_state()["_widget_data"][0]["y"]) == 20


def test_a_stored_notebook_still_shows_a_picture():
    bundle = labkit.show(demos.every_control)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    still = bundle["application/vnd.plotly.v1+json"]
    assert still["layout"]["title"]["text"].startswith("a line")
    assert bundle["text/plain"] == "Every control (showcase, every_control)"


def test_leaves_and_changes():
    old = flat({"type": "scatter", "x": X, "marker": {"color": "red", "size": 3}})
    new = flat({"type": "scatter", "x": X.copy(), "marker": {"size": 4}, "name": "n"})
    assert set(old) == {"x", "marker.color", "marker.size"}
    assert changes(old, new) == {"marker.color": None, "marker.size": 4, "name": "n"}


def test_captions_and_tables_are_escaped():
    assert caption_html("Move `N` *now*, x < y") == "Move <code>N</code> <i>now</i>, x &lt; y"
    assert "&lt;script&gt;" in table_html("<script>")


def test_show_needs_the_demos_name():
    with pytest.raises(ValueError, match="needs the demo's name too"):
        labkit.show("hippo")
