"""A Streamlit page that detects anomalies in hourly consumption, and sends its executions to Trilog."""

import time
from datetime import datetime

import numpy as np
import pandas as pd
import streamlit as st
from sklearn.ensemble import IsolationForest

from trilog_client import model_execution, send_log_to_elastic

hourly_columns = [f"h{hour:02}" for hour in range(24)]


@st.cache_data
def generated(days: int, seed: int = 0) -> pd.DataFrame:
    """Make days of consumption in kW, a row each; one in twenty has a peak that does not belong there."""
    random = np.random.default_rng(seed)
    usual = 1 + np.sin((np.arange(24) - 12) * np.pi / 12) ** 2
    values = usual + random.normal(0, 0.1, (days, 24))
    values[::20, 3] += 5
    return pd.DataFrame(values, columns=hourly_columns)


@st.cache_resource
def trained() -> IsolationForest:
    """Train the model, once for all who look at the page."""
    return IsolationForest(random_state=0, contamination=0.05).fit(generated(2000, seed=1)[hourly_columns])


# The code of an application that has logged its executions so far with a function of its own: only where
# `send_log_to_elastic` comes from is new.
# fmt: off
def show_anomalie_detection():
    start_time = time.time()
    log_data = {
        "timestamp": datetime.utcnow().isoformat(),
        "event": "model_execution",
        "model_name": "IsolationForest",
        "model_version": "1.0.0",
        "status": "started",
        "log_level": "INFO"
    }

    try:
        # Début de la détection d'anomalies
        data = df[hourly_columns]
        df["anomaly"] = loaded_model.predict(data)
        log_data.update({
            "status": "completed",
            "response_time": time.time() - start_time,
        })
    except Exception as e:
        log_data.update({
            "status": "failed",
            "error_message": str(e),
            "response_time": time.time() - start_time,
        })

    send_log_to_elastic(log_data)
# fmt: on


def show_measured_detection() -> None:
    """Do the same, with the CPU and the memory that it takes, and tell how many anomalies there are."""
    with model_execution("IsolationForest", "1.0.0", "AnomalyDetectionApp") as execution:
        df["anomaly"] = loaded_model.predict(df[hourly_columns])
        execution.details["anomalies_count"] = int((df["anomaly"] == -1).sum())


st.title("Anomaly detection")
df = generated(st.slider("Days", 20, 500, 200)).copy()
if st.checkbox("Lose a column on the way"):
    df = df.drop(columns="h12")
loaded_model = trained()
if st.button("Detect", key="detect"):
    show_anomalie_detection()
if st.button("Detect and measure", key="measure"):
    show_measured_detection()
if "anomaly" in df:
    st.metric("Anomalies", int((df["anomaly"] == -1).sum()))
    st.dataframe(df[df["anomaly"] == -1])
st.line_chart(df.drop(columns="anomaly", errors="ignore").T)
