"""Where a client sends to: what it is told, or else what the environment says."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trilog_client.destinations.urls import open_destination
from trilog_client.limits import Limits
from trilog_client.locks import SUPPORTED

if TYPE_CHECKING:
    from trilog_client.destinations import Destination


@dataclass(frozen=True)
class Settings:
    """Where to send, and the bounds.

    Attributes:
        url: `https://…`, `http://…`, `file:///…`, or `-` for standard output.
        token: what the server knows the application by.
        spool: the folder for what is not sent yet; none if empty.
        limits: the bounds.
    """

    url: str = "-"
    token: str = field(default="", repr=False)
    spool: str = ""
    limits: Limits = field(default_factory=Limits)

    def destination(self) -> Destination:
        """Return where to send.

        Raises:
            ValueError: the URL or the token cannot be used, or there are no locks for a spool on this system.
        """
        if self.spool and not SUPPORTED:
            raise ValueError("TRILOG_SPOOL needs locks on files, which this system does not have")
        return open_destination(self.url, self.token, self.limits.timeout)

    def spool_folder(self) -> Path | None:
        """Return the folder of the spool, whatever the working directory becomes."""
        return Path(self.spool).expanduser().absolute() if self.spool else None


def settings(url: str | None, token: str | None, spool: str | None, limits: Limits | None) -> Settings:
    """Return the settings; what is None is read from TRILOG_URL, TRILOG_TOKEN and TRILOG_SPOOL."""
    return Settings(
        _given(url, "TRILOG_URL") or "-",
        _given(token, "TRILOG_TOKEN"),
        _given(spool, "TRILOG_SPOOL"),
        limits or Limits(),
    )


def _given(value: str | None, variable: str) -> str:
    return (os.environ.get(variable, "") if value is None else value).strip()
