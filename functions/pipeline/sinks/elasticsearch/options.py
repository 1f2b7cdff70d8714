"""Where Elasticsearch is, and how to sign in there."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from functions.pipeline.config import Options, http_url, setting, text, whole

if TYPE_CHECKING:
    import ssl
    from pathlib import Path


def server_url(value: str) -> str:
    """Take an http:// or https:// address with a host, and a port that is a number if there is one."""
    url = http_url(value.strip())
    if not _is_address(url):
        raise ValueError("an address such as https://host:9200")
    return url


def host(value: str) -> str:
    """Take a host's name, `name:port`, or a whole address."""
    name = value.strip().rstrip("/")
    if not _is_address(name if "://" in name else f"http://{name}"):
        raise ValueError("a host's name such as localhost, or an address such as https://host:9200")
    return name


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        name = (parts.hostname or "").encode("idna")
        return parts.scheme in ("http", "https") and bool(name) and parts.port != 0 and " " not in url
    except ValueError:  # the port is not a number, or the name has an empty part
        return False


def api_key(value: str) -> str:
    """Take a key that fits into a header; the error does not repeat it."""
    key = value.strip()
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("the encoded API key, or id:key")
    return key


def certificate(value: str) -> Path:
    """Take the path of a readable file."""
    from pathlib import Path  # slow to import, and few have such a file

    path = Path(os.path.expanduser(value))  # noqa: PTH111 (it leaves an unknown user as it is)
    if not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError("the path of a readable file with the authority's certificate (PEM)")
    return path


class ElasticsearchOptions(Options):
    """How to reach Elasticsearch. ELASTICSEARCH_URL wins over host and port, an API key over user and password.

    `host` may be a whole address too. A port inside it wins over `port`. `api_key` is the encoded form, or "id:key".
    """

    host: str | None = setting("ELASTICSEARCH_HOST", host, None, secret=True)  # may hold a password
    port: int = setting("ELASTICSEARCH_PORT", whole(1, 65535, "the port"), 9200)
    url: str | None = setting("ELASTICSEARCH_URL", server_url, None, secret=True)  # likewise
    api_key: str | None = setting("ELASTICSEARCH_API_KEY", api_key, None, secret=True)
    user: str | None = setting("ELASTICSEARCH_USER", text, None)
    password: str | None = setting("ELASTICSEARCH_PASSWORD", str, None, secret=True)
    ca_cert: Path | None = setting("ELASTICSEARCH_CA_CERT", certificate, None)

    def __repr__(self) -> str:
        """Show the address only: the other fields may hold credentials."""
        return f"ElasticsearchOptions(address={self.address!r})"

    @property
    def address(self) -> str | None:
        """The server's address without credentials ("http://localhost:9200"), or None when none is configured."""
        parts = self._parts
        if parts is None:
            return None
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl().rstrip("/")

    @property
    def shown(self) -> str:
        """The address as messages name it: "localhost:9200"."""
        return (self.address or "not configured").removeprefix("http://")

    @property
    def authorization(self) -> str | None:
        """The Authorization header, if there is anything to sign in with."""
        if self.api_key:
            return f"ApiKey {_base64(self.api_key) if ':' in self.api_key else self.api_key}"
        user, password = self.user, self.password
        if user is None and self._parts is not None and self._parts.username:
            user, password = unquote(self._parts.username), unquote(self._parts.password or "")
        return None if user is None else f"Basic {_base64(user + ':' + (password or ''))}"

    @property
    def _parts(self) -> SplitResult | None:
        if self.url is not None:
            return urlsplit(self.url)
        if self.host is None:
            return None
        parts = urlsplit(self.host if "://" in self.host else f"http://{self.host}")
        return parts if parts.port else parts._replace(netloc=f"{parts.netloc}:{self.port}")


def _base64(value: str) -> str:
    return b64encode(value.encode()).decode()


def tls_context(options: ElasticsearchOptions) -> ssl.SSLContext:
    """Make the context that verifies the server by the configured authority, or else by the system's."""
    import ssl  # a server on the same machine has no TLS

    return ssl.create_default_context(cafile=options.ca_cert)
