"""What Lambda says about an invocation: the lines around its log, and the errors of the platform."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """What an invocation took: milliseconds, megabytes, and the error's type if it failed.

    `init_ms` is None in a process that was warm already.
    """

    invocation: str
    duration_ms: float
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    error: str = ""

    def __str__(self) -> str:
        """Say it as Lambda's REPORT line does."""
        billed = math.ceil(self.duration_ms + (self.init_ms or 0))  # AWS bills initialization too, since August 2025
        parts = [
            f"REPORT RequestId: {self.invocation}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.used_mb} MB",
            *([] if self.init_ms is None else [f"Init Duration: {self.init_ms:.2f} ms"]),
            *self._status(),
        ]
        return "\t".join(parts)

    def _status(self) -> list[str]:
        if self.error == "Sandbox.Timedout":
            return ["Status: timeout"]
        return ["Status: error", f"Error Type: {self.error}"] if self.error else []


def framed(printed: str, report: Report, version: str) -> str:
    """Put what a function printed between Lambda's lines."""
    end = "" if not printed or printed.endswith("\n") else "\n"
    start = f"START RequestId: {report.invocation} Version: {version}\n"
    return f"{start}{printed}{end}END RequestId: {report.invocation}\n{report}\n"


def platform_error(kind: str, invocation: str, message: str) -> bytes:
    """Return the error that Lambda itself answers with, where the function could not."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {invocation} Error: {message}"}).encode()


def error_type(body: bytes) -> str:
    """Name the type of an error that a function answered with."""
    try:
        return str(json.loads(body)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Unhandled"
