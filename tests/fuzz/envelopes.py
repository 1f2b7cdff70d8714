"""Whatever stands in envelopes gives the text that it gives without them; and any bytes may look like an envelope."""

from __future__ import annotations

from functions.pipeline.envelopes import envelopes
from tests.carried import enveloped
from tests.fuzz import read
from tests.fuzz.chunks import cut

_ENVELOPES = envelopes()
_AS_IT_IS = 0xFF  # in place of an envelope: the bytes are those of envelopes already
_LINES = b'INFO:     a\n  b\n\n{"message": "c"}\nTraceback (most recent call last):\n  d\nValueError: e'
SEEDS = [
    *(bytes((0x40, number)) + _LINES for number in range(len(_ENVELOPES))),
    *(bytes((0x40, _AS_IT_IS)) + sent for each in _ENVELOPES for sent, _ in each.samples),
]


def target(data: bytes) -> None:
    """Read the bytes as lines in an envelope, or as envelopes."""
    which, content = data[1:2], data[2:]
    if which in {b"", bytes((_AS_IT_IS,))}:
        read.records(*cut(data[:1] + content))
        read.in_time(content)
        return
    text = content.decode("utf-8", "replace")
    carried = enveloped(_ENVELOPES[which[0] % len(_ENVELOPES)], text).encode()
    found = read.records(*cut(data[:1] + carried))
    alone = read.records([content], content)
    if read.bare(alone):  # what looks like an envelope itself is not looked into as deep
        read.nothing_lost(found, b"\n".join(record[1] for record in alone))
