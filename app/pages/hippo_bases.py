"""The HiPPO studio: one lesson from the paper's eight pictures, with shared controls."""

import streamlit as st

st.title("HiPPO bases")
