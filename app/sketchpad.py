"""The drawing control: labkit/sketchpad.js as a Streamlit component, its curve kept in the address."""

from importlib.resources import files

import streamlit as st

from labkit.demo import Control

_MOUNT = """
const pads = new WeakMap();
export default function ({ data, parentElement, setStateValue }) {
  const held = pads.get(parentElement) ?? { pad: null };
  held.tell = (values, finished) => finished && setStateValue("heights", values);
  if (held.pad === null) {
    held.pad = mount(parentElement, { ...data, onChange: (values, finished) => held.tell(values, finished) });
    pads.set(parentElement, held);
  } else {
    held.pad.set(data.value);
  }
  return () => {
    held.pad.destroy();
    pads.delete(parentElement);
  };
}
"""

_pad = st.components.v2.component(
    "labkit_sketchpad", js=files("labkit").joinpath("sketchpad.js").read_text() + _MOUNT
)


def render(control: Control, key: str) -> tuple[float, ...]:
    """The pad of a control of the kind `drawing`; returns the heights."""
    drawing = control.drawing
    state = f"{key}:pad"
    label = f"{control.label} ({control.unit})" if control.unit else control.label
    st.markdown(f"<small>{label}</small>", unsafe_allow_html=True, help=control.help or None)
    curves = st.session_state.setdefault("curves", {})

    def drawn() -> None:
        heights = st.session_state[state].get("heights")
        if heights is not None and len(heights) == drawing.points:
            curves[key] = tuple(min(max(float(height), drawing.low), drawing.high) for height in heights)
        st.session_state.get("notes", {}).pop(key, None)

    if key not in curves:
        curves[key] = _from_address(control, key)
    _pad(
        key=state,
        data={
            "points": drawing.points,
            "low": drawing.low,
            "high": drawing.high,
            "xLabel": drawing.x,
            "yLabel": drawing.y,
            "value": list(curves[key]),
            "initial": list(control.default),
        },
        on_heights_change=drawn,
    )
    _to_address(control, key, curves[key])
    return curves[key]


def _from_address(control: Control, key: str) -> tuple[float, ...]:
    from app.controls import check

    try:
        return check(control, st.query_params[key])
    except (KeyError, ValueError):
        return tuple(control.default)


def _to_address(control: Control, key: str, heights: tuple[float, ...]) -> None:
    if heights == tuple(control.default):
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != control.to_text(heights):
        st.query_params[key] = control.to_text(heights)
