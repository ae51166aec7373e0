"""Home: the catalogue, theme by theme, with search and filters."""

import streamlit as st

from app import controls, session
from labkit import catalogue, paths
from labkit.catalogue import THEMES, Paper, Theme
from labkit.demo import Control

LEVELS = ("introductory", "intermediate", "advanced")

SEARCH = Control(
    "search", "Search", "In titles, authors, ideas and prerequisites.", "text", "", max_length=80
)
THEME = Control("theme", "Theme", "", "choice", "all", choices=("all", *THEMES))
LEVEL = Control("level", "Level", "", "choice", "all", choices=("all", *LEVELS))


def text(paper: Paper) -> str:
    """Everything that the search looks through."""
    theme = THEMES[paper.theme]
    words = (paper.slug, paper.title, *paper.authors, str(paper.year), paper.venue, paper.arxiv, paper.idea)
    return " ".join((*words, *paper.prerequisites, theme.title, theme.question)).lower()


def wanted(paper: Paper, search: str, level: str) -> bool:
    """Whether a paper passes the filters: every word of the search must occur."""
    return level in ("all", paper.level) and all(word in text(paper) for word in search.lower().split())


def card(paper: Paper) -> None:
    """One paper: what it is, what it asks of a learner, and where to go."""
    with st.container(border=True, width=430, height="stretch"):
        st.markdown(f"**{paper.title}**")
        first = paper.authors[0] if len(paper.authors) == 1 else f"{paper.authors[0]} and others"
        st.caption(f"{first}, {paper.venue} · [arXiv {paper.arxiv}]({paper.url})")
        with st.container(horizontal=True):
            st.badge(paper.level, icon=":material/signal_cellular_alt:", color="blue")
            st.badge(f"{paper.minutes} minutes", icon=":material/schedule:", color="gray")
        st.markdown("Before: " + "; ".join(paper.prerequisites))
        with st.container(horizontal=True):
            session.link("paper", "Open the paper", ":material/article:", paper=paper.slug)
            if paper.studio in session.PAGES:
                session.link(paper.studio, "Open the studio", ":material/show_chart:")
        st.caption(f"Notebook: `{paper.notebook.relative_to(paths.root())}`")


def shelf(theme: Theme, search: str, level: str) -> int:
    """One theme's papers; returns how many are shown."""
    papers = catalogue.papers(theme.slug)
    found = [paper for paper in papers if wanted(paper, search, level)]
    if papers and not found:
        return 0
    if not papers:
        if not search and level == "all":
            st.markdown(f"**{theme.title}** · {theme.question} :gray[Coming.]")
        return 0
    st.subheader(theme.title)
    st.markdown(f"*{theme.question}*")
    with st.container(horizontal=True):
        for paper in found:
            card(paper)
    return len(found)


st.title("labkit")
st.markdown(
    "Welcome: this is a lab where you take sequence models apart, one paper at a time. "
    "Every paper has pictures that move when you drag a slider, an experiment that checks its claims on this "
    "very machine, and exercises that tell you what is wrong with a wrong answer. "
    "Pick a paper below, or open a studio from the menu and start dragging."
)

boxes = st.columns([2, 1, 1])
with boxes[0]:
    search = controls.render(SEARCH, "search")
with boxes[1]:
    theme = controls.render(THEME, "theme")
with boxes[2]:
    level = controls.render(LEVEL, "level")

themes = [found for slug, found in THEMES.items() if theme in ("all", slug)]
themes.sort(key=lambda one: not catalogue.papers(one.slug))
shown = sum(shelf(one, search, level) for one in themes)
if not shown and (search or level != "all"):
    st.info("No paper matches. Use fewer words, or choose the level “all”.", icon=":material/search_off:")
