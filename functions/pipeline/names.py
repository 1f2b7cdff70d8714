"""The names of the indexes, and of the tables of the embedded store."""

from __future__ import annotations

import re

from functions.pipeline.config import Options, one_of, setting
from functions.pipeline.documents import LOGS

_LENGTHS = {"year": 4, "month": 7, "day": 10}  # how much of "2025-01-20…" names the period
PERIODS = ("none", *_LENGTHS)


def index_name(value: str) -> str:
    """Take a name that Elasticsearch accepts for an index."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,199}", value):
        raise ValueError("an index name: lower-case letters, digits, - _ and .")
    return value


class IndexNames(Options):
    """How indexes are called: `ml-api-logs`, or `ml-api-logs-2025.01` by the record's own date when a period is set."""

    logs: str = setting("ELASTICSEARCH_INDEX", index_name, "ml-api-logs")
    period: str = setting("ELASTICSEARCH_INDEX_PERIOD", one_of(*PERIODS), "none")

    def base(self, kind: str) -> str:
        """Name a kind's index, or what its indexes' names begin with: `ml-api-message` beside `ml-api-logs`."""
        return self.logs if kind == LOGS else f"{self.logs.removesuffix('-logs')}-{kind}"

    def index(self, kind: str, timestamp: str) -> str:
        """Name the index that a document of this kind and time belongs to."""
        if self.period == "none":
            return self.base(kind)
        return f"{self.base(kind)}-{timestamp[: _LENGTHS[self.period]].replace('-', '.')}"

    def is_of_period(self, kind: str, name: str) -> bool:
        """Say whether one of this kind's indexes is called as the present period calls them, and not as another."""
        dated = self.index(kind, "0000-00-00")
        return re.sub(r"\d", "0", name) == re.sub(r"\d", "0", dated)
