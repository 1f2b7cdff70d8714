"""Measures the executions of models and sends what they took."""

from __future__ import annotations

import functools
import inspect
import time
import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

import psutil

from trilog_client.default import default_client
from trilog_client.documents import now, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping
    from types import TracebackType

    from trilog_client.client import Client

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MB = 1024 * 1024


class Execution:
    """An execution of a model: what is done in its `with` block, or in a call of a function that it decorates.

    It sends a document when it begins, and one when it ends. Both have its `execution_id`.

    Attributes:
        execution_id: another one for each `with` block and for each call.
        details: whatever else the document about its end is to say, such as `{"anomalies_count": 3}`.
    """

    def __init__(
        self,
        about: dict[str, Any],
        details: Mapping[str, Any] | None,
        client: Client | None,
    ) -> None:
        self._about = about
        self._given = dict(details or {})
        self._client = client
        self._outer: Execution | None = None
        self.execution_id = ""
        self.details: dict[str, Any] = {}

    def __enter__(self) -> Execution:
        """Send that it started, and start the clocks."""
        self.execution_id, self.details = str(uuid.uuid4()), dict(self._given)
        self._outer = _current.get()
        _current.set(self)
        self._send("started", "INFO", {})
        self._started, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Send that it is completed, or that it failed with an exception, which goes on."""
        taken = self._taken()
        _current.set(self._outer)
        if error is None or isinstance(error, GeneratorExit):  # a generator that nobody reads to its end has not failed
            self._send("completed", "INFO", taken)
        else:
            self._send("failed", "ERROR", {**taken, "error_message": text(error) or type(error).__name__})

    def __call__(self, function: _Function) -> _Function:
        """Measure each call of a function; that of a generator lasts until nothing more is asked of it."""
        wrap = next((wrap for is_kind, wrap in _KINDS if is_kind(function)), _plain)
        return cast("_Function", functools.wraps(function)(wrap(self.again, function)))

    def again(self) -> Execution:
        """Return another execution of the same model."""
        return Execution(self._about, self._given, self._client)

    def _taken(self) -> dict[str, float]:
        cpu, seconds = time.process_time() - self._cpu, time.perf_counter() - self._started
        taken = {"response_time": seconds, "cpu_usage": round(100 * cpu / seconds, 2) if seconds else 0.0}
        try:
            return {**taken, "memory_usage": round(psutil.Process().memory_info().rss / _MB, 2)}
        except (psutil.Error, OSError):  # the system does not tell
            return taken

    def _send(self, status: str, log_level: str, more: dict[str, Any]) -> None:
        document = {
            "timestamp": now(),
            "event": "model_execution",
            "execution_id": self.execution_id,
            **self._about,
            "status": status,
            **more,
            "details": self.details,
            "log_level": log_level,
        }
        (self._client or default_client()).send(document)


_current: ContextVar[Execution | None] = ContextVar("trilog_execution", default=None)


def model_execution(
    name: str,
    version: str,
    application: str,
    *,
    details: Mapping[str, Any] | None = None,
    client: Client | None = None,
) -> Execution:
    """Measure and send the executions of a model: as a context manager, or as a decorator.

        with model_execution("IsolationForest", "1.0.0", "AnomalyDetectionApp") as execution:
            found = model.predict(data)
            execution.details["anomalies_count"] = int((found == -1).sum())

    The documents hold `response_time` in seconds, `cpu_usage` in percent of one core and `memory_usage` in MB
    (of 1,048,576 bytes; what the process has in memory at the end), both of the whole process. An exception is sent as
    `error_message`, and goes on.

    Args:
        name: the model's.
        version: the model's.
        application: the one that runs it.
        details: what both documents say beside; `execution.details` adds to it for the second.
        client: what sends them; by default the one that `configure` made.
    """
    about = {"model_name": name, "model_version": version, "application_name": application}
    return Execution(about, details, client)


def current_execution() -> Execution | None:
    """Return the innermost execution that is going on; in a decorated function, the one that measures it."""
    return _current.get()


def _plain(begin: Callable[[], Execution], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        with begin():
            return function(*args, **options)

    return call


def _coroutine(begin: Callable[[], Execution], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **options: Any) -> Any:
        with begin():
            return await function(*args, **options)

    return call


def _generator(begin: Callable[[], Execution], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Generator[Any, Any, Any]:
        with begin():
            return (yield from function(*args, **options))

    return call


def _async_generator(begin: Callable[[], Execution], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **options: Any) -> AsyncIterator[Any]:
        with begin():
            async for each in function(*args, **options):
                yield each

    return call


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[..., Callable[..., Any]]], ...] = (
    (inspect.iscoroutinefunction, _coroutine),
    (inspect.isasyncgenfunction, _async_generator),
    (inspect.isgeneratorfunction, _generator),
)
