"""Sends an application's logs and model executions to Trilog without ever slowing, breaking or blocking it."""

from trilog_client.client import Client
from trilog_client.default import configure, flush, send_log_to_elastic
from trilog_client.execution import Execution, current_execution, model_execution
from trilog_client.handler import TrilogHandler
from trilog_client.limits import Limits
from trilog_client.version import __version__

__all__ = [
    "Client",
    "Execution",
    "Limits",
    "TrilogHandler",
    "__version__",
    "configure",
    "current_execution",
    "flush",
    "model_execution",
    "send_log_to_elastic",
]
