"""An example Space: predicts lung-cancer risk, and offers its own log."""

import argparse
import asyncio
import os
import signal
import socket
import sys

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: it reads this then

import gradio as gr
import page
import uvicorn
from endpoints import offer
from fastapi import FastAPI
from log_service import LogService
from predictions import Predictions
from refusals import Private, TooMany

_HOST = "127.0.0.1"  # never more: anyone who can reach it may write and clear the log


class Server(uvicorn.Server):
    """Says when it is ready, and does not wait for open event streams when it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address."""
        await super().startup(sockets)
        if self.started and sockets:
            sys.stdout.write(f"Space ready on http://{_HOST}:{sockets[0].getsockname()[1]}\n")
            sys.stdout.flush()


def main() -> None:
    """Run the Space until SIGTERM or SIGINT."""
    switches = parse(sys.argv[1:])
    listener = listen(switches.port)
    for sign in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops first, then hands the signal on
        signal.signal(sign, lambda *_: sys.exit(0))
    config = uvicorn.Config(space(switches), log_level="critical", timeout_graceful_shutdown=1)
    asyncio.run(Server(config).serve([listener]))


def listen(port: int) -> socket.socket:
    """Take the port, or end the program when it cannot be had."""
    try:
        return socket.create_server((_HOST, port))
    except (OSError, OverflowError) as error:
        sys.exit(f"Port {port} of {_HOST} cannot be taken ({error}): stop what uses it, or give another --port.")


def space(switches: argparse.Namespace) -> FastAPI:
    """Build the Space with what its switches put in front of it."""
    log = LogService(switches.keep)
    log.restart()
    app = FastAPI()
    if switches.too_many:
        app.add_middleware(TooMany, times=switches.too_many)
    if switches.private:
        app.add_middleware(Private, token=switches.private)
    look = {"theme": page.THEME, "css": page.CSS, "footer_links": ["api"]}
    auth = tuple(switches.auth.split(":", 1)) if switches.auth else None
    built = blocks(log, switches)
    return gr.mount_gradio_app(app, built, path="/", auth=auth, ssr_mode=False, run_history=False, **look)


def blocks(log: LogService, switches: argparse.Namespace) -> gr.Blocks:
    """Build the page and the endpoints over one log."""
    predictions = Predictions(log)
    with gr.Blocks(title="Lung-cancer risk", analytics_enabled=False) as built:
        page.show(built, predictions, log)
        gr.api(predictions.predict, api_name="predict")
        gr.api(predictions.predict_proba, api_name="predict_proba")
        offer(log, switches)
    return built


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the switches."""
    parser = argparse.ArgumentParser(description="An example Space that predicts, and offers its own log.")
    add = parser.add_argument
    add("--port", type=int, default=7860, help="port on 127.0.0.1; 0 picks a free one (default: 7860)")
    add("--keep", type=int, default=1000, metavar="N", help="keep the last N lines (default: 1000)")
    add("--no-offset", action="store_true", help="an old Space: /logs_api has no offset")
    add("--strings", action="store_true", help="a Space whose log gives formatted lines instead of objects")
    add("--down", action="store_true", help="the service behind /logs_api is down: answers {'error': …}")
    add("--slow", type=float, default=0, metavar="SECONDS", help="how long each call of /logs_api takes")
    add("--private", metavar="TOKEN", help="a private Space: 404 without this token as a Bearer")
    add("--auth", metavar="USER:PASSWORD", help="a Space with a login, as launch(auth=...) makes it")
    add(
        "--too-many",
        type=int,
        default=0,
        metavar="N",
        help="refuse the first N connections, and then the first N calls, with HTTP 429",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
