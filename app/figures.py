"""Figures and tables on a page: updated in place, each with its download."""

import json
from pathlib import Path

import pandas as pd
import plotly
import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

# Registering the folder makes the server serve plotly.min.js from the installed package.
st.components.v1.declare_component("plotly_js", path=Path(plotly.__file__).parent / "package_data")
_PLOTLY = f"component/{__name__}.plotly_js/plotly.min.js"
_figure = st.components.v2.component(
    "labkit_figure", js=Path(__file__).with_name("figure.js").read_text(), isolate_styles=False
)

ENLARGE = 1.45


def serialise(drawn: go.Figure, *, large: bool = False) -> str:
    """A figure as JSON for the page. Its `uirevision` keeps zoom and legend choices from one value to the next.

    Args:
        large: for a projector: larger type, and more height to hold it.
    """
    document = json.loads(drawn.to_json(validate=False))
    layout = document["layout"]
    layout.setdefault("uirevision", "kept")
    if large:
        _enlarge(layout)
    return json.dumps(document, separators=(",", ":"))


def show(document: str, key: str, name: str) -> None:
    """Show a serialised figure, with a button that downloads it as one HTML file."""
    _figure(key=key, data=f'{{"path":"{_PLOTLY}","name":{json.dumps(name)},"figure":{document}}}'.encode())
    _download(f"{key}:html", "HTML", lambda: to_html(document), f"{name}.html", "text/html")


def show_figure(drawn: go.Figure, key: str, name: str, *, large: bool = False) -> None:
    """Show a figure that is drawn anew on every run."""
    show(serialise(drawn, large=large), key, name)


def show_table(table: pd.DataFrame, key: str, name: str, *, styled=None, **options) -> None:
    """Show a table, with a button that downloads it as CSV.

    Args:
        styled: the same table with colours, for the page.
    """
    st.dataframe(table if styled is None else styled, hide_index=True, key=key, **options)
    _download(f"{key}:csv", "CSV", lambda: table.to_csv(index=False), f"{name}.csv", "text/csv")


def to_html(document: str) -> str:
    """A serialised figure as a page of its own, which needs nothing else to be opened."""
    return pio.from_json(document, skip_invalid=True).to_html(include_plotlyjs=True, full_html=True)


def _download(key: str, label: str, data, file_name: str, mime: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", key=f"download {key}"):
        st.download_button(
            label,
            data=data,
            file_name=file_name,
            mime=mime,
            key=key,
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help=f"Download {file_name}",
        )


def _enlarge(layout: dict) -> None:
    """Larger type everywhere: the template's sizes, and every size that the figure sets itself."""
    template = layout.get("template", {}).get("layout", {})
    base = {**template.get("font", {}), **layout.get("font", {})}
    layout["font"] = {**base, "size": round(base.get("size", 12) * ENLARGE)}
    title = layout.setdefault("title", {})
    size = {**template.get("title", {}).get("font", {}), **title.get("font", {})}.get("size", 17)
    title["font"] = {**title.get("font", {}), "size": round(size * ENLARGE)}
    for annotation in layout.get("annotations", []):
        if "size" in annotation.get("font", {}):
            annotation["font"]["size"] = round(annotation["font"]["size"] * ENLARGE)
    layout["height"] = round(layout.get("height", 440) * 1.25)
    margin = {**template.get("margin", {}), **layout.get("margin", {})}
    layout["margin"] = {side: round(size * 1.3) for side, size in margin.items() if side in "lrtb"}
    for axis in [name for name in layout if name.startswith(("xaxis", "yaxis"))]:
        layout[axis]["automargin"] = True
    if layout.get("updatemenus"):  # an animation's buttons grow, so its slider makes room for them
        for slider in layout.get("sliders", []):
            slider.update(x=0.26, len=0.74)
        for part in (*layout["updatemenus"], *layout.get("sliders", [])):
            part["pad"] = {**part.get("pad", {}), "t": round(part.get("pad", {}).get("t", 0) * 1.7)}
