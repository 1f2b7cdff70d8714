"""Which Gradio Space to read, and how; apart from the reading, for a configuration is checked without it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from functions.pipeline.config import Options, http_url, number, setting

_SPACE_NAME = r"(?a)(?:https?://huggingface\.co/spaces/)?([\w.-]+/[\w.-]+)/?"


def space_address(value: str) -> str:
    """Take an http:// or https:// address, or a Space's name on Hugging Face (`owner/space`, or its page's address)."""
    value = value.strip()
    if name := re.fullmatch(_SPACE_NAME, value):
        return name[1]
    try:
        if urlsplit(http_url(value)).hostname:
            return http_url(value)
    except ValueError:
        pass
    raise ValueError("an address that starts with http:// or https://, or a Hugging Face Space (owner/space)")


def access_token(value: str) -> str:
    """Take a token that can be sent in an HTTP header."""
    if not re.fullmatch(r"[!-~]+", value.strip()):
        raise ValueError("a token of letters, digits and signs, without blanks")
    return value.strip()


def user_and_password(value: str) -> tuple[str, str]:
    """Take `user:password`; the password may have colons."""
    user, _, password = value.partition(":")
    if not user or not password:
        raise ValueError("user:password")
    return user, password


class GradioOptions(Options):
    """Which Space, how to be let in, and the seconds in which one whole reading must be done."""

    url: str = setting("GRADIO_URL", space_address, "")
    token: str | None = setting("HF_TOKEN", access_token, None, secret=True)
    deadline_s: float = setting("GRADIO_TIMEOUT", number(1, "seconds"), 60.0)
    auth: tuple[str, str] | None = setting("GRADIO_AUTH", user_and_password, None, secret=True)
