"""Who may call a function over HTTP, where the function itself is the server: nobody who is not known.

A function that is asked by AWS Lambda is not: there the platform knows its callers.
"""

from __future__ import annotations

import re
from hmac import compare_digest
from ipaddress import ip_address
from typing import TYPE_CHECKING

from functions.pipeline.config import Options, environment, load, one_of, setting
from functions.pipeline.errors import PermanentError
from functions.pipeline.secrets import resolved
from functions.pipeline.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What a proxy, or a page in a browser, adds to a request: it comes from this machine, but was not made here.
_MADE_ELSEWHERE = {"forwarded", "x-forwarded-for", "x-real-ip", "via", "origin"}
_NO_OTHER_PAGE = {"none", "same-origin"}  # a browser's Sec-Fetch-Site; an image in a page is asked for without Origin


def _unguessable(value: str) -> str:
    """Take a token that a header can carry, and that nobody finds by trying."""
    if not re.fullmatch(r"[!-~]{16,}", value.strip()):
        raise ValueError("16 or more letters, digits and signs, without blanks")
    return value.strip()


class CallerOptions(Options):
    """What a caller has to show: a token, or nothing where the platform has asked already.

    Where neither is configured, a caller has to be on the same machine.
    """

    token: str | None = setting("PIPELINE_HTTP_TOKEN", _unguessable, None, secret=True)
    checked_by: str = setting("PIPELINE_HTTP_CHECKED_BY", one_of("function", "platform"), "function")


class UnknownCallerError(PermanentError):
    """A caller showed nothing, or the wrong thing (HTTP 401)."""


def admit_request(peer: str | None, headers: Iterable[tuple[str, str]]) -> None:
    """Let a caller in as the process's environment says, or not, which is logged.

    Args:
        peer: the address at the other end of the connection; None where there is none.
        headers: the request's, each a name in any case and a value.

    Raises:
        UnknownCallerError: it may not come in.
        ConfigError, TransientError: the token that it should show cannot be had: nobody comes in.
    """
    (options,) = load(resolved(environment(), [CallerOptions]), CallerOptions)
    try:
        admit(options, peer, headers)
    except UnknownCallerError as error:
        log("WARNING", str(error), error=type(error).__name__, peer=peer)
        raise


def admit(options: CallerOptions, peer: str | None, headers: Iterable[tuple[str, str]]) -> None:
    """Let a caller in, or not.

    Args:
        options: what a caller has to show.
        peer: the address at the other end of the connection; None where there is none.
        headers: the request's, each a name in any case and a value.

    Raises:
        UnknownCallerError: it may not come in; the message does not say how near it was.
    """
    sent = {name.lower(): value for name, value in headers}
    if options.token:
        if not _shows(options.token, sent.get("authorization", "")):
            raise UnknownCallerError(
                "The caller is unknown. Send the header Authorization: Bearer, with this server's PIPELINE_HTTP_TOKEN"
            )
    elif options.checked_by != "platform" and not is_here(peer, sent):
        raise UnknownCallerError(
            "This server answers its own machine only. Set PIPELINE_HTTP_TOKEN, for callers to send; or "
            "PIPELINE_HTTP_CHECKED_BY=platform where the platform refuses unknown callers before it asks the function"
        )


def _shows(expected: str, authorization: str) -> bool:
    scheme, _, shown = authorization.partition(" ")
    # The time that this takes does not depend on how many characters are right.
    return compare_digest(shown.strip().encode(), expected.encode()) and scheme.lower() == "bearer"


def is_here(peer: str | None, sent: Mapping[str, str]) -> bool:
    """Say whether a request was made on this machine, and by no page of another site in a browser.

    Args:
        peer: the address at the other end of the connection; None where there is none.
        sent: the request's headers, by name in lower case.
    """
    if not _MADE_ELSEWHERE.isdisjoint(sent) or sent.get("sec-fetch-site", "none") not in _NO_OTHER_PAGE:
        return False
    try:
        return ip_address(peer or "").is_loopback
    except ValueError:  # a socket file, say
        return False
