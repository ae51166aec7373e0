"""How the pages look beyond Streamlit's theme: less white space, and presenting mode for a projector."""

import re

import streamlit as st

ALWAYS = """
.block-container { padding: 2.2rem 2.5rem 2rem 2.5rem; max-width: 1760px; }
[data-testid="stSidebar"] { width: 230px !important; min-width: 230px !important; }
[data-testid="stSidebarHeader"] { height: 2.2rem; margin-bottom: 0; }
[data-testid="stButtonGroup"] > div { flex-wrap: wrap; }
[class*="st-key-pair-"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
[class*="st-key-pair-"] > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"]
  > [data-testid="stColumn"] { min-width: min(600px, 100%); }
hr { margin: 0.4rem 0 0.8rem 0; }
[class*="st-key-download-"] { margin-top: -0.9rem; }
[class*="st-key-download-"] button { opacity: 0.65; min-height: 1.4rem; }
[class*="st-key-download-"] button:hover { opacity: 1; }
"""

PRESENTING = """
html { font-size: 21px; }
.block-container { padding-top: 1rem; max-width: none; }
[data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDecoration"],
[data-testid="stSidebarCollapsedControl"], [data-testid="stExpandSidebarButton"],
[class*="st-key-download-"] { display: none !important; }
.st-key-leave { position: fixed; z-index: 10; right: 1.5rem; top: 0.4rem; width: auto; opacity: 0.35; }
.st-key-leave:hover { opacity: 1; }
"""


def apply(*, presenting: bool) -> None:
    """Add the lab's style to the page."""
    st.html(f"<style>{ALWAYS}{PRESENTING if presenting else ''}</style>")


def pair(key: str, weights: tuple[int, int] = (1, 1)) -> list:
    """Two columns that stand side by side where the screen has room for both, else one below the other."""
    with st.container(key=f"pair {key}"):
        return st.columns(list(weights), gap="large")


def lesson(text: str) -> None:
    """A lesson's Markdown. Displayed mathematics may stand inside a line, as in notebooks."""
    st.markdown(re.sub(r"\$\$(.+?)\$\$", r"\n\n$$\n\1\n$$\n\n", text, flags=re.DOTALL))
