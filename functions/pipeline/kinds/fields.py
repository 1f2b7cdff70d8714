"""The fields of an event, and what takes them out of the JSON objects that programs log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.values import fit, named, number, whole, word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.kinds import Found, Kind

_SHARED = named(
    transaction_id=word,
    http_method=word,
    http_path=word,
    status_code=whole(2**31 - 1),
    execution_time_ms=number,
) | {"method": ("http_method", word), "path": ("http_path", word)}  # as the Space sends them


class Fields:
    """Takes the members of JSON objects as fields of an event: those that all events share, and those of each kind.

    Attributes:
        names: the members that are known.
    """

    def __init__(self, kinds: Iterable[Kind]) -> None:
        kinds = tuple(kinds)
        self._takers = dict(_SHARED)
        for kind in kinds:
            self._takers |= kind.takers
        reading = ((kind, kind.read_object) for kind in kinds if kind.read_object)
        self._readers = [(kind.names, kind.name, read_object) for kind, read_object in reading]
        self.names = self._takers.keys() | {name for names, *_ in self._readers for name in names}

    def take(self, fields: dict[str, Any], sent: dict[str, Any]) -> Found:
        """Take an object's members into an event's fields; return the documents of other kinds that it holds.

        What there is no field for, or what does not fit its field, is in the event's `data`.
        """
        found: Found = None
        for names, kind, read in self._readers:
            document = None if names.isdisjoint(sent) else read(sent, fields)
            if document is not None:
                found = {kind: document} if found is None else found | {kind: document}
        if sent:
            rest = fit(sent, self._takers, fields)
            if rest:
                fields["data"] = fields.get("data", {}) | rest
        return found
