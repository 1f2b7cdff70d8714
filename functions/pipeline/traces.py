"""Tracebacks that stand by themselves, without a line of a known layout before them: where they begin and go on."""

from __future__ import annotations

import re
from typing import Self

_BEGINS = re.compile(
    rb"Traceback \(most recent call last\):|\s*\+ Exception Group Traceback |Exception in thread |"
    rb"panic: |goroutine \d+ \[|(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)\b"
)
_GOES_ON = re.compile(
    rb"\s|$|Traceback \(most recent call last\):|During handling of the above exception|The above exception was |"
    rb"Caused by: |Suppressed: |\.\.\. \d+ more|goroutine \d+ \[|created by |\+-|\[signal |exit status "
)
_NAMES = re.compile(rb"[A-Za-z_][\w.]{0,200}(?::|$)")


class Trace:
    """A traceback on its way: it ends after the line that names the exception, unless a chain goes on."""

    def __init__(self) -> None:
        self._named = False

    @classmethod
    def begun_by(cls, line: bytes) -> Self | None:
        """Return a traceback if the line begins one."""
        return cls() if _BEGINS.match(line) else None

    def goes_on(self, line: bytes) -> bool:
        """Say whether the next line still belongs to it."""
        if _GOES_ON.match(line):
            self._named = self._named and not line.startswith(b"Traceback")
            return True
        if not self._named and _NAMES.match(line):
            self._named = True
            return True
        return False
