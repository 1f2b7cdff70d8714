"""Batches of records, which are sent together."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Batch:
    """Some records.

    Attributes:
        content: a line of JSON for each, with its line feed.
        records: how many there are.
        key: the same whenever the batch is sent again, after a restart too.
    """

    content: bytes
    records: int
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
