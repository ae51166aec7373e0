"""A demo on a page: its caption, its controls, its pictures; redrawn alone when one of its controls moves."""

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import controls, figures, jobs, look, session, stored
from app.errors import escape, explain, explained
from labkit.demo import Control, Demo

Drawn = list[tuple[Literal["figure", "table"], Any]]


@st.fragment
def show(
    demo: Demo,
    *,
    linked: Mapping[str, Any] | None = None,
    layout: Literal["side", "above"] = "side",
    columns: int = 3,
    heading: bool = True,
) -> None:
    """Show a demo.

    Args:
        linked: values of controls that the page shows elsewhere, for several demos at once.
        layout: the controls beside the picture, or above it in rows of so many columns.
        heading: whether to show its title and caption.
    """
    linked = linked or {}
    own = [control for control in demo.controls if control.name not in linked]
    with st.container(key=f"demo {demo.name}"):
        last = session.presenting()  # on a projector, the picture comes first
        if heading:
            st.subheader(demo.title, anchor=demo.name)
            if not last:
                look.lesson(demo.caption)
        with explained(f"the demo “{demo.title}”"):
            beside, picture = _places(layout, own)
            with beside:
                values = controls.render_all(own, demo.name, columns=columns if layout == "above" else 1)
                controls.unknown_names(demo.controls, demo.name)
            with picture:
                _picture(demo, {**linked, **values})
        if heading and last:
            look.lesson(demo.caption)


def draw(demo: Demo, values: Mapping[str, Any], device: str, *, large: bool = False, progress=None) -> Drawn:
    """Draw a demo, as JSON and tables that many visitors can share."""
    given: dict[str, Any] = dict(values)
    if demo.takes_device:
        given["device"] = device
    if demo.takes_progress and progress is not None:
        given["progress"] = progress
    parts: Drawn = []
    for part in demo.render(**given):
        if isinstance(part, go.Figure):
            parts.append(("figure", figures.serialise(part, large=large)))
        elif isinstance(part, pd.DataFrame):
            parts.append(("table", part))
        else:
            raise TypeError(f"{demo!r} returned a {type(part).__name__}; a demo returns figures and tables")
    return parts


@st.cache_data(max_entries=400, show_spinner=False)
def _drawn(paper: str, name: str, values: tuple, device: str, large: bool, _demo: Demo) -> Drawn:
    return draw(_demo, dict(values), device, large=large)


def _places(layout: str, own: list[Control]) -> tuple:
    """Where the controls and the picture go; a drawing pad needs room."""
    if layout == "side" and own:
        wide = any(control.kind == "drawing" for control in own)
        return tuple(st.columns([2, 3] if wide else [1, 3], gap="large"))
    return st.container(), st.container()


def _picture(demo: Demo, values: dict[str, Any]) -> None:
    device, large = str(session.device()), session.presenting()
    key = (demo.paper, demo.name, tuple(values.items()), device if demo.takes_device else "", large)
    if demo.slow:
        _slow(demo, values, key, device, large)
    else:
        _parts(demo, _drawn(*key, _demo=demo))


def _parts(demo: Demo, parts: Drawn) -> None:
    for number, (kind, part) in enumerate(parts):
        name = demo.name if len(parts) == 1 else f"{demo.name}-{number + 1}"
        if kind == "figure":
            figures.show(part, key=f"{demo.name}:figure{number}", name=name)
        else:
            figures.show_table(part, key=f"{demo.name}:table{number}", name=name)


def _slow(demo: Demo, values: dict[str, Any], key: tuple, device: str, large: bool) -> None:
    """A demo that takes long: drawn when asked for, with its progress, once for all visitors."""
    worker = jobs.slow_demos()
    job = worker.get(key)
    last = st.session_state.setdefault("last pictures", {})
    if job is None or job.state in ("failed", "stopped"):
        label = "Draw" if demo.name not in last else "Redraw with these values"
        if st.button(label, key=f"{demo.name}:draw", type="primary", icon=":material/play_arrow:"):
            worker.submit(key, lambda progress: draw(demo, values, device, large=large, progress=progress))
            st.rerun(scope="app")
        st.caption("This picture takes a while to compute; the result is kept for everyone.")
    if job is not None and job.active:
        _watch(worker, job, f"{demo.name}:watch")
    if job is not None and job.state == "failed":
        explain(job.error, f"the demo “{demo.title}”")
    if job is not None and job.state == "stopped":
        st.caption("It was stopped.")
    if job is not None and job.state == "done":
        last[demo.name] = job.value
    elif demo.name in last:
        st.caption("Below: the picture of the values that were last drawn.")
    if demo.name in last:
        _parts(demo, last[demo.name])
    elif (ready := stored.read(demo)) is not None:
        st.caption("Below: a picture that was drawn beforehand, with the default values.")
        _parts(demo, ready)


@st.fragment(run_every=0.5)
def _watch(worker: jobs.Jobs, job: jobs.Job, key: str) -> None:
    watch(worker, job)


def watch(worker: jobs.Jobs, job: jobs.Job) -> None:
    """A job's progress; call it in a fragment with `run_every`. When the job ends, the page is run again."""
    if not job.active:
        st.rerun(scope="app")
    ahead = worker.ahead(job)
    words = (
        job.message if job.state == "running" else f"waiting for {ahead} other run{'s' if ahead != 1 else ''}"
    )
    st.progress(job.fraction, text=f"{job.fraction:.0%} · {escape(words)} · {job.seconds:.0f} s")
    st.button(
        "Stopping" if job.stopping else "Stop",
        key=f"stop {job.key}",
        icon=":material/stop_circle:",
        on_click=job.stop,
        disabled=job.stopping,
    )
