"""What it means when a Space cannot be read: the error to raise, by all that was seen of the Space. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.errors import PermanentError, TransientError, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.errors import TrilogError

UNAUTHORIZED, TOO_MANY, UNAVAILABLE = 401, 429, 503
ASKED, REFUSED = "asked", "refused"  # what a Space's own login did
_FAILED = 500
_OLDEST = 4  # version of Gradio
_CLOSED = (UNAUTHORIZED, 403, 404)  # Hugging Face answers 404 for private Spaces


class Seen(NamedTuple):
    """What is known of a Space when something fails; none of it is secret.

    Attributes:
        url: its address, as it may be shown.
        deadline_s: seconds in which it had to be read.
        too_late: these are over.
        has_token: a token was sent with each request.
        connected: it has answered as a Gradio Space before.
        status: of its last response, unless that was a success: then 0.
        sent_to: where that response redirected to, if anywhere.
        login: whether the Space's own login (`launch(auth=…)`) ASKED for a user, or REFUSED ours; "": neither.
    """

    url: str
    deadline_s: float
    too_late: bool
    has_token: bool
    connected: bool
    status: int
    sent_to: str
    login: str = ""


def named(error: Exception, reason: str, seen: Seen) -> TrilogError:
    """Say what an error of the client means; the last HTTP status often tells more than the error's class.

    Args:
        error: what the client raised.
        reason: the text of that, without secrets.
        seen: what was known of the Space by then.
    """
    url, status = seen.url, seen.status
    if status == TOO_MANY:
        return TransientError(
            "The Gradio Space is asked too often. URL: {url} (HTTP 429). Run again later.",
            url=url,
        )
    if status == UNAVAILABLE:
        return starting("HTTP 503", seen)
    if isinstance(error, TimeoutError) or seen.too_late:
        return TransientError(
            "The Gradio Space did not answer in time. URL: {url} (waited {deadline_s:g} s). Run again, or "
            "raise GRADIO_TIMEOUT.",
            url=url,
            deadline_s=seen.deadline_s,
        )
    if _is_of_transport(error):
        return TransientError(
            "Cannot reach the Gradio API. URL: {url} (the host does not answer: {reason}). Check GRADIO_URL "
            "and the connection.",
            url=url,
            reason=reason,
        )
    if seen.connected or status >= _FAILED:
        return TransientError(
            "The Gradio Space broke off. URL: {url} ({reason}). Run again later.",
            url=url,
            reason=reason,
        )
    return _closed_door(seen)


def _closed_door(seen: Seen) -> PermanentError:
    """Say what is wrong when what answers is no Space that lets us in."""
    url, status = seen.url, seen.status
    if seen.login:
        return _login(seen)
    if seen.sent_to:
        return PermanentError(
            "The Gradio Space is elsewhere, or wants a login. URL: {url} (it redirects to {target}). "
            "Set GRADIO_URL to the Space's own address; for a private Space, set HF_TOKEN.",
            url=url,
            target=seen.sent_to,
        )
    if status not in _CLOSED:
        return PermanentError(
            "There is no Gradio API. URL: {url} (it answers with something else, perhaps a login page). "
            "Check GRADIO_URL; for a private Space, set HF_TOKEN.",
            url=url,
        )
    if seen.has_token:
        return Unauthorized(
            "The Gradio Space refuses the token, or does not exist. URL: {url} (HTTP {status}). "
            "Check that HF_TOKEN is valid and may read this Space, and check GRADIO_URL.",
            url=url,
            status=status,
        )
    return PermanentError(
        "The Gradio Space is private, or does not exist. URL: {url} (HTTP {status}). "
        "Set HF_TOKEN to a token that may read this Space, or check GRADIO_URL.",
        url=url,
        status=status,
    )


def _login(seen: Seen) -> PermanentError:
    """Say that a Space lets only users in whom it knows itself."""
    if seen.login == REFUSED:
        return PermanentError(
            "The Gradio Space refuses the user or the password. URL: {url} (HTTP {status}). Check GRADIO_AUTH, which "
            "is user:password as in the Space's launch(auth=…); if the Space has no login, unset it.",
            url=seen.url,
            status=seen.status,
        )
    return PermanentError(
        "The Gradio Space has a login of its own. URL: {url} (HTTP {status}). Set GRADIO_AUTH to user:password, as in "
        "the Space's launch(auth=…).",
        url=seen.url,
        status=seen.status,
    )


def check_version(config: Mapping[str, Any], url: str) -> None:
    """Raise PermanentError if a Space's configuration is one of Gradio 3 or older.

    The client does not speak the protocol of those; and it would send our headers to a third party, to have their API
    described there.
    """
    version = str(config.get("version") or "2")
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < _OLDEST:
        raise PermanentError(
            "The Gradio Space runs Gradio {version}, whose API cannot be called any more. URL: {url}. Upgrade it to "
            "Gradio 4 or newer (sdk_version in its README.md), or read its container's log: --source hf://owner/space",
            version=version,
            url=url,
        )


def starting(told: str, seen: Seen) -> TransientError:
    """Say that the Space does not run yet; `told` is the sign of it."""
    return TransientError(
        "The Gradio Space is asleep, starting or paused. URL: {url} ({seen}, for {deadline_s:g} s). Run "
        "again in some minutes; a paused one must be restarted by its owner.",
        url=seen.url,
        seen=told,
        deadline_s=seen.deadline_s,
    )


def _is_of_transport(error: Exception) -> bool:
    """Tell whether no HTTP answer came at all. By name, for gradio_client uses httpx, and huggingface_hub httpx2."""
    return any(kind.__name__ == "TransportError" for kind in type(error).__mro__)
