"""The collector on functions-framework (Google Cloud): Cloud Scheduler calls it by HTTP.

A caller is asked who it is before anything is done: by the platform, or here (`functions.pipeline.callers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import functions_framework

from functions.collector.run import run
from functions.pipeline.scheduled_http import answer

if TYPE_CHECKING:
    from flask import Request


@functions_framework.http
def collect(request: Request) -> tuple[dict[str, Any], int]:
    """Collect what is new, and answer with the counts; see `functions.pipeline.scheduled_http.answer`."""
    return answer(request, run)
