"""How much may wait, for how long, and how it is sent."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """The bounds of a client; the defaults suit a service of up to some thousand records a second.

    Attributes:
        queue_records: the most records that wait in memory; more are dropped, and counted.
        queue_bytes: the most bytes of them.
        batch_records: the most records of a batch.
        batch_bytes: the bytes after which a batch is full.
        interval: the seconds that a record may wait for others to be sent with.
        timeout: the seconds to wait for the server, each time.
        longest_pause: the most seconds between two tries, unless the server asks for more.
        exit_timeout: the seconds that sending what is left may take when the process ends.
        spool_bytes: the most bytes in the spool, those of all processes together.

    Raises:
        ValueError: one is not above zero.
    """

    queue_records: int = 10_000
    queue_bytes: int = 16 * 1024 * 1024
    batch_records: int = 500
    batch_bytes: int = 1024 * 1024
    interval: float = 1.0
    timeout: float = 10.0
    longest_pause: float = 30.0
    exit_timeout: float = 5.0
    spool_bytes: int = 100 * 1024 * 1024

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} must be above zero")
