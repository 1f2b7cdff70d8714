"""A source's journal in the store: how far it has been read, and the batch that is on its way to the indexer.

The batch travels inside the cursor. One conditional write records both the new position and the lines that lead to it,
so there is no moment at which a crash, or another collector, can lose or double a line:

- nobody else wrote since we read the cursor: the lines are ours, and safe, before they become a batch object;
- somebody did: our lines were never anywhere, and we start again from the other's position;
- we die before the batch object is put, or before it is indexed: the next run finds it in the cursor and puts it again,
  under the same key with the same bytes, which changes nothing where it had arrived after all.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from functions.pipeline.batch import Batch, make_batch
from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from functions.pipeline.batch import Mark
    from functions.pipeline.sources import Position
    from functions.pipeline.store import Store

_T = TypeVar("_T")
_SCHEME = 1  # of the cursor object; another number is another program's


class Journal:
    """The cursor object `cursors/<source>.json`, as last read or written by this run.

    Raises:
        Conflict: another collector wrote the cursor since this one read it (any `save` method).
    """

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source
        self._key = f"cursors/{source}.json"
        found = store.load(self._key)
        self._version = found[1] if found else None
        self.position: Position | None = None
        self.batch: Batch | None = None
        self._time: datetime | None = None
        try:
            if found:
                self._read(json.loads(found[0]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            where = f"{store.address}/{self._key}"
            raise PermanentError(
                "{where} is damaged. Remove it to read the source from its start again", where=where
            ) from error

    def _read(self, content: Any) -> None:  # noqa: ANN401 (it may be damaged)
        """Take all that a cursor has; raise if any of it is missing, or the source would be read from its start."""
        if content["scheme"] != _SCHEME:
            where = f"{self._store.address}/{self._key}"
            raise PermanentError("{where} is of another version of Trilog. Upgrade this one", where=where)
        self.position = _typed(dict, content["position"])
        self.batch = _unpacked(content["batch"])
        self._time = datetime.fromisoformat(content["time"])
        if self._time.tzinfo is None:
            raise ValueError("a time without a zone")

    def save_batch(self, lines: list[bytes], position: Position, mark: Mark | None = None) -> Batch:
        """Record that these lines are taken, as a batch that is now on its way."""
        self.batch, self._time = make_batch(self._source, lines, self._time, mark)
        self.position = position
        self._save()
        return self.batch

    def save_arrival(self) -> None:
        """Record that the batch on its way has arrived."""
        if self.batch is not None:
            self.batch = None
            self._save()

    def _save(self) -> None:
        content = {
            "scheme": _SCHEME,
            "position": self.position,
            "time": self._time and self._time.isoformat(),
            "batch": _packed(self.batch),
        }
        self._version = self._store.save(self._key, json.dumps(content).encode(), self._version)


def _packed(batch: Batch | None) -> dict[str, Any] | None:
    return batch and {"key": batch.key, "body": b64encode(batch.body).decode(), "lines": batch.lines}


def _unpacked(content: dict[str, Any] | None) -> Batch | None:
    if content is None:
        return None
    body = b64decode(content["body"], validate=True)
    key = _typed(str, content["key"])
    key.encode()  # half a character is in no name of ours
    return Batch(key, body, _typed(int, content["lines"]))


def _typed(kind: type[_T], value: object) -> _T:
    if not isinstance(value, kind):
        raise TypeError
    return value
