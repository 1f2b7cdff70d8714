"""The indexer on functions-framework (Google Cloud): Eventarc sends it a CloudEvent for each drop.

A caller is asked who it is before anything is done: by the platform, or here (`functions.pipeline.callers`).
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import functions_framework
from flask import request
from werkzeug.exceptions import ServiceUnavailable, Unauthorized, UnprocessableEntity

from functions.indexer.drops import DropIndexer
from functions.indexer.triggers import messages
from functions.pipeline.callers import UnknownCallerError, admit_request
from functions.pipeline.deadline import Deadline
from functions.pipeline.errors import TransientError, TrilogError

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

indexer = cache(DropIndexer)  # made by a container's first event, and kept by it
_one_at_a_time = Lock()  # the server has several threads, the indexer one connection


@functions_framework.cloud_event
def index(cloud_event: CloudEvent) -> None:
    """Index the object that an event names; answer 503 when it is to be sent again, 422 when that cannot help.

    A caller who may not call is answered 401.
    """
    event = {**cloud_event.get_attributes(), "data": cloud_event.get_data()}
    try:
        admit_request(request.remote_addr, request.headers)
        with _one_at_a_time:
            for _, error in indexer().finish(messages(event), Deadline()):
                raise error
    except UnknownCallerError as error:
        raise Unauthorized(str(error)) from error
    except TransientError as error:
        raise ServiceUnavailable(str(error)) from error
    except TrilogError as error:
        raise UnprocessableEntity(str(error)) from error
