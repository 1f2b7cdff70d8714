"""Where Loki is, and how to sign in there."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlsplit

from functions.pipeline.config import Options, http_url, setting, text

_PUSH = "/loki/api/v1/push"


def _server_url(value: str) -> str:
    """Take an address, with or without the path to which others push, but without credentials: it is shown."""
    url = http_url(value.strip()).removesuffix(_PUSH)
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number
        known = False
    plain = url.isascii() and url.isprintable() and " " not in url
    if not known or not plain or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(
            "an address such as http://localhost:3100; credentials stand in LOKI_USERNAME and LOKI_PASSWORD"
        )
    return url


def _header_value(value: str) -> str:
    """Take what fits into a header; the error does not repeat it."""
    found = value.strip()
    if not (found.isascii() and found.isprintable()):
        raise ValueError("ASCII characters in one line")
    return found


class LokiOptions(Options):
    """The address, the tenant, and either a user and a password or a token. No address: no Loki."""

    url: str | None = setting("LOKI_URL", _server_url, None)
    tenant: str | None = setting("LOKI_TENANT", _header_value, None)
    user: str | None = setting("LOKI_USERNAME", text, None)
    password: str | None = setting("LOKI_PASSWORD", str, None, secret=True)
    token: str | None = setting("LOKI_BEARER_TOKEN", _header_value, None, secret=True)

    @property
    def shown(self) -> str:
        """The address as messages name it: "localhost:3100"."""
        return (self.url or "not configured").removeprefix("http://")

    @property
    def authorization(self) -> str | None:
        """The Authorization header, if there is anything to sign in with."""
        if self.token:
            return f"Bearer {self.token}"
        if self.user is None:
            return None
        return "Basic " + b64encode(f"{self.user}:{self.password or ''}".encode()).decode()

    @property
    def headers(self) -> dict[str, str]:
        """The header that names the tenant, where there are several."""
        return {"X-Scope-OrgID": self.tenant} if self.tenant else {}
