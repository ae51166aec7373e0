"""Run a paper's experiment from the page: in the background, with live progress, claims and figures."""

import re

import pandas as pd
import streamlit as st

from app import claims, controls, figures, jobs, panel, session
from app.errors import explain, explained
from labkit.catalogue import Paper
from labkit.demo import Control
from labkit.experiment import Result
from labkit.experiment.scale import MEANING, SCALES

SCALE = Control(
    "scale", "Scale", "; ".join(f"{s}: {m}" for s, m in MEANING.items()), "choice", "smoke", choices=SCALES
)
SEEDS = Control(
    "seeds", "Seeds", "One or several, separated by commas; each repeats the run.", "text", "0", max_length=40
)


def show(paper: Paper) -> None:
    """The panel: what to run, the button, and what came of it."""
    boxes = st.columns([2, 2, 3], vertical_alignment="bottom")
    with boxes[0]:
        scale = controls.render(SCALE, "scale")
    with boxes[1]:
        text = controls.render(SEEDS, "seeds")
    seeds = parse_seeds(text)
    device = str(session.device())
    key = jobs.run_key(paper.slug, scale, device, seeds)
    worker = jobs.experiments()
    job = worker.get(key)
    stored = None
    with explained("the stored result"):
        stored = jobs.stored_run(paper.slug, scale, device, seeds)
    active = job is not None and job.active
    with boxes[2]:
        again = stored is not None
        label = "Run it again" if again else "Run the experiment"
        if st.button(label, type="primary", icon=":material/play_arrow:", disabled=active, key="run"):
            jobs.start_run(paper, scale, device, seeds, again=again)
            st.rerun()
    st.caption(
        f"**{scale.capitalize()}** scale takes {MEANING[scale]}  \n"
        f"It runs on {device}; everyone who asks for the same run sees the same result."
    )
    if active:
        _watch(worker, job)
    elif job is not None and job.state == "failed":
        explain(job.error, f"the experiment of {paper.slug}")
        st.caption("Finished stages are kept: running it again goes on from there.")
    if stored is not None:
        show_result(paper, stored)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from words like `0, 1, 2`.

    Raises:
        ValueError: says what is allowed.
    """
    parts = [part for part in re.split(r"[,\s]+", text.strip()) if part]
    if (
        not parts
        or not all(part.isascii() and part.isdigit() for part in parts)
        or len(set(map(int, parts))) < len(parts)
    ):
        raise ValueError(
            f"seeds: {text!r} is not allowed; whole numbers from 0, all different, separated by commas"
        )
    if len(parts) > 10:
        raise ValueError(f"seeds: {len(parts)} seeds are too many for a lesson; at most 10")
    return tuple(map(int, parts))


def show_result(paper: Paper, result: Result) -> None:
    """Claims, figures and measurements of a finished run."""
    seeds = ", ".join(map(str, result.seeds))
    st.success(
        f"Done at scale {result.scale} in {result.seconds:.1f} s on {result.device_name}, seeds {seeds}; "
        f"data: {', '.join(result.data) or 'generated'}.",
        icon=":material/check_circle:",
    )
    table = pd.DataFrame([claims.row(claim) for claim in result.claims])
    st.markdown(f"**Claims** {claims.counts(table['verdict'])}")
    name = f"{paper.slug}-{result.scale}"
    figures.show_table(
        table, key="claims", name=f"{name}-claims", styled=claims.tinted(table), column_config=claims.COLUMNS
    )
    with explained("the result's figures"):
        _result_figures(paper, result, name)
    with st.expander("Measurements"):
        figures.show_table(result.metrics, key="metrics", name=f"{name}-metrics")


def _result_figures(paper: Paper, result: Result, name: str) -> None:
    try:
        draw = getattr(paper.module("figures"), "result_figures", None)
    except ModuleNotFoundError:
        return
    if draw is None:
        return
    drawn = list(draw(result).items())
    for start in range(0, len(drawn), 2):
        for box, (title, figure) in zip(st.columns(2, gap="large"), drawn[start : start + 2], strict=False):
            with box:
                figures.show_figure(figure, f"result:{title}", f"{name}-{title}", large=session.presenting())


@st.fragment(run_every=0.5)
def _watch(worker: jobs.Jobs, job: jobs.Job) -> None:
    panel.watch(worker, job)
