"""Demos in a notebook: `labkit.show(demo)` makes a `DemoWidget`, controls above a picture that follows them."""

from labkit.widgets.demo_widget import DemoWidget
from labkit.widgets.figure_view import FigureView

__all__ = ["DemoWidget", "FigureView"]
