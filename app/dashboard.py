"""The dashboard: `streamlit run app/dashboard.py`. Navigation, device picker, presenting mode; nothing else."""

import os
import sys
from pathlib import Path

# Many visitors, few cores: each picture is computed by one thread. Set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import streamlit as st

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from app import look, session  # noqa: E402
from app.errors import explained  # noqa: E402

st.set_page_config(page_title="labkit", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")

page = st.navigation(
    {
        "": [
            st.Page(session.PAGES["home"], title="Home", icon=":material/home:", default=True),
            st.Page(session.PAGES["ledger"], title="Ledger", icon=":material/fact_check:"),
            st.Page(session.PAGES["paper"], title="Papers", icon=":material/article:"),
        ],
        "Studios": [
            st.Page(session.PAGES["patch_orderings"], title="Patch orderings", icon=":material/route:"),
            st.Page(session.PAGES["hippo_bases"], title="HiPPO bases", icon=":material/show_chart:"),
            st.Page(session.PAGES["hidden_states"], title="Hidden states", icon=":material/animation:"),
            st.Page(session.PAGES["equivariance"], title="Equivariance", icon=":material/360:"),
            st.Page(
                session.PAGES["state_space"], title="State-space lineage", icon=":material/account_tree:"
            ),
            st.Page(session.PAGES["reachable_sets"], title="Reachable sets", icon=":material/lightbulb:"),
        ],
    }
)

presenting = session.presenting()
look.apply(presenting=presenting)
with st.sidebar:
    with explained("the device picker"):
        session.device_picker()
    st.button(
        "Present", icon=":material/present_to_all:", on_click=session.present, args=(True,), width="stretch"
    )

with explained(f"the page {page.title}"):
    page.run()

if presenting:
    st.button("Leave presenting mode", type="tertiary", key="leave", on_click=session.present, args=(False,))
