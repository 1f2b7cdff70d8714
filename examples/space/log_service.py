"""The service that keeps the log. Its deque stands in for the Redis list (LPUSH, LTRIM, LRANGE) behind a real Space."""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from threading import Lock
from typing import Any

Line = dict[str, Any]
"""`timestamp` ("2025-11-18 16:55:02", UTC), `level`, `message`, and `data`: None or an object."""


class LogService:
    """Keeps the last lines, newest first."""

    def __init__(self, keep: int) -> None:
        self._lines: deque[Line] = deque(maxlen=keep)
        self._lock = Lock()

    def append(self, level: str, message: str, data: dict[str, Any] | None = None) -> None:
        """Log one line."""
        self.extend([{"level": level, "message": message, "data": data}])

    def extend(self, lines: Iterable[Line]) -> None:
        """Log lines, oldest first; one without a `timestamp` is logged as of now, one without a `level` as INFO."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        blank = {"timestamp": now, "level": "INFO", "message": "", "data": None}
        with self._lock:
            self._lines.extendleft({**blank, **line} for line in lines)

    def page(self, limit: int, offset: int = 0) -> tuple[int, list[Line]]:
        """Return how many lines there are, and `limit` of them from the `offset`-th newest on."""
        with self._lock:
            return len(self._lines), list(islice(self._lines, offset, offset + limit))

    def clear(self) -> None:
        """Forget all lines."""
        with self._lock:
            self._lines.clear()

    def restart(self) -> None:
        """Begin as after a restart: nothing is left but the first line."""
        self.clear()
        self.append("INFO", "API démarrée avec succès")


def as_text(line: Line) -> str:
    """Format a line as the logger of an older Space wrote it."""
    return "{timestamp} - api - {level} - {message}".format_map(line)
