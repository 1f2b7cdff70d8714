"""A function that a scheduler calls by HTTP, on functions-framework: who may call it, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import MethodNotAllowed

from functions.pipeline.callers import UnknownCallerError, admit_request
from functions.pipeline.errors import TransientError, TrilogError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Request


def answer(request: Request, run: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], int]:
    """Run; answer 200 with what it returns, 503 when a later run may do better, 422 when none will.

    A caller who may not call is answered 401, a request that is not a POST 405.
    """
    if request.method != "POST":  # a browser sends a GET for every link and image of any page
        raise MethodNotAllowed(["POST"])
    try:
        admit_request(request.remote_addr, request.headers)
        return run(), 200
    except UnknownCallerError as error:
        return {"error": str(error)}, 401
    except TransientError as error:
        return {"error": str(error)}, 503
    except TrilogError as error:
        return {"error": str(error)}, 422
