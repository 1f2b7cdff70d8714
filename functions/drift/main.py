"""The drift function on functions-framework (Google Cloud): Cloud Scheduler calls it by HTTP.

A caller is asked who it is before anything is done: by the platform, or here (`functions.pipeline.callers`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import functions_framework
from werkzeug.exceptions import MethodNotAllowed

from functions.drift.scheduled import run_scheduled
from functions.pipeline.callers import UnknownCallerError, admit_request
from functions.pipeline.errors import TransientError, TrilogError

if TYPE_CHECKING:
    from flask import Request


@functions_framework.http
def drift(request: Request) -> tuple[dict[str, Any], int]:
    """Compare; answer 200 with the verdict, 503 when a later run may do better, 422 when none will.

    A caller who may not call is answered 401, a request that is not a POST 405.
    """
    if request.method != "POST":  # a browser sends a GET for every link and image of any page
        raise MethodNotAllowed(["POST"])
    try:
        admit_request(request.remote_addr, request.headers)
        return run_scheduled(), 200
    except UnknownCallerError as error:
        return {"error": str(error)}, 401
    except TransientError as error:
        return {"error": str(error)}, 503
    except TrilogError as error:
        return {"error": str(error)}, 422
