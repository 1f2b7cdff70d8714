"""The drift function on functions-framework (Google Cloud): Cloud Scheduler calls it by HTTP.

A caller is asked who it is before anything is done: by the platform, or here (`functions.pipeline.callers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import functions_framework

from functions.drift.scheduled import run_scheduled
from functions.pipeline.scheduled_http import answer

if TYPE_CHECKING:
    from flask import Request


@functions_framework.http
def drift(request: Request) -> tuple[dict[str, Any], int]:
    """Compare, and answer with the verdict; see `functions.pipeline.scheduled_http.answer`."""
    return answer(request, run_scheduled)
