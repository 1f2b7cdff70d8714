"""A Streamlit page that fails."""

import logging

import streamlit as st

logging.getLogger("streamlit.scoring").warning("feature AGE is missing")
st.write("score")
raise RuntimeError("model not loaded")
