"""A record: what an object is split into, before it is parsed."""

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.pipeline.loose_json import DECODER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class More(NamedTuple):
    """What the head of a layout tells that is not the known one.

    Attributes:
        fields: the other members that the line has, if any.
        layout: the layout's name.
        read_rest: reads what follows the head, where more than a message does: returns the level and the logger, as
            members of a JSON object, each with a comma after it, and the message.
        awaits: says whether a line is the second of this head, where the layout's heads have two.
    """

    fields: dict[str, Any] | None
    layout: str
    read_rest: "Callable[[bytes], tuple[bytes, bytes]] | None" = None
    awaits: "Callable[[bytes], bool] | None" = None


Head = tuple[bytes, int, str | None, bytes, More | None]
"""What a text record begins with, before its message.

The head itself; how many bytes it has in a JSON string; the record's own time, if the head tells one; its level and
logger as members of a JSON object, each with a comma after it; and what more is known of a layout that is not the known
one.
"""

NO_HEAD: Head = (b"", 0, None, b"", None)


ROUNDED = 1e18
"""From here on, and below its negative, a float may have been a whole number, which its digits tell better."""


class Origin(NamedTuple):
    """Where a record's text stood.

    Attributes:
        envelope: the name of the envelope, or the names of several, the outer first, with + between; "" for none.
        time: the envelope's time, as documents have it; None when it tells none.
        labels: what the envelope says of where the line comes from.
        sent: the text with what was taken off before it was read (colours, attributes of an envelope's record), as it
            stands between the quotes of a JSON string; None where nothing was.
        level: the envelope's word for how severe it is, one of the documents' levels; None when it has none.
        logger: the program or logger that the envelope names; likewise.
        fields: what else the envelope says of the event; the record's own fields come first.
    """

    envelope: str = ""
    time: str | None = None
    labels: "Mapping[str, Any]" = MappingProxyType({})
    sent: bytes | None = None
    level: str | None = None
    logger: str | None = None
    fields: "Mapping[str, Any]" = MappingProxyType({})


Record = tuple[int, bytes, bytes, Head | None, dict[str, Any] | None, Origin | None]
"""A record before parsing: position, raw, text, head, fields, origin.

`position` tells the record from the others of its object: the byte at which its line begins in the (decompressed)
object, or its place in an array; one of several in the same envelope has its place there in the bits from
PLACE_IN_ENVELOPE on. `raw` is its text in UTF-8, without the last line end and without colours; bytes that are no UTF-8
are U+FFFD. `text` is the same as it stands between the quotes of a JSON string. `head` is what it begins with, when it
is a text record in a known layout. `fields` is what it holds when it is a JSON object, or written as names with values.
`origin` is None for a line that stood there as it is.
"""

PLACE_IN_ENVELOPE = 40


def escaped(text: bytes) -> bytes:
    """Escape UTF-8 text, as it stands between the quotes of a JSON string; raise UnicodeDecodeError if it is not."""
    return orjson.dumps(text.decode())[1:-1]


def json_object(line: bytes) -> dict[str, Any] | None:
    """Read a line that is a JSON object, strictly or not; None for any other line.

    NaN and infinities are null, half a surrogate pair is "?", and a whole number beyond 64 bits is its digits.
    """
    if line[:1] != b"{" and not line.lstrip().startswith(b"{"):
        return None
    try:
        fields: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _lenient_object(line)
    return _lenient_object(line) if _is_rounded(fields.values()) else fields


def _is_rounded(values: "Iterable[object]") -> bool:
    """Say whether there is a number so large that orjson may have rounded it to a float."""
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is float:
            if not -ROUNDED < value < ROUNDED:  # type: ignore[operator]  # it is a float
                return True
        elif (kind is dict and _is_rounded(value.values())) or (kind is list and _is_rounded(value)):  # type: ignore[attr-defined, arg-type]  # likewise
            return True
    return False


def _lenient_object(line: bytes) -> dict[str, Any] | None:
    try:
        value = DECODER.decode(line.decode())
        written = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return orjson.loads(written) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None
