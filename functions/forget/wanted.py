"""Whose records are to go: those of a transaction, or those for which conditions hold."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.conditions import AnyOf, Compare, Contains
from functions.pipeline.documents import DEAD_LETTERS
from functions.pipeline.errors import ConfigError
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.templates import field, texts
from functions.pipeline.sql.documents import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from functions.pipeline.conditions import Condition
    from functions.pipeline.documents import Row

LEAST = 8  # characters of an id that is looked for in texts as well: a shorter one stands there by chance
_WORD = rb"(?:(?<![\w-])|(?<=\\[nrtbf]))(?:%s)(?![\w-])"  # behind an escape of JSON a word may begin, too
_FORGOTTEN = re.compile(r'\{(?:"timestamp":"[^"]*",)?(?:"message":"forgotten")?\}\s*')


class Wanted:
    """What records are chosen by.

    A record is a transaction's if one of its documents has the id in a field of ids, or, for an id of LEAST characters
    or more, if the id stands anywhere in its text as a word.
    """

    def __init__(self, transaction: str | None, where: Sequence[Compare] = ()) -> None:
        """Take the id of a transaction, or else conditions, which must all hold for a document.

        Raises:
            ConfigError: no kind of documents has all the fields.
        """
        self.transaction, self.where = transaction, tuple(where)
        self.in_texts = transaction is not None and len(transaction) >= LEAST
        self._kinds = {kind for kind in kinds() if all(field(kind, each.field) for each in self.where)}
        if not self._kinds:
            names = ", ".join(each.field for each in self.where)
            raise ConfigError("No index has the fields {fields}. trilog show names those of an index", fields=names)
        escaped = orjson.dumps(transaction or "")[1:-1]
        self._bytes = [escaped, (transaction or "").encode()]
        self._word = re.compile(_WORD % b"|".join(map(re.escape, self._bytes)))

    def digest(self, keys: Sequence[bytes]) -> tuple[str, str]:
        """Return what a receipt has instead of the identifier: how it was made, and the digest in hexadecimal."""
        text = orjson.dumps([self.transaction, *map(list, self.where)])
        if keys:
            return "hmac-sha256", hmac.new(keys[0], text, hashlib.sha256).hexdigest()
        return "sha256", hashlib.sha256(text).hexdigest()

    def conditions(self, kind: str) -> Iterator[list[Condition]]:
        """Yield what an index is asked for documents of a kind; any of the lists may hold."""
        if self.transaction is None:
            if kind in self._kinds:
                yield list(self.where)
            return
        if kind == DEAD_LETTERS and self.in_texts:
            yield []  # there are few, and they quote whole documents
        elif ids := kinds()[kind].ids:
            yield [AnyOf(tuple(Compare(each, "=", self.transaction) for each in ids))]
        if self.in_texts and texts(kind):
            yield [Contains(self.transaction)]

    def is_in(self, content: bytes, *, alone: bool = True) -> bool:
        """Say whether the id of the transaction, where it is long enough, stands in some bytes; as a word, if alone."""
        found = self.in_texts and any(each in content for each in self._bytes)
        return found and (not alone or bool(self._word.search(content)))

    def chosen(self, kind: str, rows: Iterable[Row]) -> Iterator[str]:
        """Yield the ids of those documents of a kind that are chosen."""
        if self.transaction is None:
            yield from self._meeting(kind, rows)
            return
        for identity, _, body in rows:
            if self.is_in(body) or (self._bytes[0] in body and self._has_id(kind, orjson.loads(body))):
                yield identity.decode()

    def is_chosen(self, kind: str, document: dict[str, Any]) -> bool:
        """Say whether a document that an index found by `conditions` is meant."""
        if is_forgotten(document):
            return False
        return self.transaction is None or self._has_id(kind, document) or self.is_in(orjson.dumps(document))

    def _has_id(self, kind: str, document: dict[str, Any]) -> bool:
        return any(document.get(each) == self.transaction for each in kinds()[kind].ids)

    def _meeting(self, kind: str, rows: Iterable[Row]) -> Iterator[str]:
        if kind not in self._kinds:
            return
        documents = (orjson.loads(body) | {"_id": identity.decode()} for identity, _, body in rows)
        for each in checked(documents, kind, self.where):
            if not is_forgotten(each):
                yield each["_id"]


def tombstones(time: str) -> Iterator[bytes]:
    """Yield what may stand in the place of a record of that time, the longest first; other records keep theirs."""
    yield b'{"timestamp":"%s","message":"forgotten"}' % time.encode()
    yield b'{"message":"forgotten"}'
    yield b"{}"


def is_forgotten(document: Mapping[str, Any]) -> bool:
    """Say whether a log document is of what stands in the place of a record that was forgotten."""
    return bool(_FORGOTTEN.fullmatch(document.get("raw_log", "")))
