"""A Space of Gradio 3 with an endpoint /logs_api; see capture.sh."""

import gradio as gr


def logs_api(limit, offset):
    return {"total": 0, "logs": [], "limit": limit, "offset": offset}


with gr.Blocks(analytics_enabled=False) as space:
    inputs = [gr.Number(50), gr.Number(0)]
    gr.Button("Logs").click(logs_api, inputs, gr.JSON(), api_name="logs_api")

space.launch(server_name="127.0.0.1", quiet=True)
