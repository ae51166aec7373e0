"""A demo in a notebook: its controls, and the picture that follows them."""

import html
import re
from typing import Any

import ipywidgets as w
import pandas as pd
import plotly.graph_objects as go

from labkit.demo import Demo
from labkit.experiment.progress import bar
from labkit.widgets import controls
from labkit.widgets.figure_view import FigureView
from labkit.widgets.latest import Latest


class DemoWidget(w.VBox):
    """Controls above, picture below. Direct demos follow every movement; slow ones draw at a button.

    What goes wrong while drawing stands in red above the picture, and the last good picture stays.

    Args:
        demo: the demo.
        values: the controls' first values (and `device`, where the demo computes on one).

    Raises:
        ValueError: one of the values is not allowed; it names the control.
    """

    def __init__(self, demo: Demo, /, **values: Any):
        self.demo = demo
        self._fixed = {"device": values.pop("device")} if "device" in values else {}
        first = demo.defaults() | values
        drawn = self._first_picture(first, asked=bool(values))
        self.controls = {
            control.name: controls.widget(control, first[control.name], live=not demo.slow)
            for control in demo.controls
        }
        self._drawing = Latest(self.redraw)
        self._message = w.HTML(layout=w.Layout(display="none"))
        self._progress = w.FloatProgress(min=0, max=1, layout=w.Layout(width="260px", visibility="hidden"))
        self._doing = w.Label()
        self._pictures = w.VBox()
        self._button = w.Button(description="Draw", button_style="primary", tooltip="draw with these values")
        self._reset = w.Button(
            description="Reset", tooltip="the controls as they were at first", layout=w.Layout(width="auto")
        )
        self._first = first
        super().__init__(self._parts())
        self.add_class("labkit-demo")
        for widget in self.controls.values():
            widget.observe(self._moved, "value")
        self._button.on_click(lambda _: self.redraw())
        self._reset.on_click(lambda _: self.reset())
        if isinstance(drawn, Exception):
            self._say(drawn)
        else:
            self._show(drawn)

    @property
    def values(self) -> dict[str, Any]:
        """The controls' values now."""
        return {
            control.name: controls.read(control, self.controls[control.name])
            for control in self.demo.controls
        }

    @property
    def figures(self) -> list[go.FigureWidget]:
        """The pictures, as they are on the page."""
        return [view.picture for view in self._pictures.children if isinstance(view, FigureView)]

    @property
    def message(self) -> str:
        """What is wrong, or nothing."""
        return html.unescape(re.sub("<[^>]+>", "", self._message.value))

    def set(self, **values: Any) -> None:
        """Move controls; the picture follows as when a hand moves them."""
        for name, value in values.items():
            controls.write(self.demo.control(name), self.controls[name], value)

    def reset(self) -> None:
        """Put the controls where they were at first."""
        self.set(**{control.name: self._first[control.name] for control in self.demo.controls})
        if self.demo.slow:
            self.redraw()

    def redraw(self) -> None:
        """Draw with the controls' values."""
        try:
            drawn = self.demo.render(**self.values, **self._fixed, **self._reports(self._report))
        except Exception as error:
            self._say(error)
        else:
            self._say(None)
            self._show(drawn)
        finally:
            self._progress.layout.visibility = "hidden"
            self._doing.value = ""

    def _moved(self, _change) -> None:
        if self.demo.slow:
            self._doing.value = "press Draw to see it"
        else:
            self._drawing.ask()

    def _first_picture(self, values: dict[str, Any], asked: bool) -> tuple | Exception:
        """Drawn before the widget is on the page, so a slow demo's progress is printed. Defaults never raise."""
        for name in values:
            self.demo.control(name)
        try:
            if not self.demo.slow:
                return self.demo.render(**values, **self._fixed)
            with bar(self.demo.title) as report:
                return self.demo.render(**values, **self._fixed, **self._reports(report))
        except ValueError as error:
            if asked:
                raise
            return error

    def _reports(self, report) -> dict:
        return {"progress": report} if self.demo.takes_progress else {}

    def _report(self, done: float, message: str = "") -> None:
        self._progress.layout.visibility = "visible"
        self._progress.value = min(max(done, 0.0), 1.0)
        self._doing.value = message

    def _say(self, error: Exception | None) -> None:
        self._message.layout.display = "none" if error is None else "block"
        if error is None:
            self._message.value = ""
            return
        said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        self._message.value = (
            '<div role="alert" style="color:#b00020;border-left:4px solid #b00020;padding:4px 10px;'
            f'background:#fdecea;line-height:1.5">{html.escape(said)}</div>'
        )

    def _show(self, drawn: tuple) -> None:
        views = list(self._pictures.children)
        kinds = [FigureView if isinstance(part, go.Figure) else w.HTML for part in drawn]
        if [type(view) for view in views] == kinds:
            for view, part in zip(views, drawn, strict=True):
                if isinstance(view, FigureView):
                    view.draw(part)
                else:
                    view.value = table_html(part)
            return
        self._pictures.children = [
            FigureView(part) if isinstance(part, go.Figure) else w.HTML(table_html(part)) for part in drawn
        ]

    def _parts(self) -> list[w.Widget]:
        title = w.HTML(f'<div style="font-weight:600;font-size:16px">{html.escape(self.demo.title)}</div>')
        caption = w.HTMLMath(
            f'<div style="line-height:1.5;max-width:80ch">{caption_html(self.demo.caption)}</div>'
        )
        row = w.Layout(flex_flow="row wrap", grid_gap="2px 18px", align_items="center")
        buttons = (
            [self._button, self._reset, self._progress, self._doing] if self.demo.slow else [self._reset]
        )
        return [
            title,
            caption,
            w.Box(list(self.controls.values()), layout=row),
            w.Box(buttons, layout=row),
            self._message,
            self._pictures,
        ]

    def _repr_mimebundle_(self, **kwargs) -> dict:
        """The widget; beside it the figure itself, for where no kernel runs (a stored notebook, a viewer)."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        for view in self._pictures.children:
            if isinstance(view, FigureView):
                still = go.Figure(view.picture.data, view.picture.layout)
                data["application/vnd.plotly.v1+json"] = still.to_plotly_json() | {"config": {}}
                break
        data["text/plain"] = f"{self.demo.title} ({self.demo.paper}, {self.demo.name})"
        return data


def caption_html(text: str) -> str:
    """A caption's `code` and *stress* as HTML; formulas stay for MathJax."""
    safe = html.escape(text, quote=False)
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", safe)
    return re.sub(r"(?<!\w)\*([^*\s][^*]*)\*(?!\w)", r"<i>\1</i>", safe)


def table_html(table: Any) -> str:
    """A table for reading; anything else that knows its HTML, or its text."""
    if isinstance(table, pd.DataFrame):
        numbered = isinstance(table.index, pd.RangeIndex)
        inner = table.to_html(
            index=not numbered, border=0, float_format=lambda value: f"{value:.4g}", na_rep=""
        )
        return f'<div class="jp-RenderedHTMLCommon" style="overflow-x:auto">{inner}</div>'
    if hasattr(table, "_repr_html_"):
        return table._repr_html_()
    return f"<pre>{html.escape(str(table))}</pre>"
