"""One process that runs a function, and what it says to its Runtime API."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING

from .runtime_api import Happening, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHILD = Path(__file__).with_name("child.py")


class Runtime:
    """A process, from its start to its end.

    Args:
        python: the interpreter, with awslambdaric and what else a function finds in Lambda's runtime.
        folder: where the function's code is.
        variables: the process's whole environment.
        log: a file opened for appending; takes what the function prints.
    """

    def __init__(self, python: Path, folder: Path, variables: Mapping[str, str], log: IO[bytes]) -> None:
        self._ended = False
        self._happenings: SimpleQueue[Happening] = SimpleQueue()
        self.api = RuntimeApi(self._happenings.put)
        self._process = subprocess.Popen(  # noqa: S603 (running it is what this is for)
            [python, "-P", _CHILD],
            cwd=folder,
            env={**variables, "AWS_LAMBDA_RUNTIME_API": self.api.address},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a group of its own, so that it ends with what it starts
        )
        Thread(target=self._watch, name=f"process-{self._process.pid}", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Say whether the process runs."""
        return self._process.poll() is None

    def wait(self, until: float, *kinds: str, invocation: str = "") -> Happening | None:
        """Wait for the first of some kinds of happening in an invocation, or for the exit, as `time.monotonic` goes.

        Returns:
            The happening; None when there was none in time.
        """
        while True:
            try:
                happening = self._happenings.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                return None
            if happening.kind == "exit" or (happening.kind in kinds and happening.invocation == invocation):
                return happening

    def used_mb(self) -> int:
        """Return the most memory that the process has had in MB (macOS: that it has now); 0 once it has ended."""
        if sys.platform != "linux":
            command = ["/bin/ps", "-o", "rss=", "-p", str(self._process.pid)]
            return int(subprocess.run(command, capture_output=True, check=False).stdout or 0) >> 10  # noqa: S603 (ps)
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM:")), 0)

    def end(self) -> None:
        """Kill the process and what it started, as Lambda does."""
        if self._ended:
            return  # its number may be another process's by now
        self._ended = True
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended; macOS refuses for the dead
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self.api.close()

    def _watch(self) -> None:
        code = self._process.wait()
        how = f"exit status {code}" if code >= 0 else f"signal: {signal.strsignal(-code).lower()}"
        self._happenings.put(Happening("exit", body=how.encode()))
