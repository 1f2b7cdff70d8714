"""A log that a service keeps in a Redis list, newest first: LPUSH puts a line in front, LTRIM drops the oldest."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from functions.pipeline.errors import ConfigError, PermanentError, TransientError, TrilogError
from functions.pipeline.fingerprints import PLAIN
from functions.pipeline.redaction import NO_REDACTION
from functions.pipeline.sources.place import namespace
from functions.pipeline.sources.window import Page, Rules, check_position, read_new, readings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.fingerprints import Fingerprints
    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sources import Position, Reading
    from functions.pipeline.sources.redis_options import RedisOptions

_TIMEOUT = 10.0  # seconds for connecting, and for each answer
_PAGE = 1000  # entries asked for at once


class RedisListSource:
    """Reads what is new in a list since the last lines emitted, each line once (see `window`).

    An entry is one line as it was pushed: a JSON object as the Space's `/logs_api` gives them, or text. `redaction`
    hides what errors of the server show of entries; `fingerprints` recognise lines that were read before.
    """

    def __init__(
        self, options: RedisOptions, redaction: Redaction = NO_REDACTION, fingerprints: Fingerprints = PLAIN
    ) -> None:
        if not options.host:
            raise ConfigError("REDIS_HOST: not set; expected the name of a Redis server")
        self._options, self._redaction, self._rules = options, redaction, Rules(page=_PAGE, fingerprints=fingerprints)

    @property
    def name(self) -> str:
        """The server, its database and the list's key, and a hash of all; the same with TLS and without."""
        return namespace(self._address("redis"))

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield what is new, as `Source.read` says. The list is read before the first lines are yielded."""
        check_position(position, self.name, self._rules.fingerprints)
        with self._connected() as client:
            news = read_new(lambda count, offset: self._page(client, count, offset), position, self._rules)
        yield from readings(news, position, size, limit, self._rules)

    def check(self) -> str:
        """Say how many lines the list holds; raise as `read` does."""
        with self._connected() as client:
            return f"{self._page(client, 1, 0).total} lines held"

    def _page(self, client: Any, count: int, offset: int) -> Page:  # noqa: ANN401 (redis is imported where it is used)
        """Read entries and their number at one moment, in a transaction."""
        with client.pipeline(transaction=True) as both:
            both.llen(self._options.key)
            both.lrange(self._options.key, offset, offset + count - 1)
            total, entries = both.execute()
        return Page([entry.rstrip(b"\r\n") for entry in entries], total)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        try:
            import redis
        except ImportError as error:
            from functions.pipeline.extras import not_installed

            raise not_installed("redis") from error
        options = self._options
        client = redis.Redis(
            host=options.host,
            port=options.port,
            db=options.db,
            username=options.user,
            password=options.password,
            ssl=options.tls == "on",
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
        )
        try:
            yield client
        except redis.RedisError as error:
            raise self._named(error) from None  # the client's error may repeat what it was given
        finally:
            client.close()

    def _named(self, error: Exception) -> TrilogError:
        """Say what an error of the client means."""
        import redis

        scheme = "rediss" if self._options.tls == "on" else "redis"
        values = {"address": self._address(scheme), "reason": self._shown(error)}
        if isinstance(error, redis.AuthenticationError | redis.exceptions.NoPermissionError):
            return PermanentError(
                "Redis refuses the sign-in, or this user may not read the list. Address: {address} ({reason}). "
                "Check REDIS_USERNAME and REDIS_PASSWORD.",
                **values,
            )
        if isinstance(error, redis.ConnectionError | redis.TimeoutError):
            return TransientError(
                "Cannot reach Redis. Address: {address} ({reason}). Check REDIS_HOST and REDIS_PORT, and that the "
                "server runs.",
                **values,
            )
        return PermanentError(
            "Redis cannot give the log. Address: {address} ({reason}). Check that REDIS_LOGS_KEY names a list, and "
            "REDIS_DB a database.",
            **values,
        )

    def _address(self, scheme: str) -> str:
        """The list's address, without what is secret in it."""
        options = self._options
        return f"{scheme}://{options.host.lower()}:{options.port}/{options.db}?key={options.key}"

    def _shown(self, error: Exception) -> str:
        text = str(error)
        return self._redaction.text(text.replace(self._options.password, "***") if self._options.password else text)
