"""The collector on functions-framework (Google Cloud): Cloud Scheduler calls it by HTTP.

Who may call it is the platform's decision: deploy it without unauthenticated access (infra/gcp/README.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import functions_framework

from functions.collector.run import run
from functions.pipeline.errors import TransientError, TrilogError

if TYPE_CHECKING:
    from flask import Request


@functions_framework.http
def collect(request: Request) -> tuple[dict[str, Any], int]:  # noqa: ARG001 (a schedule has nothing to say)
    """Collect what is new; answer 200 with the counts, 503 when a later run may do better, 422 when none will."""
    try:
        return run(), 200
    except TransientError as error:
        return {"error": str(error)}, 503
    except TrilogError as error:
        return {"error": str(error)}, 422
