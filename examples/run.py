"""The main job, seen: a Space, some predictions, and its log in three indexes. `make run` runs this.

With GRADIO_URL set (in the environment or in .env), it collects from there instead of starting a Space.
"""

from __future__ import annotations

import sys
import time
from gettext import gettext as _
from pathlib import Path

from space.launch import running
from space.send_predictions import send

from functions.cli import main
from functions.cli.language import speak
from functions.pipeline.config import environment

_PREDICTIONS = 36


def run() -> int:
    """Run the pipeline once, on the configured Space or on the example; return the exit code."""
    variables = environment(Path(".env"))
    speak(variables)
    if "GRADIO_URL" in variables:
        print(_("Collecting from {url}").format(url=variables["GRADIO_URL"]), flush=True)
        return main(["--once"]) or main(["page"])
    print("1/3", _("Starting the example Space…"), end=" ", flush=True)
    begun = time.perf_counter()
    with running() as space:
        print(_("ready on {url} ({seconds:.1f} s)").format(url=space.url, seconds=time.perf_counter() - begun))
        print("2/3", _("Sending predictions…"), end=" ", flush=True)
        sent = send(space.url, _PREDICTIONS)
        text = _("{answered} answered, {refused} refused ({seconds:.1f} s)")
        print(text.format(answered=sent.answered, refused=sent.refused, seconds=sent.seconds))
        print("3/3", _("Collecting its log, dropping it as batches, indexing them"), flush=True)
        return main(["--once", "--gradio-url", space.url]) or main(["page"])


if __name__ == "__main__":
    sys.exit(run())
