"""Ledger: every claim, what the paper reports, what was measured here, and whether it holds."""

import pandas as pd
import streamlit as st

from app import claims, controls, figures
from app.errors import escape
from labkit.catalogue import THEMES, papers
from labkit.demo import Control
from labkit.experiment import SCALES

ALL = "all"


def filters(table: pd.DataFrame) -> pd.DataFrame:
    """The filters, and the rows that pass them."""
    theme_of = {paper.slug: paper.theme for paper in papers()}
    names = tuple(dict.fromkeys((*theme_of, *table["paper"])))
    boxes = st.columns([2, 1, 1, 1, 1])
    choices = {"paper": names, "theme": tuple(THEMES), "scale": SCALES, "verdict": claims.VERDICTS}
    with boxes[0]:
        words = controls.render(
            Control("search", "Search", "Every word must occur.", "text", "", max_length=80), "ledger.search"
        )
    chosen = {}
    for box, (name, options) in zip(boxes[1:], choices.items(), strict=True):
        with box:
            control = Control(name, name.capitalize(), "", "choice", ALL, choices=(ALL, *options))
            chosen[name] = controls.render(control, f"ledger.{name}", listed=True)
    if chosen["paper"] != ALL:
        table = table[table["paper"] == chosen["paper"]]
    if chosen["theme"] != ALL:
        table = table[table["paper"].map(theme_of) == chosen["theme"]]
    if chosen["scale"] != ALL:
        table = table[table["scale"] == chosen["scale"]]
    if chosen["verdict"] != ALL:
        table = table[table["verdict"] == claims.SIGN[chosen["verdict"]]]
    text = table.astype(str).agg(" ".join, axis=1).str.lower() if len(table) else pd.Series(dtype=str)
    for word in words.lower().split():
        text = text[text.str.contains(word, regex=False)]
    return table.loc[text.index]


st.title("Ledger")
st.markdown(
    "What each paper claims, what this lab measured, and whether the claim holds. A claim holds when **every** "
    "seed meets the requirement; a claim that does not hold stays here, with a note that says why."
)

entries, damaged = claims.read()
for explanation in damaged:
    st.error(explanation, icon=":material/broken_image:")

whole = claims.ledger_table(entries)
if whole.empty:
    if not damaged:
        st.info(
            "No run is entered yet. `labkit run PAPER --scale smoke` runs an experiment; the lab's own runs are "
            "kept in `data/ledger`.",
            icon=":material/hourglass_empty:",
        )
else:
    shown = filters(whole)
    st.markdown(f"{len(shown)} of {len(whole)} claims: {claims.counts(shown['verdict'])}")
    if shown.empty:
        st.info("No claim passes these filters.", icon=":material/search_off:")
    else:
        figures.show_table(
            shown,
            key="ledger",
            name="ledger",
            styled=claims.tinted(shown),
            column_config=claims.COLUMNS,
            height="content" if len(shown) <= 16 else 640,
        )
        st.subheader("Repeat a run")
        for entry in entries:
            if entry.command in set(shown["repeat with"]):
                st.code(entry.command, language="bash")
                details = f"took {entry.seconds:.0f} s on {entry.device_name}, on {entry.date[:10]}"
                st.caption(escape(f"{details}; data: {', '.join(entry.data) or 'generated'}"))
