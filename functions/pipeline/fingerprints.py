"""Fingerprints: hashes by which a cursor recognises text without storing it.

The plain hash of a patient's record gives the record away to anyone who has the rest of it and tries every age. So
where there is a key, hashes are keyed. Those made earlier, without a key or with an older one, are still recognised. A
keyed hash begins with the name of its key and a colon.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Fingerprints:
    """Makes fingerprints with the newest of some keys, and recognises those made with the others or with none."""

    def __init__(self, keys: Iterable[bytes] = (), former: Callable[[], bytes | None] = lambda: None) -> None:
        """Take the keys.

        Args:
            keys: the newest first; not iterated over before one is needed.
            former: returns one more key, older than these; only called where none of them fits.
        """
        self._given, self._former = keys, former

    @cached_property
    def _keys(self) -> dict[str, bytes]:
        return {**dict(map(_named, self._given)), "": b""}

    def new(self, content: bytes, size: int) -> str:
        """Return the fingerprint of content, with two hexadecimal digits for each byte of `size`."""
        return self.all(content, size)[0]

    def all(self, content: bytes, size: int) -> list[str]:
        """Return the fingerprints that content may have, that of the newest key first."""
        return [_fingerprint(content, size, *each) for each in self._keys.items()]

    def knows(self, content: bytes, fingerprint: str) -> bool:
        """Return whether a fingerprint is one of this content."""
        return fingerprint in self.all(content, len(digest(fingerprint)) // 2)

    def check(self, fingerprints: Iterable[str], source: str) -> None:
        """Check that the keys of a position's fingerprints are known: otherwise old lines would pass for new ones.

        Raises:
            PermanentError: one was made with another key.
        """
        names = {fingerprint.rpartition(":")[0] for fingerprint in fingerprints}
        if not names <= self._keys.keys() and (former := self._former()):
            self._keys.update([_named(former)])
        if not names <= self._keys.keys():
            raise PermanentError(
                "{source}: its cursor was written with another PIPELINE_REDACT_KEY. Append that one to the variable, "
                "after a blank",
                source=source,
            )


def digest(fingerprint: str) -> str:
    """Return a fingerprint without the name of its key."""
    return fingerprint.rpartition(":")[2]


def _fingerprint(content: bytes, size: int, name: str, key: bytes) -> str:
    hashed = blake2b(content, digest_size=size, key=key).hexdigest()
    return f"{name}:{hashed}" if name else hashed


def _named(key: bytes) -> tuple[str, bytes]:
    """Derive the key for fingerprints from a secret, and its name."""
    derived = blake2b(key, person=b"marks").digest()
    return blake2b(derived, digest_size=4, person=b"name").hexdigest(), derived


PLAIN = Fingerprints()
