"""Sends the records of Python's `logging`."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from trilog_client.default import default_client
from trilog_client.documents import text
from trilog_client.losses import LOGGER

if TYPE_CHECKING:
    from trilog_client.client import Client

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_FORMATTER: Final = logging.Formatter()


class TrilogHandler(logging.Handler):
    """A handler for `logging`: `logging.getLogger().addHandler(TrilogHandler())`.

    A document has `timestamp`, `log_level`, `logger`, `message`, where in the code it comes from, the traceback as
    `exc_info`, and each field of `extra`. What this package logs itself is left to the other handlers, and what is
    logged while a record is being read is left out.

    Args:
        level: the lowest level that is sent.
        client: what sends them; by default the one that `configure` made.
        application: what `application_name` is to be, if given.
    """

    def __init__(
        self, level: int | str = logging.NOTSET, *, client: Client | None = None, application: str | None = None
    ) -> None:
        super().__init__(level)
        self._client = client
        self._always = {"application_name": application} if application else {}
        self._busy = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        if _is_ours(record.name) or getattr(self._busy, "emitting", False):
            return
        self._busy.emitting = True
        try:
            (self._client or default_client()).send({**self._always, **_document(record)})
        except Exception:  # noqa: BLE001 - as `logging` has it for handlers
            self.handleError(record)
        finally:
            self._busy.emitting = False


def _is_ours(logger: str) -> bool:
    return logger == LOGGER.name or logger.startswith(f"{LOGGER.name}.")


def _document(record: logging.LogRecord) -> dict[str, Any]:
    document = {
        "timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
        "log_level": record.levelname,
        "logger": record.name,
        "message": _message(record),
        "module": record.module,
        "function": record.funcName,
        "line": record.lineno,
        "process": record.process,
        "thread": record.threadName,
    }
    if record.exc_info and record.exc_info[1] is not None:
        document["exc_info"] = _FORMATTER.formatException(record.exc_info)
        document["error_message"] = text(record.exc_info[1]) or type(record.exc_info[1]).__name__
    if record.stack_info:
        document["stack_info"] = record.stack_info
    return _with_extra(document, {name: value for name, value in vars(record).items() if name not in _OWN})


def _with_extra(document: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Add the fields of `extra`: those whose names are taken, in an object of their own."""
    clashing = {name: value for name, value in extra.items() if name in document}
    return {**extra, **document, **({"extra": clashing} if clashing else {})}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit the message
        return f"{record.msg} {text(record.args)}"
