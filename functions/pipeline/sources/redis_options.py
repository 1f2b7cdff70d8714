"""Which Redis list to read, and how to sign in; apart from the reading, for a configuration is checked without it."""

from __future__ import annotations

from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from functions.pipeline.config import Options, one_of, setting, text, whole
from functions.pipeline.errors import ConfigError


class RedisOptions(Options):
    """The server, the database in it, and the key of the list."""

    host: str = setting("REDIS_HOST", text, "")
    port: int = setting("REDIS_PORT", whole(1, 65535, "a port"), 6379)
    db: int = setting("REDIS_DB", whole(0, 1_000_000, "a database"), 0)
    key: str = setting("REDIS_LOGS_KEY", text, "api_logs")
    user: str | None = setting("REDIS_USERNAME", text, None)
    password: str | None = setting("REDIS_PASSWORD", str, None, secret=True)
    tls: str = setting("REDIS_TLS", one_of("off", "on"), "off")

    def at(self, address: str) -> Self:
        """Return these options, changed by an address: `redis://user:password@host:port/db?key=api_logs`.

        `rediss://` asks for TLS. What the address leaves out stays.

        Raises:
            ConfigError: it is not of that form. What is in it is not repeated, for it may hold a password.
        """
        try:
            return type(self)(**{**vars(self), **_given(address)})
        except ValueError as error:
            raise ConfigError("--source: expected an address such as redis://host:6379/0?key=api_logs") from error


def _given(address: str) -> dict[str, str | int]:
    """Read what an address says; raise ValueError where it cannot be one of Redis."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    found = {
        "host": parts.hostname,
        "port": parts.port,
        "db": int(parts.path.strip("/")) if parts.path.strip("/") else None,
        "key": query.pop("key", None),
        "user": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
        "tls": "on" if parts.scheme.lower() == "rediss" else None,
    }
    if not parts.hostname or query:
        raise ValueError
    return {name: value for name, value in found.items() if value is not None}
