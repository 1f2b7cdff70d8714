"""What a function tells whoever watches it: traces, and JSON lines on stdout, which AWS and Google Cloud collect."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

from functions.pipeline.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

_NAMESPACE = "Trilog"  # in CloudWatch


class Tracing(Protocol):
    """A function's own traces."""

    def span(self, name: str, attributes: Mapping[str, str], parent: str = "") -> AbstractContextManager[str]:
        """Open a span until the context ends, and give its W3C `traceparent`; "" where nothing is traced.

        It is inside the span that is open in this thread; with a `parent`, which is a `traceparent`, inside that one.
        """

    def flush(self) -> None:
        """Send what has not been sent: a function may be frozen as soon as it has answered."""


class Untraced:
    """No traces."""

    def span(self, name: str, attributes: Mapping[str, str], parent: str = "") -> AbstractContextManager[str]:  # noqa: ARG002
        """Open no span."""
        return nullcontext("")

    def flush(self) -> None:
        """Send nothing."""


def log(severity: str, message: str, **fields: object) -> None:
    """Write one line: `severity` is INFO, WARNING or ERROR (Google Cloud's name for it), `fields` are JSON values."""
    content = {"severity": severity, "message": message, **fields}
    line = json.dumps(content, default=str, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write(line.encode("utf-8", "replace").decode() + "\n")  # a file's name may be no text
    sys.stdout.flush()  # a function may be frozen as soon as it has answered


def log_counters(counters: Mapping[str, int], lambda_name: str | None, **fields: object) -> None:
    """Write one line that sums up an invocation; on AWS Lambda, CloudWatch makes metrics of its counters.

    It does so because of `_aws`, which describes them in CloudWatch's embedded metric format: they need neither a
    request nor a right of their own. Elsewhere the line has the same counters, and nothing else.

    Args:
        counters: how many of what, by the metric's name.
        lambda_name: what AWS Lambda calls the function; None elsewhere.
        fields: what else is in the line.
    """
    if lambda_name:
        metrics = [{"Name": name, "Unit": "Count"} for name in counters]
        of_this_function = {"Namespace": _NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": metrics}
        described = {"Timestamp": round(time.time() * 1000), "CloudWatchMetrics": [of_this_function]}
        fields |= {"FunctionName": lambda_name, "_aws": described}
    log("INFO", "counted", **fields, **counters)


def log_failure(error: Exception, **fields: object) -> None:
    """Write a line about what went wrong: a warning if it will be tried again by itself, else an error."""
    severity = "WARNING" if isinstance(error, TransientError) else "ERROR"
    log(severity, str(error), error=type(error).__name__, **fields)


def ms_since(begun: float) -> int:
    """Return the milliseconds since a reading of `time.perf_counter`."""
    return round((time.perf_counter() - begun) * 1000)
