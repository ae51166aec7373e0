"""The method's source, as it is imported: whole, or one public name at a time."""

import inspect

import streamlit as st

from app import controls
from labkit import paths
from labkit.catalogue import Paper
from labkit.demo import Control

WHOLE = "the whole file"


def show(paper: Paper) -> None:
    """The source of `method.py`, with its public names to choose from."""
    module = paper.module("method")
    names = public_names(module)
    picker = Control("name", "Show", "A public name of the method.", "choice", WHOLE, choices=(WHOLE, *names))
    listing, code = st.columns([1, 3], gap="large")
    with listing:
        chosen = controls.render(picker, "name")
        for name in names:
            about = (inspect.getdoc(getattr(module, name)) or "").split("\n\n")[0].replace("\n", " ")
            st.markdown(f"`{name}`  \n:small[{about}]")
    with code:
        file = inspect.getsourcefile(module)
        st.caption(f"`{file and relative(file)}`")
        st.code(inspect.getsource(module if chosen == WHOLE else getattr(module, chosen)), language="python")


def public_names(module) -> tuple[str, ...]:
    """The functions and classes that the module itself defines, in the order of its source."""
    defined = [
        (inspect.getsourcelines(value)[1], name)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    ]
    return tuple(name for _, name in sorted(defined))


def relative(file: str) -> str:
    """A path as seen from the checkout's root, or the bare name for an installed package."""
    root = str(paths.root())
    return file.removeprefix(root).lstrip("/") if file.startswith(root) else file.rsplit("/", 1)[-1]
