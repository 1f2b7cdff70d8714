"""What runs in each environment's process: Lambda's own Python runtime, on a client of its protocol in plain Python.

The runtime (awslambdaric) comes with a client in C, which exists for Linux only; this one takes its place everywhere.
The process ends with its parent, however that ends: its standard input is a pipe that the parent holds open.
"""

import os
import signal
import sys
import threading
from http.client import HTTPConnection
from types import ModuleType

_VERSION = "/2018-06-01/runtime"
_DEADLINE = "Lambda-Runtime-Deadline-Ms"
_LIFELINE = 0  # standard input


def _end_with_parent() -> None:
    """Kill this process and those that it started once the parent's end of the pipe closes."""
    lifeline = os.dup(_LIFELINE)  # the function finds standard input empty, as on AWS
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _LIFELINE)
    os.close(nothing)
    threading.Thread(target=_wait_for_the_end, args=(lifeline,), name="lifeline", daemon=True).start()


def _wait_for_the_end(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(os.getpgrp(), signal.SIGKILL)


class _Client(ModuleType):
    """The module `runtime_client`, as awslambdaric imports it."""

    def initialize_client(self, _user_agent: str) -> None:
        """Connect to the Runtime API."""
        self._connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def next(self) -> tuple[bytes, dict[str, str | int]]:
        """Wait for the next invocation; return its event and its headers, the deadline as a number."""
        event, headers = self._ask("GET", "/invocation/next")
        return event, {**headers, _DEADLINE: int(headers[_DEADLINE])}

    def post_invocation_result(self, invoke_id: str, result: bytes, content_type: str, _invocation_id: str) -> None:
        """Send what the handler returned."""
        self._ask("POST", f"/invocation/{invoke_id}/response", result, {"Content-Type": content_type})

    def post_error(self, invoke_id: str, error: str, _xray_fault: str, _invocation_id: str) -> None:
        """Send what the handler raised."""
        self._ask("POST", f"/invocation/{invoke_id}/error", error.encode(), {"Content-Type": "application/json"})

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[bytes, dict[str, str]]:
        self._connection.request(method, _VERSION + path, body, headers or {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:  # noqa: PLR2004 (HTTP)
            raise RuntimeError(f"{method} {path}: the Runtime API answers {answer.status}: {content.decode()}")
        return content, dict(answer.getheaders())


def main() -> None:
    """Run the function named by _HANDLER until the process is killed."""
    _end_with_parent()
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    sys.modules["runtime_client"] = _Client("runtime_client")
    from awslambdaric.__main__ import main as run

    run([sys.argv[0], os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
