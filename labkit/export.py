"""A demo's pictures as a file: a page that needs nothing else to be opened, or a PNG."""

import html
import os
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from labkit.chromium import MEND, chromium
from labkit.demo import Demo

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 Inter, "Segoe UI", Helvetica, Arial, sans-serif; max-width: 1100px; margin: 2em auto; }}
table {{ border-collapse: collapse; }} th, td {{ padding: 2px 12px; text-align: right; }}
</style></head>
<body><h1>{title}</h1><p>{caption}</p>
{parts}
<p><code>{command}</code></p></body></html>
"""


def to_html(demo: Demo, values: dict, drawn: tuple) -> str:
    """One page with every figure and table, its caption, and the command that makes it again."""
    parts = []
    plotly = True
    for part in drawn:
        if isinstance(part, go.Figure):
            parts.append(part.to_html(full_html=False, include_plotlyjs=plotly))
            plotly = False
        elif isinstance(part, pd.DataFrame):
            parts.append(part.to_html(border=0, float_format=lambda value: f"{value:.4g}"))
        else:
            parts.append(f"<pre>{html.escape(str(part))}</pre>")
    return PAGE.format(
        title=html.escape(demo.title),
        caption=html.escape(demo.caption),
        parts="\n".join(parts),
        command=html.escape(command(demo, values)),
    )


def to_png(drawn: tuple, path: Path, width: int = 1000) -> list[Path]:
    """Each figure as a PNG; several are numbered (`out-1.png`). Returns the files.

    Raises:
        ValueError: there is no Chromium to draw with; says how to get it.
    """
    browser = chromium()
    if browser is None:
        raise ValueError(f"a PNG is drawn by Chromium, and there is none: {MEND}; or write HTML instead")
    os.environ["BROWSER_PATH"] = browser
    figures = [part for part in drawn if isinstance(part, go.Figure)]
    files = (
        [path] if len(figures) == 1 else [path.with_stem(f"{path.stem}-{i + 1}") for i in range(len(figures))]
    )
    for figure, file in zip(figures, files, strict=True):
        picture = figure.to_image(format="png", width=width, height=figure.layout.height or 440, scale=2)
        file.write_bytes(picture)
    return files


def command(demo: Demo, values: dict) -> str:
    """The command that draws it again."""
    words = [f"labkit figure {demo.paper} {demo.name}"]
    for name, value in values.items():
        words.append(f"--control {name}='{demo.control(name).to_text(value)}'")
    return " ".join(words)
