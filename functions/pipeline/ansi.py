"""Colours and other commands to a terminal, in text that was written for one."""

from __future__ import annotations

import re

ESCAPE = b"\x1b"
_COMMAND = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, the cursor: control sequences
    rb"|\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, links: operating system commands
    rb"|[ -/]*[0-~])"
)


def stripped(line: bytes) -> bytes:
    """Return a line without them."""
    return _COMMAND.sub(b"", line)
