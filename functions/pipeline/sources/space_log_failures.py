"""What it means when a container's log cannot be read: the error to raise, by what Hugging Face answered. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.errors import PermanentError, TransientError, Unauthorized

if TYPE_CHECKING:
    from functions.pipeline.errors import TrilogError

_REFUSED = (401, 403, 404)
_TOO_MANY = 429
_FAILED = 500
_STARTING = ("BUILDING", "APP_STARTING")
_HEALTHY = ("RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING", "SLEEPING")


class Asked(NamedTuple):
    """Which log was asked for: the Space, `run` or `build`, within how many seconds, and whether with a token."""

    space: str
    logs: str
    deadline_s: float
    has_token: bool


def named(error: Exception, asked: Asked, reason: str) -> TrilogError:
    """Say what an error of huggingface_hub means.

    Args:
        error: what it raised.
        asked: for which log.
        reason: the text of that, without secrets.
    """
    status = getattr(getattr(error, "response", None), "status_code", 0)
    values = {"space": asked.space, "logs": asked.logs, "status": status, "reason": reason}
    if status in _REFUSED and asked.has_token:
        return Unauthorized(
            "Hugging Face does not show the {logs} log of {space} to this token (HTTP {status}). Check the Space's "
            "name, and that HF_TOKEN is valid and may write to this Space: others do not see its logs.",
            **values,
        )
    if status in _REFUSED:
        return PermanentError(
            "Hugging Face does not show the {logs} log of {space} without a token (HTTP {status}). Set HF_TOKEN to "
            "one that may write to this Space, or check its name.",
            **values,
        )
    if status == _TOO_MANY or status >= _FAILED:
        return TransientError(
            "Hugging Face does not give the {logs} log of {space} for now (HTTP {status}). Run again later.", **values
        )
    if status:
        return PermanentError(
            "Hugging Face cannot give the {logs} log of {space} (HTTP {status}: {reason}). Check the Space's name.",
            **values,
        )
    return TransientError(
        "Cannot read the {logs} log of {space} from Hugging Face ({reason}). Check the connection, and run again.",
        **values,
    )


def too_late(asked: Asked) -> TransientError:
    """Say that nothing new came before the time was over."""
    return TransientError(
        "Hugging Face did not send the {logs} log of {space} in time (waited {deadline_s:g} s). Run again, or raise "
        "GRADIO_TIMEOUT.",
        space=asked.space,
        logs=asked.logs,
        deadline_s=asked.deadline_s,
    )


def not_running(stage: str, asked: Asked) -> TrilogError | None:
    """Say why a Space has no log; None where it has a container, which has just written nothing."""
    if stage in _HEALTHY:
        return None
    values = {"space": asked.space, "stage": stage}
    if stage in _STARTING:
        return TransientError("{space} has no log yet: Hugging Face says {stage}. Run again in some minutes.", **values)
    return PermanentError(
        "{space} has no log: it is not running (Hugging Face says {stage}). Its owner has to restart or repair it "
        "there; for the log of its build: hf://{space}?logs=build",
        **values,
    )
