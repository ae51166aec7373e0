"""Controls: each kind of `labkit.demo.Control` as a Streamlit widget whose state lives in the address.

A widget's key is its name in the address: `?basis_explorer.N=16`. A control at its default is left out.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from app import sketchpad
from app.errors import escape
from labkit.demo import Control

BIND = "query-params"


def render(
    control: Control,
    key: str,
    *,
    wide: bool = False,
    listed: bool = False,
    hide_label: bool = False,
    note: bool = True,
) -> Any:
    """Show a control and return its value.

    A value in the address that the control does not allow is explained in place, and the default is used.

    Args:
        wide: show all of a choice's choices at once, without a label.
        listed: show a choice as a list that opens, even if it is short.
        hide_label: show no label (one is still read aloud).
        note: explain a bad value here; otherwise the page calls `show_note` where it has room.
    """
    good = _read_address(control, key)
    about = {
        "label": _label(control),
        "key": key,
        "help": control.help or None,
        "bind": BIND if good else None,
        "on_change": _forget_note,
        "args": (key,),
    }
    if wide or hide_label:
        about["label_visibility"] = "collapsed"
    if control.kind == "drawing":
        value = sketchpad.render(control, key)
    elif control.kind == "choice":
        value = _choice(control, about, wide=wide, listed=listed)
    elif control.kind == "switch":
        value = st.toggle(value=control.default, **about)
    elif control.kind == "text":
        value = st.text_input(value=control.default, max_chars=control.max_length, **about)
    elif control.log is not None:
        value = _log_slider(control, key, about)
    else:
        value = _slider(control, about)
    if note:
        show_note(control, key)
    return value


def render_all(controls: Sequence[Control], prefix: str, *, columns: int = 1) -> dict[str, Any]:
    """Show several controls, in rows of so many, and return their values by name. Drawings get a row each."""
    values: dict[str, Any] = {}
    row: list = []
    for control in controls:
        if control.kind == "drawing" or columns == 1:
            values[control.name] = render(control, f"{prefix}.{control.name}")
            continue
        if not row:
            row = list(st.columns(columns, gap="medium", vertical_alignment="top"))
        with row.pop(0):
            values[control.name] = render(control, f"{prefix}.{control.name}")
    return values


def unknown_names(controls: Sequence[Control], prefix: str) -> None:
    """Explain the address's parameters that belong to this prefix and to none of its controls."""
    known = {f"{prefix}.{control.name}" for control in controls}
    for name in st.query_params:
        if name.startswith(f"{prefix}.") and name not in known:
            names = ", ".join(control.name for control in controls)
            st.warning(escape(f"The address names a control {name!r}, which is not here; there are {names}."))


def check(control: Control, text: str) -> Any:
    """The value that an address's text stands for.

    Raises:
        ValueError: the control does not allow it; names the control and what is allowed.
    """
    value = control.from_text(text)
    allowed = True
    if control.kind in ("integer", "real"):
        allowed = math.isfinite(value) and control.low <= value <= control.high
        if control.kind == "integer" and control.log is None and allowed:
            allowed = (value - control.low) % (control.step or 1) == 0
    elif control.kind == "text" and control.max_length is not None:
        allowed = len(value) <= control.max_length
    elif control.kind == "drawing":
        drawing = control.drawing
        allowed = len(value) == drawing.points and all(
            drawing.low <= height <= drawing.high for height in value
        )
    if not allowed:
        raise ValueError(f"{control.name}: {text!r} is not allowed; {control.allowed()}")
    return value


def _label(control: Control) -> str:
    return f"{control.label} ({control.unit})" if control.unit else control.label


def _choice(control: Control, about: dict, *, wide: bool, listed: bool) -> Any:
    about["format_func"] = str  # what is shown is also what stands in the address
    short = sum(len(str(choice)) + 4 for choice in control.choices) <= 40
    if (wide or short) and not listed:
        return st.segmented_control(options=control.choices, default=control.default, required=True, **about)
    place = None if control.default is None else control.choices.index(control.default)
    return st.selectbox(options=control.choices, index=place, **about)


def _slider(control: Control, about: dict) -> int | float:
    if control.kind == "integer":
        low, high, step = int(control.low), int(control.high), int(control.step or 1)
        return st.slider(min_value=low, max_value=high, value=int(control.default), step=step, **about)
    decimals = max(0, 2 - math.floor(math.log10(control.high - control.low)))
    return st.slider(
        min_value=float(control.low),
        max_value=float(control.high),
        value=float(control.default),
        step=float(control.step),
        format=f"%.{min(decimals, 6)}f",
        **about,
    )


def _log_slider(control: Control, key: str, about: dict) -> int | float:
    typed = st.session_state.setdefault("typed values", {}).get(key)
    options = sorted({*control.positions(), *(() if typed is None else (typed,))})
    return st.select_slider(options=options, value=control.default, format_func=control.to_text, **about)


def _read_address(control: Control, key: str) -> bool:
    """Whether the address asks for nothing, or for something that the control allows.

    What is not allowed is noted and taken out of the address; the widget is then not bound to it in this run.
    """
    text = st.query_params.get(key)
    if text is None:
        return True
    try:
        value = check(control, text)
    except ValueError as error:
        st.session_state.setdefault("notes", {})[key] = str(error)
        with suppress(StreamlitAPIException):  # a bound parameter is Streamlit's to remove
            del st.query_params[key]
        return False
    if control.log is not None and value not in control.positions():
        st.session_state.setdefault("typed values", {})[key] = value
    return True


def show_note(control: Control, key: str) -> None:
    """Explain the value that the address asked for and the control does not allow, if there was one."""
    note = st.session_state.get("notes", {}).get(key)
    if note:
        instead = "" if control.default is None else " The default is used instead."
        st.warning(f"In the address, {escape(note)}.{instead}", icon=":material/link_off:")


def _forget_note(key: str) -> None:
    st.session_state.get("notes", {}).pop(key, None)
