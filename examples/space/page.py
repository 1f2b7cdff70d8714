"""The Space's page: ask for a prediction, see the latest lines of the log."""

from typing import Any

import gradio as gr
from log_service import LogService
from model import FEATURES
from predictions import Predictions

THEME = gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
CSS = """
.gradio-container { max-width: 1000px !important; margin: 0 auto }
.output-class { margin-top: 1rem }
"""
_SHOWN = 12  # lines of the log
_WIDEST = 110  # characters of a message
_SYMPTOMS = FEATURES[2:]  # all but AGE and GENDER: there or not


def show(blocks: gr.Blocks, predictions: Predictions, log: LogService) -> None:
    """Add the page to the Blocks being built."""
    gr.Markdown("# Lung-cancer risk\nA made-up score of 15 patient features. **Not medical advice.**")
    with gr.Row():
        with gr.Column(scale=2):
            patient, ask = _patient()
        answer = gr.Label(label="Prediction", scale=1)
    table = _table()
    refresh = gr.Button("Refresh", size="sm")

    def ask_model(age: int, gender: str, symptoms: list[str]) -> tuple[dict[str, float], list[list[str]]]:
        features = {"AGE": age, "GENDER": gender, **{name: int(name in symptoms) for name in _SYMPTOMS}}
        probability = predictions.predict(features)["probability"]
        return {"Positive": probability, "Negative": 1 - probability}, _latest(log)

    ask.click(ask_model, patient, [answer, table], api_visibility="private")
    for event in (blocks.load, refresh.click):
        event(lambda: _latest(log), outputs=table, api_visibility="private", show_progress="hidden")


def _patient() -> tuple[list[Any], gr.Button]:
    with gr.Row():
        age = gr.Slider(18, 100, 62, step=1, label="Age")
        gender = gr.Radio(["F", "M"], value="F", label="Gender")
    choices = [(name.capitalize().replace("_", " "), name) for name in _SYMPTOMS]
    symptoms = gr.CheckboxGroup(choices, label="Habits and symptoms")
    return [age, gender, symptoms], gr.Button("Predict", variant="primary")


def _table() -> gr.Dataframe:
    return gr.Dataframe(
        label="Latest lines of the log",
        headers=["Time (UTC)", "Level", "Message"],
        column_widths=["20%", "10%", "70%"],
        interactive=False,
        wrap=True,
    )


def _latest(log: LogService) -> list[list[str]]:
    _, lines = log.page(_SHOWN)
    return [[line["timestamp"], line["level"], _shortened(line["message"])] for line in lines]


def _shortened(message: str) -> str:
    return message if len(message) <= _WIDEST else message[:_WIDEST] + "…"
