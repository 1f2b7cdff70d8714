"""A Gradio Space with one function, which fails for some inputs."""

import os

import gradio as gr


def predict(age):
    if age < 0:
        raise ValueError("AGE is negative")
    gr.Warning("feature GENDER is missing")
    return "YES"


demo = gr.Interface(predict, gr.Number(), gr.Text(), api_name="predict")
demo.launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]))
