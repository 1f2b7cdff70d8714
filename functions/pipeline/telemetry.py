"""What a function tells whoever watches it: JSON lines on stdout, which AWS and Google Cloud both collect."""

from __future__ import annotations

import sys
import time

import orjson

from functions.pipeline.errors import TransientError


def log(severity: str, message: str, **fields: object) -> None:
    """Write one line: `severity` is INFO, WARNING or ERROR (Google Cloud's name for it), `fields` are JSON values."""
    line = orjson.dumps({"severity": severity, "message": message, **fields}, default=str)
    sys.stdout.write(line.decode() + "\n")
    sys.stdout.flush()  # a function may be frozen as soon as it has answered


def log_failure(error: Exception, **fields: object) -> None:
    """Write a line about what went wrong: a warning if it will be tried again by itself, else an error."""
    severity = "WARNING" if isinstance(error, TransientError) else "ERROR"
    log(severity, str(error), error=type(error).__name__, **fields)


def ms_since(begun: float) -> int:
    """Return the milliseconds since a reading of `time.perf_counter`."""
    return round((time.perf_counter() - begun) * 1000)
