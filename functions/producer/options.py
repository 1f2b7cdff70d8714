"""What is sent, and how fast; with the names that the users' own producer has for it."""

from __future__ import annotations

from functions.pipeline.config import Options, number, one_of, setting, text
from functions.pipeline.levels import level

_YES = ("true", "yes", "on", "1")


def _level(value: str) -> str:
    """Take the name of a level; any other text, which may be meant for another program, is the default."""
    return level(value) or "INFO"


class ProducerOptions(Options):
    """The file; whether runs are sent with the gaps that were between them, and how many times faster; what is said."""

    file: str = setting("LOGS_FILE_PATH", text, "logs.json")
    realtime: str = setting("SIMULATE_REALTIME", one_of("false", "true", "no", "yes", "off", "on", "0", "1"), "false")
    speed: float = setting("SIMULATE_SPEED", number(0.001, "times the real speed"), 1.0)
    level: str = setting("LOG_LEVEL", _level, "INFO")

    @property
    def simulates(self) -> bool:
        """Say whether the gaps between runs are kept."""
        return self.realtime in _YES
