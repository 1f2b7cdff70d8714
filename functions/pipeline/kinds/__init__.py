"""Kinds of documents: what a record tells of. A folder each, which is all that a new kind needs.

The folder's `__init__.py` has a KIND, which says how a record of that kind is recognised; `template.json` is the
template of its index, and so of its table; `sample.log` and `sample.json` are records and the documents they become.
Whoever works with kinds asks `kinds` for them: nothing else lists them.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from os import scandir
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.documents import DEAD_LETTERS, LOGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.config import Options
    from functions.pipeline.kinds.fields import Fields
    from functions.pipeline.values import Taker


Found = dict[str, dict[str, Any]] | None
"""The documents that were found in a record, by the names of their kinds: what each has besides its time."""


ReadText = Callable[[bytes, dict[str, Any], "Fields"], Found]
"""Reads a message into an event's fields, with what takes the JSON objects in it; returns the documents found."""

Told = tuple[str | None, bytes, str | None]
"""What a JSON record told, and no longer has: its time; its level and logger, as members of a JSON object, each with a
comma after it; and its message."""

ReadObject = Callable[[dict[str, Any], dict[str, Any], "Fields", Told | None], dict[str, Any] | None]
"""Takes a document's fields out of a JSON object, and may set fields of the event, which is the second argument.

The third has the kind's options, and the clock of the log; the last is None for an object within text. Returns None for
what is no such document.
"""

MakePart = Callable[[dict[str, Any], dict[str, Any], int], dict[str, Any]]
"""Makes a document of one object of a list: takes the document that has the list, the object, and its place, from 1.

The time and the sequence of that document, `@timestamp` and `sequence`, are those of what it returns.
"""

Choose = Callable[[Iterable[dict[str, Any]]], Iterator[dict[str, Any]]]
"""Picks some of a kind's documents, which come in the order of their times."""


class OwnIndex(NamedTuple):
    """An index that is not called after the log index: by its variable, or else by its usual name."""

    variable: str
    name: str


class PartOf(NamedTuple):
    """Where a kind's documents are: each object of the list in a field of another kind's document is one.

    That kind has a `read_object` or a `read_text`, and leaves only objects in the list. Where the options of the parts'
    kind have a `switch`, they are documents only while it is "on".
    """

    kind: str
    field: str
    make: MakePart


class Kind(NamedTuple):
    """A kind of document, and how it is recognised. Everything but the name is optional.

    A record has a document of this kind in one of two ways:

    - `read_object` or `read_text` found it: the document has what they return, and the record's time;
    - the event has all the fields in `needs`, and passes the filter: the document has the event's fields.

    It has several where they are parts of another kind's document: `part_of`.

    Attributes:
        name: what the kind is called, and its index: "perfs" is `ml-api-perfs`.
        shown: the fields that a table of its documents shows, dotted inside objects; the last one gets the room that is
            left.
        numbers: those of them that are numbers.
        takers: the event's fields that this kind adds, by the names in JSON objects; see `values.Taker`.
        names: those of a JSON object of which one must be there for `read_object` to be asked.
        read_object: see `ReadObject`. A "@timestamp" in what it returns is the record's time. Where it could not read
            all of a JSON record, it sets the event's `unread`.
        starts: the bytes that a message may begin with for `read_text` to be asked.
        read_text: reads a message that is no JSON object.
        needs: the fields of an event that make it one of this kind.
        part_of: see `PartOf`; of a longer list, the first `documents.MOST_PARTS` are documents.
        options: what can be configured of the kind; `Fields.options` has it.
        own_index: its index, where that is not called after the log index.
        ids: the fields by which `trilog trace` finds its documents.
        statuses: what `trilog show --status` takes, and what picks those documents; None: the field `status` has it.
        level: the field that has a level.
        duration: the field that tells how long something took, and how many milliseconds its unit has.
        failure: the field, and its value, of what failed; documents with a level or an HTTP status tell it by these.
        folder: where the kind is, in this folder; `kinds` fills it in.
    """

    name: str
    shown: tuple[str, ...] = ("transaction_id",)
    numbers: tuple[str, ...] = ()
    takers: "Mapping[str, Taker]" = MappingProxyType({})
    names: frozenset[str] = frozenset()
    read_object: ReadObject | None = None
    starts: bytes = b""
    read_text: ReadText | None = None
    needs: frozenset[str] = frozenset()
    part_of: PartOf | None = None
    options: "type[Options] | None" = None
    own_index: OwnIndex | None = None
    ids: tuple[str, ...] = ("transaction_id",)
    statuses: "Mapping[str, Choose | None]" = MappingProxyType({})
    level: str | None = None
    duration: tuple[str, int] | None = None
    failure: tuple[str, str] | None = None
    folder: str = ""


@cache
def kinds() -> dict[str, Kind]:
    """Return all kinds by name: the log index first, dead letters last."""
    found = [import_module(f"{__name__}.{folder}").KIND._replace(folder=folder) for folder in _folders()]
    return {each.name: each for each in sorted(found, key=_place)}


def _folders() -> list[str]:
    """List the kinds' folders; `pkgutil` would, too, but imports `inspect` and `ast` for it in every cold start."""
    with scandir(__path__[0]) as found:
        return sorted(each.name for each in found if each.is_dir() and not each.name.startswith("_"))


def kind_options() -> "dict[str, type[Options]]":
    """Return what can be configured of kinds, by their names."""
    return {each.name: each.options for each in kinds().values() if each.options}


def _place(kind: Kind) -> tuple[bool, bool, str]:
    return kind.name != LOGS, kind.name == DEAD_LETTERS, kind.name
