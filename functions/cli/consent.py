"""Asking before something is deleted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions.pipeline.errors import ConfigError


def agreed(question: str, refusal: ConfigError) -> bool:
    """Ask on the terminal, and return whether the answer is yes; raise the refusal where there is no terminal."""
    if not sys.stdin.isatty():
        raise refusal
    print(question, end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes", "o", "oui"}
