"""Where the indexing of an object stopped: kept in its store between deliveries, as `progress/<sink>/<hash>.json`.

Nothing is asked of the store for an object that is finished at once: only what comes again, or is large, may have been
begun before, and only what is not finished leaves a mark. A mark is of one version of an object, and void for others.
It is written on condition: of two deliveries at once one is noted, and either mark is true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from functions.indexer.marks import BEGIN, Mark
from functions.pipeline.borders import Border
from functions.pipeline.errors import Conflict, TrilogError
from functions.pipeline.telemetry import log_failure

if TYPE_CHECKING:
    from functions.pipeline.store import Store, StoredObject

LARGE = 4 << 20  # bytes as stored: indexing them takes so long that a request more is nothing


class Resumption:
    """The mark of one object, as this delivery found it and leaves it."""

    def __init__(self, store: Store, name: str, *, again: bool) -> None:
        """Take where it is kept, what the object is called there, and whether it has been delivered before."""
        self._store, self._key, self._again = store, f"progress/{name}.json", again
        self._written: str | None = None  # the version of what is kept
        self._version, self._mark = "", BEGIN

    def begin(self, stored: StoredObject, *, void: bool = False) -> Mark:
        """Return how far the object is indexed; from a void mark, nowhere."""
        if void or stored.version != self._version:
            self._version, self._mark = stored.version, BEGIN
            if stored.version and (void or self._again or stored.size >= LARGE):
                mark = self._load()  # one that is void is known, too, so that it is written over
                self._mark = BEGIN if void else mark
        return self._mark

    def stop(self, mark: Mark) -> None:
        """Keep how far it is indexed by now, if that is further; what cannot be kept is done again."""
        if mark == self._mark or not self._version:
            return
        self._mark = mark
        try:
            self._written = self._store.save(self._key, self._content(mark), self._written)
        except Conflict:
            self._written = None  # another delivery has it; this one goes on from its own
        except TrilogError as error:
            log_failure(error, function="indexer", key=self._key)

    def finish(self) -> None:
        """Leave nothing to go on with."""
        if self._written is not None:
            try:
                self._store.delete(self._key)
            except TrilogError as error:
                log_failure(error, function="indexer", key=self._key)

    def _load(self) -> Mark:
        try:
            content, self._written = self._store.load(self._key) or (b"", None)
            fields = orjson.loads(content)
            if fields.pop("version") != self._version:
                return BEGIN
            times = {name: tuple(fields[name]) for name in ("times", "times_of_records")}
            border = Border(fields["offset"], fields["records"], fields["time"], closing=fields["closing"], **times)
            return Mark(border, fields["done"], fields["plain"])
        except (ValueError, LookupError, TypeError):
            return BEGIN  # there is none, or it is damaged
        except TrilogError as error:
            log_failure(error, function="indexer", key=self._key)
            return BEGIN

    def _content(self, mark: Mark) -> bytes:
        fields = {**mark.border._asdict(), "done": mark.done, "plain": mark.plain}
        return orjson.dumps({"version": self._version, **fields})
