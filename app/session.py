"""What belongs to one visitor: the device, presenting mode, and links that keep both."""

import streamlit as st
import torch

from app import controls
from labkit import device as devices
from labkit.demo import Control

PAGES = {
    "home": "views/home.py",
    "ledger": "views/ledger.py",
    "paper": "views/paper.py",
    "patch_orderings": "views/patch_orderings.py",
    "hippo_bases": "views/hippo_bases.py",
    "hidden_states": "views/hidden_states.py",
    "equivariance": "views/equivariance.py",
    "state_space": "views/state_space.py",
    "reachable_sets": "views/reachable_sets.py",
}


def device_picker() -> torch.device:
    """The selector of devices, with the chosen one's name and memory below it."""
    choices = tuple(devices.available())
    default = str(devices.resolve("auto"))
    picker = Control(
        "device", "Device", "Where the demos and experiments compute.", "choice", default, choices=choices
    )
    chosen = devices.resolve(controls.render(picker, "device"))
    st.session_state["lab device"] = str(chosen)
    st.caption(devices.describe(chosen))
    return chosen


def device() -> torch.device:
    """The device that this visitor chose."""
    return devices.resolve(st.session_state.get("lab device", "auto"))


def presenting() -> bool:
    """Whether the page is projected: `?present=1` begins it for this visitor, `?present=0` ends it."""
    asked = st.query_params.get("present")
    if asked is not None:
        st.session_state["presenting"] = asked == "1"
    return st.session_state.get("presenting", False)


def present(on: bool) -> None:
    """Begin or end presenting, and say so in the address."""
    st.session_state["presenting"] = on
    if on:
        st.query_params["present"] = "1"
    else:
        st.query_params.pop("present", None)


def link(page: str, label: str, icon: str | None = None, **address: str) -> None:
    """A link to another page, with its address's parameters; presenting mode and the device go along."""
    if presenting():
        address["present"] = "1"
    if "device" in st.query_params:
        address["device"] = st.query_params["device"]
    st.page_link(PAGES[page], label=label, icon=icon, query_params=address)
