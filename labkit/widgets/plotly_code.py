"""Plotly's FigureWidget without its weight: the 5 MB of JavaScript go to the page once, not once a figure."""

from pathlib import Path

import anywidget
import plotly
import plotly.graph_objects as go
import traitlets
from ipywidgets import widget_serialization

_HERE = Path(__file__).parent
_BUNDLE = Path(plotly.__file__).parent / "package_data" / "widgetbundle.js"


class PlotlyCode(anywidget.AnyWidget):
    """Brings Plotly's code to the page. It shows nothing."""

    _esm = (_HERE / "plotly_code.js").read_text(encoding="utf-8")
    code = traitlets.Unicode().tag(sync=True)

    _only: "PlotlyCode | None" = None

    @classmethod
    def only(cls) -> "PlotlyCode":
        """The kernel's one PlotlyCode; a new one when it was closed."""
        if cls._only is None or cls._only.comm is None:
            cls._only = cls(code=_BUNDLE.read_text(encoding="utf-8"))
        return cls._only


class LightFigureWidget(go.FigureWidget):
    """A FigureWidget that shares Plotly's code with the others, and whose stored state is what it shows now."""

    _esm = (_HERE / "figure.js").read_text(encoding="utf-8")
    # The page makes what a model refers to before the model.
    _code = traitlets.Instance(PlotlyCode).tag(sync=True, **widget_serialization)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._config = {**self._config, "responsive": True, "displaylogo": False}

    @traitlets.default("_code")
    def _default_code(self) -> PlotlyCode:
        return PlotlyCode.only()

    def get_state(self, key=None, drop_defaults=False):
        """The state for a page that opens now. Plotly itself keeps it only as it was at first."""
        if key is None and self._trait_values.get("_widget_data") is not None:
            now = self.to_plotly_json()
            self._trait_values["_widget_data"] = now["data"]
            self._trait_values["_widget_layout"] = now["layout"]
        return super().get_state(key=key, drop_defaults=drop_defaults)
