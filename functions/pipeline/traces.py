"""Tracebacks that stand by themselves, without a line of a known layout before them: where they begin and go on.

Those of Python (chains, groups, notes), Java and its kin, Go and Node.
"""

from __future__ import annotations

from typing import Self

from functions.pipeline.expressions import compiled

_BEGINS = (
    rb"Traceback \(most recent call last\):|\s{0,8}\+ Exception Group Traceback |"
    rb'Exception in thread "|Uncaught |panic: |fatal error: |goroutine \d{1,9} \[|'
    rb"(?:[a-z]\w{0,60}\.){1,10}[A-Z]\w{0,80}(?:Exception|Error|Throwable)(?::|$)|"  # java.lang.IllegalStateException:
    rb"[A-Z]\w{0,60}Error: |thread '"  # Node; Rust
)
_GOES_ON = (
    rb"\s|$|Traceback \(most recent call last\):|During handling of the above exception|The above exception was |"
    rb"Caused by: |Suppressed: |\.\.\. \d|goroutine \d|created by |\[signal |exit status |stack backtrace:|note: |"
    rb"[\w./*()\[\]{}-]{1,300}\([^)]{0,500}\)$"  # a frame of Go: main.(*Server).serve(0x1, 0x2)
)
_NAMES = rb"[A-Za-z_][\w.]{0,200}(?::|$)"  # ValueError: bad


class Trace:
    """A traceback on its way: it ends after the line that names the exception, unless a chain goes on."""

    def __init__(self, first: bytes) -> None:
        self._named = not first.startswith(b"Traceback")

    @classmethod
    def begun_by(cls, line: bytes) -> Self | None:
        """Return a traceback if the line begins one."""
        return cls(line) if compiled(_BEGINS).match(line) else None

    def goes_on(self, line: bytes) -> bool:
        """Say whether the next line still belongs to it."""
        if compiled(_GOES_ON).match(line):
            self._named = self._named and not line.startswith(b"Traceback")
            return True
        if not self._named and compiled(_NAMES).match(line):
            self._named = True
            return True
        return False
