"""A demo's control as an ipywidget."""

from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as w
import traitlets

from labkit import paths
from labkit.demo import Control

FEW = 42  # so many characters of choices fit on buttons in a row
LONG_TEXT = 80
LABEL = {"description_width": "initial"}


class Sketchpad(anywidget.AnyWidget):
    """A curve drawn by hand; the dashboard mounts the same pad."""

    _esm = (
        (Path(paths.PACKAGE) / "sketchpad.js").read_text(encoding="utf-8")
        + """
export default {
  render({ model, el }) {
    const pad = mount(el, {
      points: model.get("points"),
      low: model.get("low"),
      high: model.get("high"),
      initial: model.get("initial"),
      value: model.get("value"),
      xLabel: model.get("x_label"),
      yLabel: model.get("y_label"),
      onChange(values) {
        model.set("value", values);
        model.save_changes();
      },
    });
    const follow = () => pad.set(model.get("value"));
    model.on("change:value", follow);
    return () => {
      model.off("change:value", follow);
      pad.destroy();
    };
  },
};
"""
    )
    points = traitlets.Int().tag(sync=True)
    low = traitlets.Float().tag(sync=True)
    high = traitlets.Float().tag(sync=True)
    initial = traitlets.List(traitlets.Float()).tag(sync=True)
    value = traitlets.List(traitlets.Float()).tag(sync=True)
    x_label = traitlets.Unicode().tag(sync=True)
    y_label = traitlets.Unicode().tag(sync=True)


def widget(control: Control, value: Any, *, live: bool = True) -> w.Widget:
    """The widget of a control, showing a value.

    Args:
        live: it reports every movement; otherwise only where the movement ends.
    """
    make = {
        "integer": _slider,
        "real": _slider,
        "choice": _choice,
        "switch": _switch,
        "text": _text,
        "drawing": _drawing,
    }[control.kind]
    return make(control, value, live)


def read(control: Control, widget: w.Widget) -> Any:
    """The widget's value, as the demo takes it (a slider's last step may overshoot by a rounding)."""
    value = widget.value
    if control.kind == "drawing":
        return tuple(value)
    if control.kind in ("integer", "real"):
        return min(max(value, control.low), control.high)
    return value


def write(control: Control, widget: w.Widget, value: Any) -> None:
    """Show another value."""
    widget.value = list(value) if control.kind == "drawing" else value


def _about(control: Control) -> dict:
    label = f"{control.label} ({control.unit})" if control.unit else control.label
    return {"description": label, "tooltip": control.help or label, "style": LABEL}


def _slider(control: Control, value: Any, live: bool) -> w.Widget:
    wide = w.Layout(width="min(100%, 400px)")
    if control.log is not None:
        places = sorted({*control.positions(), value})
        options = [(control.to_text(place), place) for place in places]
        return w.SelectionSlider(
            options=options, value=value, continuous_update=live, layout=wide, **_about(control)
        )
    kind, form = (w.IntSlider, "d") if control.kind == "integer" else (w.FloatSlider, _form(control.step))
    return kind(
        value=value,
        min=control.low,
        max=control.high,
        step=control.step,
        readout_format=form,
        continuous_update=live,
        layout=wide,
        **_about(control),
    )


def _form(step: float) -> str:
    digits = max(0, -int(f"{step:.0e}".split("e")[1])) if step < 1 else 1
    return f".{digits}f"


def _choice(control: Control, value: Any, live: bool) -> w.Widget:
    options = [(str(choice), choice) for choice in control.choices]
    if len(options) <= 6 and sum(len(text) + 2 for text, _ in options) <= FEW:
        buttons = w.ToggleButtons(options=options, value=value, **_about(control))
        buttons.style.button_width = "auto"
        return buttons
    return w.Dropdown(options=options, value=value, layout=w.Layout(width="max-content"), **_about(control))


def _switch(control: Control, value: Any, live: bool) -> w.Widget:
    return w.Checkbox(value=value, indent=False, layout=w.Layout(width="max-content"), **_about(control))


def _text(control: Control, value: Any, live: bool) -> w.Widget:
    kind = w.Textarea if (control.max_length or LONG_TEXT) > LONG_TEXT else w.Text
    wide = w.Layout(width="min(100%, 640px)")
    return kind(value=value, continuous_update=False, layout=wide, **_about(control))


def _drawing(control: Control, value: Any, live: bool) -> w.Widget:
    d = control.drawing
    return Sketchpad(
        points=d.points,
        low=d.low,
        high=d.high,
        initial=list(control.default),
        value=list(value),
        x_label=d.x,
        y_label=d.y,
        layout=w.Layout(width="min(100%, 640px)"),
    )
