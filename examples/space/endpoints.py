"""What the Space offers to clients beside the predictions: reading its log, and writing it for tests and demos."""

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

import gradio as gr
from log_service import Line, LogService, as_text

_MOST = 100  # lines in one call of /logs_api


def offer(log: LogService, switches: argparse.Namespace) -> None:
    """Add the endpoints to the Blocks being built."""
    gr.api(logs_api(log, switches), api_name="logs_api")

    def write(lines: list[dict[str, Any]]) -> None:
        """Log the given lines, oldest first: objects with a message, and perhaps a level, data and timestamp."""
        log.extend(lines)

    # Outside the queue, so that one POST to /gradio_api/run/log does it: a test writes hundreds of lines.
    gr.api(write, api_name="log", queue=False)
    gr.api(log.restart, api_name="restart", queue=False)
    gr.api(log.clear, api_name="clear", queue=False)


def logs_api(log: LogService, switches: argparse.Namespace) -> Callable[..., Any]:
    """Return the endpoint /logs_api as this kind of Space has it."""

    async def new(limit: int = 50, offset: int = 0) -> dict[str, Any]:
        """Return `limit` lines (1 to 100) from the `offset`-th newest on, newest first."""
        answer = await _answer(log, switches, limit, offset)
        return answer if "error" in answer else {**answer, "limit": limit, "offset": offset}

    async def old(limit: int = 50) -> dict[str, Any]:
        """Return the `limit` newest lines (1 to 100), newest first."""
        return await _answer(log, switches, limit, 0)

    return old if switches.no_offset else new


async def _answer(log: LogService, switches: argparse.Namespace, limit: int, offset: int) -> dict[str, Any]:
    await asyncio.sleep(switches.slow)
    if switches.down:
        return {"error": "Service de logs injoignable : [Errno 111] Connection refused"}
    _refuse_outside("limit", limit, least=1, most=_MOST)
    _refuse_outside("offset", offset, least=0)
    total, lines = log.page(limit, offset)
    return {"total": total, "logs": [_form(line, switches) for line in lines]}


def _form(line: Line, switches: argparse.Namespace) -> Line | str:
    return as_text(line) if switches.strings else line


def _refuse_outside(name: str, value: int, least: int, most: float = float("inf")) -> None:
    if not least <= value <= most:
        upper = "" if most == float("inf") else f" and at most {most}"
        raise gr.Error(f"{name} must be at least {least}{upper}, not {value}.", print_exception=False)
