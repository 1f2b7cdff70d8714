"""Who may send: whoever shows one of the configured tokens; without any, who is on the same machine."""

from __future__ import annotations

import re
import time
from hmac import compare_digest
from threading import Lock
from typing import TYPE_CHECKING

from functions.ingest.messages import Refusal
from functions.pipeline.callers import CallerOptions, is_here
from functions.pipeline.config import Options, load, setting
from functions.pipeline.errors import ConfigError
from functions.pipeline.secrets import forget, resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.ingest.messages import Request

_CHECKED_BY = "PIPELINE_HTTP_CHECKED_BY"  # the other way in, a token for all functions, is not for senders
_PAUSE = 60  # seconds between two looks at a secret that may have changed
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="trilog"'}


def _tokens(value: str) -> tuple[str, ...]:
    """Take tokens that a header can carry, and that nobody finds by trying."""
    found = tuple(value.replace(",", " ").split())
    if not found or not all(re.fullmatch(r"[!-~]{16,}", each) for each in found):
        raise ValueError("tokens of 16 or more letters, digits and signs each, with blanks or commas between them")
    return found


class TokenOptions(Options):
    """The tokens of which a sender has to show one: several, while one is replaced by another."""

    tokens: tuple[str, ...] | None = setting("PIPELINE_INGEST_TOKENS", _tokens, None, secret=True)


class Tokens:
    """Admits requests, by the process's environment or what that refers to.

    Raises:
        ConfigError, TransientError: the tokens cannot be had; or there are none, though others may call (when made).
    """

    def __init__(self, environment: Mapping[str, str], *, served_here: bool) -> None:
        """Look for the tokens; `served_here` says that requests may come from this machine, and tell so."""
        self._environment = environment
        self._lock = Lock()
        self._tokens = self._found()
        self._looked = time.monotonic()
        (callers,) = load({name: environment[name] for name in environment if name == _CHECKED_BY}, CallerOptions)
        self._checked = callers.checked_by == "platform"
        if not (self._tokens or self._checked or served_here):
            raise ConfigError(
                "PIPELINE_INGEST_TOKENS: not set, and anybody could send records. Set it to ssm:/name/of/parameter or "
                "secretsmanager:name, where tokens are kept; or PIPELINE_HTTP_CHECKED_BY=platform, where the platform "
                "refuses unknown callers before it asks the function"
            )

    def admit(self, request: Request) -> None:
        """Let a request in.

        A token that is not known may be new: the secret is looked at again, at most once a minute.

        Raises:
            Refusal: the request may not come in (401).
            ConfigError, TransientError: the secret cannot be looked at.
        """
        if not self._tokens:
            if not self._checked and not is_here(request.peer, request.headers):
                raise Refusal(
                    401,
                    "Without PIPELINE_INGEST_TOKENS, records are taken from this machine only. Set it, and send one of "
                    "the tokens in the header Authorization: Bearer",
                    _CHALLENGE,
                )
        elif not (self._known(request) or (self._look_again() and self._known(request))):
            raise Refusal(
                401, "The token is unknown. Send one that is valid in the header Authorization: Bearer", _CHALLENGE
            )

    def _known(self, request: Request) -> bool:
        """Compare with every token; the time that this takes tells nothing of how much is right."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        sent = shown.strip().encode("utf-8", "replace")
        equal = [compare_digest(sent, each.encode()) for each in self._tokens]
        return any(equal) and scheme.lower() == "bearer"

    def _look_again(self) -> bool:
        with self._lock:
            if time.monotonic() - self._looked < _PAUSE:
                return False
            self._looked = time.monotonic()
            forget()
            self._tokens = self._found() or self._tokens
            return True

    def _found(self) -> tuple[str, ...]:
        (options,) = load(resolved(self._environment, [TokenOptions]), TokenOptions)
        return options.tokens or ()
