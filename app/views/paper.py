"""One page that renders any paper of the catalogue: `?paper=hippo&section=Demos`."""

import streamlit as st

from app import claims, controls, exercises, experiment, figures, look, panel, session, source
from app.errors import explained
from labkit import catalogue, paths
from labkit.catalogue import THEMES, Paper
from labkit.demo import Control

SECTIONS = ("Idea", "Demos", "Experiment", "Exercises", "Method", "Ledger")


def picker() -> Control:
    """The choice of a paper; none is chosen by default, so that the address always names it."""
    names = tuple(paper.slug for paper in catalogue.papers())
    return Control("paper", "Paper", "", "choice", None, choices=names)


def choices() -> None:
    """For an address that names no paper: all of them."""
    st.title("Papers")
    for paper in catalogue.papers():
        session.link("paper", f"{paper.slug}: {paper.title}", ":material/article:", paper=paper.slug)


def header(paper: Paper) -> None:
    """Title, authors, and what a learner needs, in two lines."""
    st.title(paper.title, anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{', '.join(paper.authors)} · {paper.venue} · [arXiv {paper.arxiv}]({paper.url})",
            width="content",
        )
        st.badge(THEMES[paper.theme].title, color="violet")
        st.badge(paper.level, icon=":material/signal_cellular_alt:", color="blue")
        st.badge(f"{paper.minutes} minutes", icon=":material/schedule:", color="gray")
        if paper.studio in session.PAGES:
            session.link(paper.studio, "Open the studio", ":material/show_chart:")


def idea(paper: Paper) -> None:
    """The idea, its equations, and what to know before."""
    words, formulas = st.columns([1, 1], gap="large")
    with words:
        look.lesson(paper.idea)
        st.markdown("**Before this paper:** " + "; ".join(paper.prerequisites))
        st.markdown(f"**Notebook:** `{paper.notebook.relative_to(paths.root())}`")
        for slug in paper.prerequisites:
            if slug in {other.slug for other in catalogue.papers()}:
                session.link("paper", catalogue.paper(slug).title, ":material/article:", paper=slug)
    with formulas:
        for equation in paper.equations:
            st.markdown(equation.says[:1].upper() + equation.says[1:] + ":")
            st.latex(equation.latex)


def demos(paper: Paper) -> None:
    """One demo at a time: only the one that is looked at is computed."""
    found = paper.demos()
    if not found:
        st.info("This paper has no demos.")
        return
    names = tuple(demo.name for demo in found)
    name = controls.render(Control("demo", "Demo", "", "choice", names[0], choices=names), "demo", wide=True)
    panel.show(paper.demo(name))


def ledger(paper: Paper) -> None:
    """The paper's claims in the ledger."""
    entries, damaged = claims.read(paper.slug)
    for explanation in damaged:
        st.error(explanation, icon=":material/broken_image:")
    table = claims.ledger_table(entries)
    if table.empty:
        if not damaged:
            st.info(f"No run is entered yet. `labkit run {paper.slug} --scale smoke` runs the experiment.")
        return
    st.markdown(claims.counts(table["verdict"]))
    styled = claims.tinted(table)
    name = f"ledger-{paper.slug}"
    figures.show_table(table, key="ledger", name=name, styled=styled, column_config=claims.COLUMNS)


SHOW = {
    "Idea": idea,
    "Demos": demos,
    "Experiment": experiment.show,
    "Exercises": exercises.show,
    "Method": source.show,
    "Ledger": ledger,
}

top = st.container()
left, right = st.columns([1, 5], gap="medium", vertical_alignment="center")
with left:
    slug = controls.render(picker(), "paper", listed=True, hide_label=True, note=False)
controls.show_note(picker(), "paper")
if slug is None:
    with top:
        choices()
else:
    paper = catalogue.paper(slug)
    sections = Control("section", "Section", "", "choice", "Idea", choices=SECTIONS)
    with top:
        header(paper)
    with right:
        section = controls.render(sections, "section", wide=True, note=False)
    controls.show_note(sections, "section")
    with explained(f"the section {section} of {paper.slug}"):
        SHOW[section](paper)
