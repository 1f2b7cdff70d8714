"""One execution environment: a function's process, started again when it ended, and the log of each invocation."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .report import Report, error_type, framed, platform_error
from .runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .runtime_api import Happening

_INIT_LIMIT_S = 10.0  # a process that is not ready by then starts again in its first invocation, as on AWS


@dataclass(frozen=True)
class Function:
    """What to run, and its limits. `variables` are its environment variables, Lambda's own among them."""

    handler: str
    folder: Path
    version: str
    timeout_s: float
    memory_mb: int
    variables: Mapping[str, str]


class Invocation(NamedTuple):
    """One event for a function."""

    id: str
    function_arn: str
    event: bytes
    trace: str = ""


class Outcome(NamedTuple):
    """What an invocation came to: the function's answer or the error, as JSON, and the log."""

    body: bytes
    failed: bool
    log: str


class Environment:
    """One execution environment, for one invocation at a time.

    Args:
        function: what to run.
        python: the interpreter, with awslambdaric.
        init_limit_s: how long the start may take before the first invocation.
    """

    def __init__(self, function: Function, python: Path, init_limit_s: float = _INIT_LIMIT_S) -> None:
        self._function = function
        self._python = python
        self._init_limit_s = init_limit_s
        self._log = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (open as long as the environment)
        weakref.finalize(self, self._log.close)
        fcntl.fcntl(self._log, fcntl.F_SETFL, os.O_APPEND)  # the process goes on at the end, wherever that is by then
        self._runtime: Runtime | None = None
        self._init_ms: float | None = None  # of the start, until an invocation reports it
        self._fault: Happening | None = None  # of the start, likewise
        self._used_mb = 0
        self._stopped = False

    def start(self) -> None:
        """Start the process, and wait until it is ready, has failed, or has taken too long.

        A function that fails to initialize says so in its first invocation, as on AWS.

        Raises:
            OSError: the interpreter or the code's folder is missing.
        """
        begun = time.monotonic()
        if self._launch(begun + self._init_limit_s) or self._fault:
            self._init_ms = (time.monotonic() - begun) * 1000

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run the function on one event, in the process that is there or in a new one."""
        begun = time.monotonic()
        until = begun + self._function.timeout_s
        ready = self._fault is None and (self._alive or self._launch(until))
        happening = self._run(invocation, until) if ready else self._fault
        self._fault = None
        return self._outcome(invocation, happening, (time.monotonic() - begun) * 1000)

    def printed(self) -> str:
        """Return what the function printed since its last invocation ended."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        """Stop the process for good; an invocation under way fails."""
        self._stopped = True
        self._end()

    @property
    def _alive(self) -> bool:
        return self._runtime is not None and self._runtime.alive

    def _launch(self, until: float) -> bool:
        """Start a process; say whether it was ready in time. If it failed, how is kept, and nothing is left of it."""
        self._end()
        self._runtime = Runtime(self._python, self._function.folder, self._variables(), self._log)
        if self._stopped:  # meanwhile
            self._end()
        happening = self._runtime.wait(until, "ready", "init_error")
        if happening and happening.kind == "ready":
            self._used_mb = self._runtime.used_mb()
            return True
        self._fault = happening
        self._end()
        return False

    def _end(self) -> None:
        if self._runtime:
            self._runtime.end()

    def _variables(self) -> dict[str, str]:
        # Lambda's code folder is read-only: a function gets the bytecode that its package holds, and no other.
        own = {"PATH": os.defpath, "LANG": "en_US.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        return {**own, **self._function.variables, "LAMBDA_TASK_ROOT": str(self._function.folder)} | {
            "_HANDLER": self._function.handler
        }

    def _run(self, invocation: Invocation, until: float) -> Happening | None:
        """Let the process have the invocation; return what came of it, None when the time was up."""
        deadline = time.time() + until - time.monotonic()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace,
        }
        self._runtime.api.give(invocation.event, headers)
        happening = self._runtime.wait(until, "response", "error", invocation=invocation.id)
        self._used_mb = self._runtime.used_mb() or self._used_mb  # a process that exited has no memory to measure
        if happening is None or happening.kind == "exit":
            self._end()
        return happening

    def _outcome(self, invocation: Invocation, happening: Happening | None, duration_ms: float) -> Outcome:
        body = self._body(invocation.id, happening)
        failed = happening is None or happening.kind != "response"
        error = error_type(body) if failed else ""
        function, init_ms = self._function, self._init_ms
        report = Report(invocation.id, duration_ms, function.memory_mb, self._used_mb, init_ms, error)
        log = framed(self.printed(), report, function.version)
        self._log.truncate(0)
        self._init_ms = None
        return Outcome(body, failed, log)

    def _body(self, invocation: str, happening: Happening | None) -> bytes:
        if happening is None:
            message = f"Task timed out after {self._function.timeout_s:.2f} seconds"
            return platform_error("Sandbox.Timedout", invocation, message)
        if happening.kind == "exit":
            message = f"Runtime exited with error: {happening.body.decode()}"
            return platform_error("Runtime.ExitError", invocation, message)
        return happening.body
