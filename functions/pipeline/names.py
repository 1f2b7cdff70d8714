"""The names of the indexes, and of the tables of the embedded store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.config import Options, one_of, setting
from functions.pipeline.documents import LOGS
from functions.pipeline.errors import ConfigError
from functions.pipeline.kinds import kinds

if TYPE_CHECKING:
    from functions.pipeline.kinds import Kind

_LENGTHS = {"year": 4, "month": 7, "day": 10}  # how much of "2025-01-20…" names the period
PERIODS = ("none", *_LENGTHS)
_USUAL = "ml-api-logs"


def index_name(value: str) -> str:
    """Take a name that Elasticsearch accepts for an index."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,199}", value):
        raise ValueError("an index name: lower-case letters, digits, - _ and .")
    return value


class IndexNames(Options):
    """How indexes are called: `ml-api-logs`, or `ml-api-logs-2025.01` by the record's own date when a period is set.

    Most are called after the log index. A kind's own index has a setting, under the kind's name; without it, the usual
    name, which another log index than the usual one stands before: `test-ingestion-logs` beside `test-logs`, so that
    two pipelines that share a cluster never share an index.

    Raises:
        ConfigError: two kinds would be in the same index, or an index would have another kind's template as well.
    """

    logs: str = setting("ELASTICSEARCH_INDEX", index_name, _USUAL)
    period: str = setting("ELASTICSEARCH_INDEX_PERIOD", one_of(*PERIODS), "none")

    def __init__(self, *values: object, **named: object) -> None:
        super().__init__(*values, **named)
        vars(self)["_bases"] = bases = {LOGS: self.logs}
        for each in kinds().values():
            bases.setdefault(each.name, self._named(each))
        self._check(bases)

    def _check(self, bases: dict[str, str]) -> None:
        """Refuse a name that is another's, or begins it: in Elasticsearch, one template would be for both."""
        for each in sorted(kinds().values(), key=lambda each: not (each.own_index and getattr(self, each.name))):
            others = [f"{base}-" for kind, base in bases.items() if kind != each.name]
            if each.own_index and any(base.startswith(f"{bases[each.name]}-") for base in others):
                raise ConfigError(
                    "{variable}: {name} is the name of another kind's index, or begins it. Choose another one",
                    variable=each.own_index.variable,
                    name=bases[each.name],
                )

    def _named(self, kind: Kind) -> str:
        stem = self.logs.removesuffix("-logs")
        if kind.own_index is None:
            return f"{stem}-{kind.name}"
        before = "" if self.logs == _USUAL else f"{stem}-"
        return getattr(self, kind.name) or before + kind.own_index.name

    def base(self, kind: str) -> str:
        """Name a kind's index, or what its indexes' names begin with: `ml-api-message` beside `ml-api-logs`."""
        name: str = vars(self)["_bases"][kind]
        return name

    def index(self, kind: str, timestamp: str) -> str:
        """Name the index that a document of this kind and time belongs to."""
        if self.period == "none":
            return self.base(kind)
        return f"{self.base(kind)}-{timestamp[: _LENGTHS[self.period]].replace('-', '.')}"

    def is_of_period(self, kind: str, name: str) -> bool:
        """Say whether one of this kind's indexes is called as the present period calls them, and not as another."""
        dated = self.index(kind, "0000-00-00")
        return re.sub(r"\d", "0", name) == re.sub(r"\d", "0", dated)


IndexNames.settings |= {
    each.name: setting(each.own_index.variable, index_name, None) for each in kinds().values() if each.own_index
}
