"""A Plotly figure in the notebook that changes in place: only what differs is sent, and the zoom stays."""

import ipywidgets as w
import plotly.graph_objects as go

from labkit.widgets.latest import Latest
from labkit.widgets.plotly_code import LightFigureWidget
from labkit.widgets.properties import changes, flat


class FigureView(w.VBox):
    """Shows a figure; `draw` shows another in its place. Frames get a player below the picture."""

    def __init__(self, figure: go.Figure):
        self.figure = figure
        self.picture = LightFigureWidget(data=figure.data, layout=_still(figure))
        self._traces = [flat(trace.to_plotly_json()) for trace in figure.data]
        self._layout = flat(_still(figure))
        self.player = Player(self._show_frame)
        super().__init__([self.picture, self.player])
        self.player.take(figure)

    def draw(self, figure: go.Figure) -> None:
        """Show another figure. Traces of the same place and type change in place; the others are replaced."""
        kinds = [trace.type for trace in figure.data]
        shown = [trace.type for trace in self.picture.data]
        kept = next(
            (i for i, (a, b) in enumerate(zip(kinds, shown, strict=False)) if a != b),
            min(len(kinds), len(shown)),
        )
        if kept < len(shown):
            self.picture.data = self.picture.data[:kept]
            del self._traces[kept:]
        self.figure = figure
        self._apply(dict(enumerate(flat(t.to_plotly_json()) for t in figure.data[:kept])), _still(figure))
        if kept < len(kinds):
            self.picture.add_traces(figure.data[kept:])
            self._traces += [flat(trace.to_plotly_json()) for trace in figure.data[kept:]]
        self.player.take(figure)

    def _apply(self, traces: dict[int, dict], layout: dict) -> None:
        laid = flat(layout)
        with self.picture.batch_update():
            for index, properties in traces.items():
                for path, value in changes(self._traces[index], properties).items():
                    self.picture.data[index][path] = value
                self._traces[index] = properties
            for path, value in changes(self._layout, laid).items():
                self.picture.layout[path] = value
            self._layout = laid

    def _show_frame(self, number: int) -> None:
        frame = self.figure.frames[number]
        which = frame.traces if frame.traces is not None else range(len(frame.data))
        moved = {
            index: self._traces[index] | flat(trace.to_plotly_json())
            for index, trace in zip(which, frame.data, strict=True)
        }
        layout = go.Layout(_still(self.figure)).update(frame.layout).to_plotly_json()
        self._apply(moved, layout)


class Player(w.HBox):
    """A play button and a slider over a figure's frames; hidden when there are none."""

    def __init__(self, show):
        self._show = show
        self._names: list[str] = []
        self._work = Latest(self._now, wait=0.01)
        self.play = w.Play(interval=60, min=0, max=0, show_repeat=False)
        self.slider = w.IntSlider(min=0, max=0, readout=False, layout=w.Layout(width="min(100%, 480px)"))
        self.name = w.Label()
        w.jslink((self.play, "value"), (self.slider, "value"))
        super().__init__([self.play, self.slider, self.name], layout=w.Layout(display="none"))
        self.slider.observe(self._work.ask, "value")

    def take(self, figure: go.Figure) -> None:
        """Play another figure's frames, from where the slider stands when there are as many of them."""
        names = [frame.name or str(number) for number, frame in enumerate(figure.frames)]
        stays = len(names) == len(self._names) and self.slider.value
        self._names = []  # while the slider is set up, it shows nothing
        self.layout.display = "flex" if names else "none"
        for part in (self.play, self.slider):
            part.max = max(0, len(names) - 1)
            if not stays:
                part.value = 0
        self._names = names
        if names:
            self.play.interval, self.slider.description = _pace(figure)
            self._now()

    def _now(self) -> None:
        number = self.slider.value
        if number < len(self._names):
            self.name.value = self._names[number]
            self._show(number)


def _still(figure: go.Figure) -> dict:
    """The layout without the buttons and the slider that only frames need, and the space left for them."""
    layout = figure.layout.to_plotly_json()
    if figure.frames:
        layout.pop("updatemenus", None)
        layout.pop("sliders", None)
        layout.get("margin", {}).pop("b", None)
    return layout


def _pace(figure: go.Figure) -> tuple[int, str]:
    """The time a frame is shown for, in ms, and what the frames count."""
    pace, counts = 60, ""
    for menu in figure.layout.updatemenus:
        for button in menu.buttons:
            options = button.args[1] if button.method == "animate" and len(button.args or ()) > 1 else {}
            pace = max(pace, int(options.get("frame", {}).get("duration", 0)))
    for slider in figure.layout.sliders:
        counts = (slider.currentvalue.prefix or "").strip()
    return pace, counts
