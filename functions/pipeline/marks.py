"""Marks: hashes by which a cursor knows text again without keeping it.

A plain hash of a patient's record tells the record to whoever has the rest of it and tries every age. So with a key,
marks are keyed; what was marked before, without a key or with an older one, is still known. A keyed mark begins
with the name of its key and a colon.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Marks:
    """Makes marks by the newest of some keys, and knows those made by the others, or by none."""

    def __init__(self, keys: Iterable[bytes] = (), former: Callable[[], bytes | None] = lambda: None) -> None:
        """Take the keys.

        Args:
            keys: the newest first; not iterated over before a mark is needed.
            former: returns one more key, older than these; only called for marks that were made by none of them.
        """
        self._given, self._former = keys, former

    @cached_property
    def _keys(self) -> dict[str, bytes]:
        return {**dict(map(_named, self._given)), "": b""}

    def new(self, content: bytes, size: int) -> str:
        """Mark content; `size` is in bytes, a mark has two hexadecimal digits for each."""
        return self.all(content, size)[0]

    def all(self, content: bytes, size: int) -> list[str]:
        """Return the marks that content may have, the newest first."""
        return [_mark(content, size, *each) for each in self._keys.items()]

    def knows(self, content: bytes, mark: str) -> bool:
        """Say whether a mark is one of this content."""
        return mark in self.all(content, len(digest(mark)) // 2)

    def check(self, marks: Iterable[str], source: str) -> None:
        """Refuse a position's marks if one is made by a key that is not here: what it marks would seem to be new.

        Raises:
            PermanentError: it is so.
        """
        names = {mark.rpartition(":")[0] for mark in marks}
        if not names <= self._keys.keys() and (former := self._former()):
            self._keys.update([_named(former)])
        if not names <= self._keys.keys():
            raise PermanentError(
                "{source}: its cursor knows lines by another PIPELINE_REDACT_KEY. Put that one too, after the new one "
                "and a blank",
                source=source,
            )


def digest(mark: str) -> str:
    """Return a mark without its key's name."""
    return mark.rpartition(":")[2]


def _mark(content: bytes, size: int, name: str, key: bytes) -> str:
    hashed = blake2b(content, digest_size=size, key=key).hexdigest()
    return f"{name}:{hashed}" if name else hashed


def _named(key: bytes) -> tuple[str, bytes]:
    """Derive the key that makes marks, and its name."""
    derived = blake2b(key, person=b"marks").digest()
    return blake2b(derived, digest_size=4, person=b"name").hexdigest(), derived


PLAIN = Marks()
