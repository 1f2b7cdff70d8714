"""Objects that are written again at their key: what their former content became goes before the new one is indexed.

A batch of Trilog's own is put once, on condition that there is none, and never changes. A stranger's object may. Its
documents have the same ids for the same places, so two contents would mix. Whoever has that asks for it by
PIPELINE_REPLACED=delete, which costs a request for each such object: `versions/<sink>/<hash>.json` notes which content
was begun. It is written before the first document, and on condition: one delivery only changes it at a time.

- What a message says is no more than that there is news of a key. Read is always what is there, by its version: so it
  does not matter how late, how often and in which order messages come, and neither their `sequencer` nor their
  `versionId` has to be trusted.
- A delivery that finds another version noted makes sure that its own is the one that is there, notes it together with
  the time of the former content, deletes the documents of that, and begins from the start.
- A delivery that took long looks at its end: if another version was noted meanwhile, it may have written over its
  documents. It notes its own content as a former one, and its message comes again, for all of that to be done.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.batch import number_range
from functions.pipeline.documents import Former, id_prefix
from functions.pipeline.errors import Conflict, TransientError
from functions.pipeline.instants import instant

if TYPE_CHECKING:
    from functions.pipeline.sinks import ForgettingSink
    from functions.pipeline.store import Store, StoredObject

_SHORT = 1.0  # seconds: news of another content takes longer to come


class Replaced:
    """Which content of an object is indexed."""

    def __init__(self, store: Store, key: str, place: str, sink: ForgettingSink) -> None:
        """Take the object's store and key, the folder in which it is noted, and the sink of its documents."""
        self._store, self._key, self._sink = store, key, sink
        self._name = store.name(key)
        self._note_key = f"versions/{place}/{id_prefix(self._name)}.json"
        self._version: str | None = None  # of the note
        self._begun, self._note = time.monotonic(), dict[str, Any]()

    def begin(self, stored: StoredObject) -> bool:
        """Note the content that is going to be indexed; say whether documents were deleted for it.

        Raises:
            TransientError: another delivery does the same, or is ahead.
        """
        self._begun = time.monotonic()
        self._note = {"version": stored.version, "made": instant(stored.modified), "former": []}
        try:
            self._save(self._note)
        except Conflict:
            return self._succeed(self._load())
        return False

    def end(self) -> None:
        """Make sure that this content was the one all the time.

        Raises:
            TransientError: it was not, and the object has to be indexed again.
        """
        if time.monotonic() - self._begun < _SHORT or not self._note:
            return
        noted = self._load()
        if noted["version"] != self._note["version"]:
            self._save({**noted, "former": [*noted["former"], self._note["made"]]})
            raise self._overtaken()

    def _succeed(self, noted: dict[str, Any]) -> bool:
        """Take over from a content that was noted before, if it is another one or has not gone yet."""
        if noted["version"] != self._note["version"]:
            if self._store.get(self._key).version != self._note["version"]:
                raise self._overtaken()
            noted = {**self._note, "former": [*noted["former"], noted["made"]]}
            self._save(noted)
        for made in noted["former"]:
            numbers = number_range(datetime.fromisoformat(made))
            self._sink.forget(Former(self._name, id_prefix(self._name), numbers))
        if noted["former"]:
            self._save({**noted, "former": []})
        return bool(noted["former"])

    def _load(self) -> dict[str, Any]:
        content, self._version = self._store.load(self._note_key) or (b"", None)
        try:
            noted: dict[str, Any] = orjson.loads(content)
        except ValueError:
            return self._note  # somebody has deleted it
        return noted

    def _save(self, note: dict[str, Any]) -> None:
        self._version = self._store.save(self._note_key, orjson.dumps(note), self._version)

    def _overtaken(self) -> TransientError:
        return TransientError("{key} has been written again meanwhile. It is indexed again", key=self._name)
