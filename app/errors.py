"""Errors as a class may see them: what to do, never a traceback. The traceback goes to the server's log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from labkit.datasets import Missing

log = logging.getLogger("labkit.app")


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Run a part of a page; an exception in it becomes an explanation in its place.

    Args:
        what: what is being shown, as it fits in "Something went wrong in ...".
    """
    try:
        yield
    except Exception as error:
        log.exception("in %s", what)
        explain(error, what)


def explain(error: Exception, what: str) -> None:
    """Show an exception: a ValueError in its own words, anything else with details for the instructor."""
    if isinstance(error, Missing):
        said, _, command = str(error).partition(": ")
        st.error(said if command else str(error), icon=":material/database:")
        if command:
            st.code(command, language="bash")
    elif isinstance(error, ValueError):
        st.error(escape(str(error)), icon=":material/error:")
    else:
        st.error(
            f"Something went wrong in {what}. The other parts of the page still work; "
            "change a control, or reload the page, to try again.",
            icon=":material/error:",
        )
        with st.expander("Details for the instructor"):
            st.code(f"{type(error).__name__}: {error}", language=None, wrap_lines=True)
            st.caption("The full traceback is in the log of the terminal that runs the dashboard.")


def escape(text: str) -> str:
    """Text from outside as plain words: no Markdown, no LaTeX."""
    for sign in "\\`*_[]$#<>~|:":
        text = text.replace(sign, "\\" + sign)
    return text
