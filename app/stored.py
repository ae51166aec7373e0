"""Pictures that were drawn beforehand: a slow demo is never blank.

python -m app.stored magic_words search_real_model    draws a slow demo with its default values, and stores it.
"""

import io
import json
import sys
from functools import lru_cache
from pathlib import Path

import pandas as pd

from labkit import catalogue, paths
from labkit.demo import Demo


def file(demo: Demo) -> Path:
    """Where a demo's picture is kept."""
    return paths.shipped() / "pictures" / f"{demo.paper}.{demo.name}.json"


def defaults(demo: Demo) -> dict:
    """The values that it is drawn with."""
    return {control.name: control.default for control in demo.controls}


def read(demo: Demo) -> list[tuple[str, object]] | None:
    """The stored picture, as `panel.draw` returns it; None where there is none, or the demo's defaults have changed."""
    path = file(demo)
    if not path.is_file():
        return None
    return _read(path, path.stat().st_mtime_ns, json.dumps(defaults(demo)))


@lru_cache(maxsize=64)
def _read(path: Path, modified: int, values: str) -> list[tuple[str, object]] | None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    if json.dumps(stored["values"]) != values:
        return None
    return [
        (kind, part if kind == "figure" else pd.read_json(io.StringIO(part), orient="split"))
        for kind, part in stored["parts"]
    ]


def write(demo: Demo, parts: list[tuple[str, object]]) -> Path:
    """Store a picture that `panel.draw` drew with the default values."""
    kept = [
        (kind, part if kind == "figure" else part.to_json(orient="split", index=False))
        for kind, part in parts
    ]
    file(demo).parent.mkdir(parents=True, exist_ok=True)
    document = {"values": defaults(demo), "parts": kept}
    file(demo).write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    return file(demo)


if __name__ == "__main__":
    from app.panel import draw

    drawn_demo = catalogue.paper(sys.argv[1]).demo(sys.argv[2])
    print(write(drawn_demo, draw(drawn_demo, defaults(drawn_demo), "cpu")))
